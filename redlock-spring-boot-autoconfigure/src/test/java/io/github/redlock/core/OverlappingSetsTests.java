package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Waiters for sets of resources that have some of them in common.
 */
@Tag("scale")
class OverlappingSetsTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	private static final Duration WORK = Duration.ofMillis(2);

	private static final LockOptions WAITING = LockOptions.builder()
		.waitTime(Duration.ofSeconds(2))
		.autoExtend(true)
		.build();

	private final FakeCluster cluster = new FakeCluster(3);

	private final DefaultRedlock redlock = this.cluster.client();

	/** One who locks again and again, and works for a while each time. */
	private final class Caller {

		private final List<String> resources;

		private int locks;

		private int failures;

		private Caller(String... resources) {
			this.resources = List.of(resources);
		}

		private Caller start() {
			CompletionStage<LockHandle> asked = OverlappingSetsTests.this.redlock.acquireAsync(this.resources, TTL,
					WAITING);
			asked.whenComplete((lock, error) -> {
				if (error != null) {
					this.failures++;
					start();
				}
				else {
					this.locks++;
					OverlappingSetsTests.this.cluster.time()
						.schedule(WORK.toNanos(), () -> lock.releaseAsync().thenRun(this::start));
				}
			});
			return this;
		}

	}

	private List<Caller> callers(int count, String... resources) {
		List<Caller> callers = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			callers.add(new Caller(resources).start());
		}
		return callers;
	}

	private void run(Duration time) {
		this.cluster.nodes().forEach((node) -> node.latency(Duration.ofNanos(100_000), Duration.ofNanos(100_000)));
		this.cluster.time().advance(time);
	}

	private static int locks(List<Caller> callers) {
		return callers.stream().mapToInt((caller) -> caller.locks).sum();
	}

	@Test
	void largerSetHasItsTurnBesideABusySmallerOne() {
		List<Caller> busy = callers(4, "a", "b");
		List<Caller> larger = callers(1, "c", "b", "a");
		run(Duration.ofSeconds(15));
		assertThat(larger).allSatisfy((caller) -> assertThat(caller.failures).isZero());
		assertThat(locks(larger)).as("beside %s", locks(busy)).isGreaterThan(locks(busy) / 8);
		assertThat(locks(busy)).as("beside %s", locks(larger)).isGreaterThan(locks(larger));
	}

	@Test
	void singleResourceHasItsTurnBesideABusySet() {
		List<Caller> busy = callers(4, "a", "b");
		List<Caller> single = callers(1, "b");
		run(Duration.ofSeconds(15));
		assertThat(single).allSatisfy((caller) -> assertThat(caller.failures).isZero());
		assertThat(locks(single)).as("beside %s", locks(busy)).isGreaterThan(locks(busy) / 8);
	}

	/** Whoever waits for more than that does not keep others from what is free. */
	@Test
	void nobodyWaitsForWhatIsFree() {
		LockHandle held = this.redlock.acquire("c", Duration.ofMinutes(1));
		CompletableFuture<LockHandle> larger = this.redlock.acquireAsync(List.of("a", "c"), TTL,
				WAITING.toBuilder().waitTime(Duration.ofMinutes(1)).build());
		List<Caller> busy = callers(2, "a");
		run(Duration.ofSeconds(5));
		assertThat(busy).allSatisfy((caller) -> assertThat(caller.failures).isZero());
		int locks = locks(busy);
		assertThat(locks).isGreaterThan(1000);
		held.releaseAsync();
		run(Duration.ofMillis(500));
		assertThat(larger).isCompleted();
		larger.join().releaseAsync();
		run(Duration.ofMillis(500));
		assertThat(locks(busy)).isGreaterThan(locks + 100);
	}

}
