package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.SimulatedClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Many clients on nodes that freeze and connections that break, in virtual time, every
 * choice drawn from one seed. After every step there is at most one valid holder, and
 * tokens grow. No node loses data and no clock is faster than the drift factor allows: so
 * much is assumed. A failure names the seed, which repeats it.
 */
class MutualExclusionTests {

	private static final int SEEDS = Integer.getInteger("test.seeds", 60);

	private static final int STEPS = 400;

	private static final int CLIENTS = 4;

	private static final List<String> RESOURCES = List.of("a", "b");

	private static final List<Duration> TTLS = List.of(Duration.ofMillis(400), Duration.ofSeconds(2),
			Duration.ofSeconds(10));

	@ParameterizedTest
	@ValueSource(ints = { 1, 3, 4, 5 })
	void atMostOneHolderAndGrowingTokens(int nodes) {
		long granted = 0;
		for (int i = 0; i < SEEDS; i++) {
			long seed = 1_000_000L * nodes + i;
			try {
				granted += new Simulation(nodes, seed).run();
			}
			catch (AssertionError | RuntimeException ex) {
				fail("seed " + seed + " with " + nodes + " nodes: " + ex.getMessage(), ex);
			}
		}
		assertThat(granted).as("locks granted, or the runs show nothing").isGreaterThan(10L * SEEDS);
	}

	/** A lock that a client got, as the oracle sees it. */
	private record Grant(int client, LockHandle lock) {
	}

	private static final class Simulation {

		private final FakeCluster cluster;

		private final Random random;

		private final List<SimulatedClient> clients = new ArrayList<>();

		private final List<Grant> held = new ArrayList<>();

		private final List<CompletableFuture<LockHandle>> waiting = new ArrayList<>();

		private final Map<String, Long> highestToken = new HashMap<>();

		private int granted;

		private Simulation(int nodes, long seed) {
			this.cluster = new FakeCluster(nodes);
			this.random = new Random(seed);
			for (int i = 0; i < CLIENTS; i++) {
				// Two clocks differ by at most 0.9 %, less than the drift factor of 1 %.
				this.clients
					.add(new SimulatedClient(this.cluster, this.random, 0.9955 + 0.009 * this.random.nextDouble()));
			}
		}

		private int run() {
			for (int step = 0; step < STEPS; step++) {
				act();
				long until = this.random.nextInt(100) < 90 ? this.random.nextInt(30) : this.random.nextInt(1500);
				for (long ms = 0; ms <= until; ms += 1 + until / 20) {
					this.cluster.time().advance(Duration.ofMillis(1 + until / 20));
					check();
				}
			}
			recover();
			return this.granted;
		}

		private int anyNode() {
			return this.random.nextInt(this.cluster.nodes().size());
		}

		private void act() {
			int index = this.random.nextInt(CLIENTS);
			SimulatedClient client = this.clients.get(index);
			switch (this.random.nextInt(16)) {
				case 0, 1, 2, 3, 4 -> acquire(index);
				case 5, 6, 7 -> release();
				case 8 -> extend();
				case 9 -> client.breakConnection(anyNode());
				case 10 -> client.setReachable(anyNode(), this.random.nextBoolean());
				case 11 -> client.setLatency(anyNode(), Duration.ofMillis(this.random.nextInt(1, 300)));
				case 12 -> freezeOrThaw();
				case 13 -> client.pause();
				case 14 -> this.clients.forEach(SimulatedClient::resume);
				default -> cancel();
			}
		}

		private void freezeOrThaw() {
			if (this.random.nextBoolean()) {
				this.cluster.node(anyNode()).freeze();
			}
			else {
				this.cluster.nodes().forEach((node) -> node.thaw());
			}
		}

		private void acquire(int index) {
			List<String> resources = (this.random.nextInt(4) == 0) ? RESOURCES
					: List.of(RESOURCES.get(this.random.nextInt(RESOURCES.size())));
			LockOptions options = LockOptions.builder()
				.waitTime(Duration.ofMillis(this.random.nextInt(2000)))
				.retryDelay(Duration.ofMillis(this.random.nextInt(50)))
				.retryJitter(Duration.ofMillis(this.random.nextInt(50)))
				.autoExtend(this.random.nextBoolean())
				.build();
			Map<String, Long> floor = new HashMap<>(this.highestToken);
			CompletableFuture<LockHandle> future = this.clients.get(index)
				.redlock()
				.acquireAsync(resources, TTLS.get(this.random.nextInt(TTLS.size())), options);
			this.waiting.add(future);
			future.thenAccept((lock) -> granted(new Grant(index, lock), floor));
		}

		private void granted(Grant grant, Map<String, Long> floor) {
			this.granted++;
			this.held.add(grant);
			long token = grant.lock().fencingToken();
			for (String resource : grant.lock().resources()) {
				assertThat(token).as("token of %s", grant.lock()).isGreaterThan(floor.getOrDefault(resource, 0L));
				this.highestToken.merge(resource, token, Math::max);
			}
			check();
		}

		private void release() {
			if (!this.held.isEmpty()) {
				this.held.remove(this.random.nextInt(this.held.size())).lock().releaseAsync();
			}
		}

		private void extend() {
			if (!this.held.isEmpty()) {
				this.held.get(this.random.nextInt(this.held.size()))
					.lock()
					.extendAsync(TTLS.get(this.random.nextInt(TTLS.size())));
			}
		}

		private void cancel() {
			if (!this.waiting.isEmpty()) {
				this.waiting.remove(this.random.nextInt(this.waiting.size())).cancel(false);
			}
		}

		private void check() {
			for (String resource : RESOURCES) {
				List<Grant> valid = this.held.stream()
					.filter((grant) -> grant.lock().resources().contains(resource) && grant.lock().isValid())
					.toList();
				assertThat(valid).as("valid holders of %s at %s", resource, this.cluster.time().elapsed())
					.hasSizeLessThanOrEqualTo(1);
			}
		}

		/**
		 * Everything is well again: nobody waits any longer, every resource can be locked
		 * within the longest ttl, and nothing stays scheduled.
		 */
		private void recover() {
			this.cluster.nodes().forEach((node) -> node.thaw());
			for (SimulatedClient client : this.clients) {
				client.resume();
				for (int i = 0; i < this.cluster.nodes().size(); i++) {
					client.setReachable(i, true);
					client.setLatency(i, Duration.ofMillis(2));
				}
			}
			this.cluster.time().advance(Duration.ofSeconds(5));
			assertThat(this.waiting).allMatch(CompletableFuture::isDone);
			this.held.forEach((grant) -> grant.lock().releaseAsync());
			this.held.clear();
			LockOptions patient = LockOptions.builder().waitTime(Duration.ofSeconds(15)).build();
			for (SimulatedClient client : this.clients) {
				client.redlock().acquire(RESOURCES, Duration.ofSeconds(10), patient).release();
			}
			this.clients.forEach((client) -> client.redlock().close());
			this.cluster.time().advance(Duration.ofMinutes(1));
			assertThat(this.cluster.time().scheduled()).as("tasks left").isZero();
		}

	}

}
