package io.github.redlock.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.MapPropertySource;

import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.testing.Garbage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever is written into {@code application.yml}: a context that starts, or an error
 * that names the property. No password in it, ever.
 */
@Tag("exhaustive")
class BadPropertiesTests {

	private static final String PASSWORD = "Geheim-Nr.1";

	private static final List<String> PROPERTIES = List.of("redlock.ttl", "redlock.wait-time",
			"redlock.command-timeout", "redlock.connect-timeout", "redlock.retry.count", "redlock.retry.delay",
			"redlock.retry.jitter", "redlock.drift-factor", "redlock.auto-extend.after", "redlock.auto-extend.enabled",
			"redlock.fencing.enabled", "redlock.key-prefix", "redlock.nodes[0].host", "redlock.nodes[0].port",
			"redlock.nodes[0].url", "redlock.nodes[0].name", "redlock.nodes[0].database");

	@Test
	void everyUrlIsReadOrRefusedWithoutItsPassword() {
		Garbage.forSeeds(5000, (garbage) -> {
			String text = garbage.anyOf(List.of("", "redis://", "rediss://", "redis:")) + garbage.text()
					+ garbage.anyOf(List.of("", "user:", ":")) + PASSWORD
					+ garbage.anyOf(List.of("@", "@host", "@h:1/")) + garbage.text();
			try {
				RedisUrl url = RedisUrl.parse("redlock.nodes[0].url", text);
				assertThat(url.host()).isNotBlank();
				assertThat(url.toString()).doesNotContain(PASSWORD);
			}
			catch (RedlockConfigurationException ex) {
				assertThat(ex).hasMessageContaining("redlock.nodes[0].url").hasNoCause();
				assertThat(ex.getMessage() + ex.getAction()).doesNotContain(PASSWORD);
			}
		});
	}

	@Test
	void everyPropertyWorksOrIsRefusedByName() {
		ApplicationContextRunner runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
			.withPropertyValues("redlock.nodes[0].host=127.0.0.1", "redlock.nodes[0].port=1");
		Garbage.forSeeds(300, (garbage) -> {
			String property = garbage.anyOf(PROPERTIES);
			String value = garbage.random().nextBoolean() ? garbage.text().strip() : garbage.duration().toString();
			if (value.contains("${")) {
				return;
			}
			runner
				.withInitializer((context) -> context.getEnvironment()
					.getPropertySources()
					.addFirst(new MapPropertySource("garbage", Map.of(property, value))))
				.run((context) -> {
					Throwable failure = context.getStartupFailure();
					if (failure == null) {
						return;
					}
					List<Throwable> causes = new ArrayList<>();
					for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
						causes.add(cause);
					}
					assertThat(causes).as("%s = %s: %s", property, value, failure)
						.anyMatch((cause) -> cause instanceof RedlockConfigurationException
								|| cause instanceof ConfigurationPropertiesBindException);
					String key = property.replaceAll("\\[.*", "").replaceAll(".*\\.", "");
					assertThat(causes.toString().replace("-", "").toLowerCase(Locale.ROOT))
						.contains(key.replace("-", ""));
				});
		});
	}

}
