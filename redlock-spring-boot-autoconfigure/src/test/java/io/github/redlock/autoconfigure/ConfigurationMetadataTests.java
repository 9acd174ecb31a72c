package io.github.redlock.autoconfigure;

import java.io.InputStream;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import org.springframework.boot.json.JsonParserFactory;

import static org.assertj.core.api.Assertions.assertThat;

/** What an IDE shows for each property. */
class ConfigurationMetadataTests {

	@Test
	@SuppressWarnings("unchecked")
	void everyPropertyHasADescriptionAndADefault() throws Exception {
		List<Map<String, Object>> properties;
		try (InputStream stream = getClass().getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
			assertThat(stream).isNotNull();
			properties = (List<Map<String, Object>>) JsonParserFactory.getJsonParser()
				.parseMap(new String(stream.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
				.get("properties");
		}
		assertThat(properties).extracting((property) -> property.get("name"))
			.containsExactlyInAnyOrder("redlock.enabled", "redlock.mode", "redlock.nodes", "redlock.sets",
					"redlock.credentials", "redlock.web.error-responses", "redlock.max-hold",
					"redlock.annotation.order", "redlock.annotation.on-unadvisable", "redlock.key-prefix",
					"redlock.ttl", "redlock.drift-factor", "redlock.wait-time", "redlock.connect-timeout",
					"redlock.command-timeout", "redlock.release-held-on-close", "redlock.restart-quarantine",
					"redlock.retry.count", "redlock.retry.delay", "redlock.retry.jitter", "redlock.auto-extend.enabled",
					"redlock.auto-extend.after", "redlock.fencing.enabled", "redlock.client-type",
					"redlock.owner-in-values", "redlock.lock-events", "redlock.metrics.enabled",
					"management.health.redlock.enabled", "management.endpoint.redlock.access",
					"management.endpoint.redlock.cache.time-to-live");
		for (Map<String, Object> property : properties) {
			assertThat((String) property.get("description")).as("description of %s", property).isNotBlank();
			if (!List
				.of("redlock.wait-time", "redlock.max-hold", "redlock.sets", "redlock.credentials",
						"redlock.client-type")
				.contains(property.get("name"))) {
				assertThat(property).as("default of %s", property).containsKey("defaultValue");
			}
		}
	}

}
