package io.github.redlock.core;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.Garbage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Whatever a caller passes: a lock, or an error that says what is wrong, and nothing left
 * behind.
 */
@Tag("exhaustive")
class BadInputTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	@Test
	void everyNameIsLockedOrRefused() {
		Garbage.forSeeds(2000, (garbage) -> {
			FakeCluster cluster = new FakeCluster(3);
			DefaultRedlock redlock = cluster.client();
			String name = garbage.text();
			try (LockHandle lock = redlock.acquire(name, TTL)) {
				assertThat(cluster.client().tryAcquire(name, TTL)).isEmpty();
				try (LockHandle other = redlock.acquire(name + "x", TTL)) {
					assertThat(other.isValid() && lock.isValid()).isTrue();
				}
			}
			catch (IllegalArgumentException ex) {
				assertThat(ex).hasMessageContaining("resources");
				assertThat(name.isBlank() || name.startsWith("fence:{")
						|| !StandardCharsets.UTF_8.newEncoder().canEncode(name))
					.as(name)
					.isTrue();
				return;
			}
			cluster.time().advance(Duration.ZERO);
			assertThat(cluster.holding(name)).isZero();
			assertThat(cluster.node(0).log()).as("requests")
				.allMatch((entry) -> !name.isBlank() || entry.equals("probe"));
		});
	}

	/** Whoever locks one must not be in the way of whoever locks the other. */
	@Test
	void namesThatDifferAreDifferentLocks() {
		Garbage.forSeeds(2000, (garbage) -> {
			FakeCluster cluster = new FakeCluster(1);
			DefaultRedlock redlock = cluster.client();
			String first = garbage.text();
			String second = garbage.random().nextBoolean() ? garbage.text()
					: garbage.anyOf(List.of("fence:{" + first + "}", "fence:" + first, first + "}", "{" + first));
			if (first.equals(second)) {
				return;
			}
			try (LockHandle one = redlock.acquire(first, TTL); LockHandle two = redlock.acquire(second, TTL)) {
				assertThat(one.isValid() && two.isValid()).as("%s and %s", first, second).isTrue();
				assertThat(cluster.node(0).valueOf(first)).isEqualTo(one.value());
				assertThat(cluster.node(0).valueOf(second)).isEqualTo(two.value());
			}
			catch (IllegalArgumentException ex) {
				assertThat(ex).hasMessageContaining("resources");
			}
		});
	}

	@Test
	void everyTtlAndOptionWorksOrIsRefused() {
		Garbage.forSeeds(3000, (garbage) -> {
			FakeCluster cluster = new FakeCluster(3);
			DefaultRedlock redlock = cluster.client();
			Duration ttl = garbage.duration();
			LockHandle lock;
			try {
				LockOptions.Builder options = LockOptions.builder()
					.retryDelay(garbage.duration())
					.retryJitter(garbage.duration())
					.retryCount(garbage.random().nextInt(5) - 2)
					.driftFactor(garbage.anyOf(List.of(0.0, 0.01, 0.3, 1.0, -1.0, Double.NaN, Double.MAX_VALUE)));
				if (garbage.random().nextBoolean()) {
					options.waitTime(garbage.duration());
				}
				lock = redlock.acquire("a", ttl, options.build());
			}
			catch (IllegalArgumentException ex) {
				assertThat(ex.getMessage()).containsAnyOf("ttl", "retry", "waitTime", "driftFactor");
				assertThat(cluster.holding("a")).isZero();
				return;
			}
			assertThat(lock.isValid()).isTrue();
			assertThat(lock.remainingValidity()).isPositive().isLessThan(ttl);
			Duration other = garbage.duration();
			try {
				lock.extend(other);
				assertThat(lock.remainingValidity()).isPositive().isLessThan(other);
			}
			catch (IllegalArgumentException ex) {
				assertThat(ex).hasMessageContaining("ttl");
				assertThat(lock.ttl()).isEqualTo(ttl);
			}
			assertThat(lock.release()).isTrue();
			cluster.time().advance(Duration.ZERO);
			assertThat(cluster.holding("a")).isZero();
		});
	}

	/**
	 * However long somebody is ready to wait: he waits until it is free, and not in a
	 * loop.
	 */
	@Test
	void everyWaitEnds() {
		Garbage.forSeeds(1000, (garbage) -> {
			FakeCluster cluster = new FakeCluster(3);
			DefaultRedlock redlock = cluster.client();
			cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofSeconds(3)));
			try {
				LockOptions options = LockOptions.builder()
					.waitTime(garbage.duration())
					.retryDelay(garbage.duration())
					.retryJitter(garbage.duration())
					.build();
				redlock.acquire("a", TTL, options).release();
				assertThat(cluster.time().elapsed()).isGreaterThan(Duration.ofSeconds(3));
			}
			catch (LockNotAcquiredException ex) {
				assertThat(ex.getReason()).isEqualTo(LockNotAcquiredException.Reason.HELD);
				assertThat(cluster.time().elapsed()).isLessThan(Duration.ofSeconds(5));
			}
			catch (IllegalArgumentException ex) {
				return;
			}
			if (cluster.node(0).log().size() > 20_000) {
				fail("asked too often: " + cluster.node(0).log().size());
			}
		});
	}

}
