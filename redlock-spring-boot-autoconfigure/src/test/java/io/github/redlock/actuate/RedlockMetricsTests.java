package io.github.redlock.actuate;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Names and tags of the meters, and what is said of them elsewhere.
 */
class RedlockMetricsTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	private static final Path OPERATIONS = Path.of("..", "docs", "operations");

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final RedlockMetrics metrics = new RedlockMetrics(this.registry);

	private final FakeCluster cluster = new FakeCluster(3);

	private final DefaultRedlock redlock = this.cluster
		.client((builder) -> builder.name("orders").observer(this.metrics));

	private static List<String> names() throws IllegalAccessException {
		List<String> names = new ArrayList<>();
		for (Field field : RedlockMetrics.class.getFields()) {
			if (Modifier.isStatic(field.getModifiers())) {
				names.add((String) field.get(null));
			}
		}
		return names;
	}

	/** Everything happens once. */
	private void useAll() {
		this.metrics.bind(new RedlockSet("orders", this.redlock, null));
		LockOptions extended = LockOptions.builder().name("pay").autoExtend(true).build();
		LockHandle lost = this.redlock.acquire(List.of("a"), TTL, extended);
		LockHandle unconfirmed = this.redlock.acquire(List.of("b"), TTL.multipliedBy(10), LockOptions.defaults());
		this.redlock.acquireAsync(List.of("b"), TTL,
				LockOptions.builder().waitTime(Duration.ofSeconds(1)).name("wait").build());
		this.cluster.time().advance(Duration.ofSeconds(2));
		this.cluster.nodes().subList(0, 2).forEach((node) -> node.refuse(true));
		this.cluster.time().advance(TTL);
		assertThat(lost.isValid()).isFalse();
		assertThatExceptionOfType(RuntimeException.class).isThrownBy(unconfirmed::release);
		assertThatExceptionOfType(LockNotAcquiredException.class)
			.isThrownBy(() -> this.redlock.acquire(List.of("c"), TTL, LockOptions.defaults()));
	}

	@Test
	void everyMeterIsThereUnderItsName() throws Exception {
		useAll();
		assertThat(this.registry.getMeters()).extracting((meter) -> meter.getId().getName())
			.containsOnlyOnceElementsOf(Set.of(RedlockMetrics.HELD, RedlockMetrics.LOST))
			.containsAll(names());
		assertThat(this.registry.getMeters()).allSatisfy((meter) -> {
			assertThat(meter.getId().getTag("set")).isEqualTo("orders");
			assertThat(meter.getId().getDescription()).isNotBlank();
			assertThat(meter.getId().getTags()).extracting("key")
				.isSubsetOf("set", "name", "outcome", "node", "reason");
		});
		assertThat(this.registry.get(RedlockMetrics.ACQUIRE).tags("name", "wait", "outcome", "held").timer().count())
			.isEqualTo(1);
		assertThat(this.registry.get(RedlockMetrics.QUEUE)
			.tags("name", "wait")
			.timer()
			.totalTime(java.util.concurrent.TimeUnit.SECONDS)).isEqualTo(1);
		assertThat(
				this.registry.get(RedlockMetrics.ACQUIRE).tags("name", "none", "outcome", "no_quorum").timer().count())
			.isEqualTo(1);
		assertThat(this.registry.get(RedlockMetrics.LOST).tags("name", "pay").counter().count()).isEqualTo(1);
		assertThat(this.registry.get(RedlockMetrics.QUORUM_MARGIN).gauge().value()).isEqualTo(-1);
		assertThat(this.registry.get(RedlockMetrics.NODE_ERRORS)
			.tags("node", "node0", "reason", "unreachable")
			.counter()
			.count()).isPositive();
	}

	/** As Prometheus writes them: dots become underscores, and a suffix follows. */
	@ParameterizedTest
	@ValueSource(strings = { "grafana-dashboard.json", "prometheus-alerts.yml" })
	void dashboardAndAlertsUseRealNames(String file) throws Exception {
		useAll();
		Set<String> known = new TreeSet<>();
		for (Meter meter : this.registry.getMeters()) {
			String name = meter.getId().getName().replace('.', '_');
			switch (meter.getId().getType()) {
				case TIMER ->
					known.addAll(List.of(name + "_seconds_count", name + "_seconds_sum", name + "_seconds_max"));
				case COUNTER -> known.add(name + "_total");
				default -> known.add(name);
			}
		}
		Set<String> used = new TreeSet<>();
		Matcher matcher = Pattern.compile("\\bredlock_[a-z_]+").matcher(Files.readString(OPERATIONS.resolve(file)));
		while (matcher.find()) {
			used.add(matcher.group());
		}
		assertThat(used).isNotEmpty().isSubsetOf(known);
	}

	@Test
	void everyNameIsDocumented() throws IOException, IllegalAccessException {
		assertThat(Files.readString(OPERATIONS.resolveSibling("operations.md"))).contains(names());
	}

}
