package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.args.ClientType;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.testing.FakeCluster.Recorder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Waiting for others, on real servers: prompt, cheap and fair.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ReleaseNoticesIT extends AbstractQuorumIT {

	private static final Duration TTL = Duration.ofSeconds(30);

	/** Whoever relied on it alone would not be done in time. */
	private static final LockOptions RARE_POLL = LockOptions.builder()
		.waitTime(Duration.ofMinutes(10))
		.retryDelay(Duration.ofMinutes(5))
		.retryJitter(Duration.ZERO)
		.build();

	private static final String CHANNEL = "redlock:released:a";

	private long listeners(int server) {
		try (Jedis jedis = this.servers.server(server).connect()) {
			return jedis.pubsubNumSub(CHANNEL).get(CHANNEL);
		}
	}

	private void awaitListeners(int server, long listeners) {
		Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> listeners(server) == listeners);
	}

	/** Who hears of the next release. */
	private CompletableFuture<LockHandle> waitFor(DefaultRedlock redlock) {
		CompletableFuture<LockHandle> waiting = redlock.acquireAsync(List.of("a"), TTL, RARE_POLL);
		awaitListeners(this.servers.servers().size() - 1, 1);
		return waiting;
	}

	private static <T> T within(CompletableFuture<T> future) throws Exception {
		return future.get(20, TimeUnit.SECONDS);
	}

	@Test
	void waiterOfAnotherClientIsWokenByTheRelease() throws Exception {
		start(3);
		LockHandle held = client().acquire("a", TTL);
		CompletableFuture<LockHandle> waiting = waitFor(client());
		assertThat(held.release()).isTrue();
		LockHandle lock = within(waiting);
		assertThat(lock.isValid()).isTrue();
		assertThat(lock.fencingToken()).isGreaterThan(held.fencingToken());
		assertThat(lock.release()).isTrue();
	}

	@Test
	void waiterLearnsHowLongALockStaysThatIsReleasedEarly() throws Exception {
		start(3);
		LockOptions atLeast = LockOptions.builder().holdAtLeast(Duration.ofSeconds(2)).build();
		LockHandle held = client().acquire("a", TTL, atLeast);
		CompletableFuture<LockHandle> waiting = waitFor(client());
		assertThat(held.release()).isTrue();
		assertThat(within(waiting).isValid()).isTrue();
	}

	@Test
	void whoGivesUpTellsThoseWhomHisAttemptMayHaveHeldUp() throws Exception {
		start(3);
		for (int server : new int[] { 0, 1 }) {
			try (Jedis jedis = this.servers.server(server).connect()) {
				jedis.set("redlock:a", "stranger");
			}
		}
		CompletableFuture<String> told = new CompletableFuture<>();
		try (Jedis jedis = this.servers.server(2).connect()) {
			JedisPubSub listener = new JedisPubSub() {

				@Override
				public void onMessage(String channel, String message) {
					told.complete(channel);
				}

			};
			CompletableFuture<Void> listening = CompletableFuture.runAsync(() -> jedis.subscribe(listener, CHANNEL));
			awaitListeners(2, 1);
			assertThat(client().tryAcquire("a")).isEmpty();
			assertThat(within(told)).isEqualTo(CHANNEL);
			listener.unsubscribe();
			within(listening);
		}
	}

	@Test
	void nobodyListensBeforeAndAfterTheWaiting() throws Exception {
		start(1);
		DefaultRedlock redlock = client();
		redlock.acquire("a", TTL).close();
		try (Jedis jedis = this.servers.server(0).connect()) {
			assertThat(jedis.clientList(ClientType.PUBSUB)).isEmpty();
			LockHandle held = client().acquire("a", TTL);
			CompletableFuture<LockHandle> waiting = waitFor(redlock);
			held.release();
			within(waiting).release();
			Awaitility.await()
				.atMost(Duration.ofSeconds(20))
				.until(() -> jedis.clientList(ClientType.PUBSUB).isEmpty());
		}
	}

	@Test
	void whereTheFirstNodeIsDownTheNextOneIsListenedTo() throws Exception {
		start(3);
		Recorder recorder = new Recorder();
		DefaultRedlock holder = client((builder) -> builder.listener(recorder));
		DefaultRedlock waiter = client((builder) -> builder.listener(recorder));
		LockHandle held = holder.acquire("a", TTL);
		this.servers.server(2).kill();
		assertThat(holder.tryAcquire("a")).isEmpty();
		assertThat(waiter.tryAcquire("a")).isEmpty();
		Awaitility.await().until(() -> recorder.events("nodeDown").size() == 2);
		CompletableFuture<LockHandle> waiting = waiter.acquireAsync(List.of("a"), TTL, RARE_POLL);
		awaitListeners(1, 1);
		held.release();
		assertThat(within(waiting).isValid()).isTrue();
	}

	@Test
	void connectionThatBreaksIsOpenedAgain() throws Exception {
		start(1);
		LockHandle held = client().acquire("a", TTL);
		CompletableFuture<LockHandle> waiting = waitFor(client());
		try (Jedis jedis = this.servers.server(0).connect()) {
			jedis.clientKill(new redis.clients.jedis.params.ClientKillParams().type(ClientType.PUBSUB));
		}
		awaitListeners(0, 0);
		awaitListeners(0, 1);
		held.release();
		assertThat(within(waiting).isValid()).isTrue();
	}

	@Test
	void serverThatLetsNobodyListenIsAskedFromTimeToTime() throws Exception {
		start(1);
		try (Jedis jedis = this.servers.server(0).connect()) {
			jedis.aclSetUser("default", "-subscribe", "-publish");
		}
		LockHandle held = client().acquire("a", TTL);
		CompletableFuture<LockHandle> waiting = client().acquireAsync(List.of("a"), TTL,
				LockOptions.builder().waitTime(Duration.ofMinutes(1)).build());
		assertThat(held.release()).isTrue();
		assertThat(within(waiting).release()).isTrue();
	}

	/** One of fifty asks, and the others wait for him. */
	@Test
	void manyWaitersAskNoMoreThanOne() throws Exception {
		start(1);
		LockHandle held = client().acquire("a", TTL);
		DefaultRedlock redlock = client();
		LockOptions options = LockOptions.builder()
			.autoExtend(true)
			.waitTime(Duration.ofMinutes(1))
			.retryDelay(Duration.ofMillis(50))
			.retryJitter(Duration.ofMillis(10))
			.build();
		List<CompletableFuture<Boolean>> all = new ArrayList<>();
		for (int i = 0; i < 50; i++) {
			all.add(redlock.acquireAsync(List.of("a"), TTL, options).thenCompose(LockHandle::releaseAsync));
		}
		awaitListeners(0, 1);
		try (Jedis jedis = this.servers.server(0).connect()) {
			long before = calls(jedis);
			long start = System.nanoTime();
			Awaitility.await().until(() -> calls(jedis) - before >= 8);
			// Each attempt is a request and its withdrawal, after 50, 100, 200, 400 ms.
			assertThat(System.nanoTime() - start).as("eight requests take").isGreaterThan(500_000_000);
		}
		held.release();
		within(CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new)));
	}

	private static long calls(Jedis jedis) {
		return jedis.info("commandstats")
			.lines()
			.filter((line) -> line.startsWith("cmdstat_evalsha:"))
			.mapToLong((line) -> Long.parseLong(line.replaceAll("[^=]*calls=(\\d+),.*", "$1")))
			.sum();
	}

	/** Neither of two clients with waiters of its own keeps the other out. */
	@Test
	void clientsTakeTurns() throws Exception {
		start(3);
		Map<DefaultRedlock, AtomicInteger> turns = new ConcurrentHashMap<>();
		AtomicInteger total = new AtomicInteger();
		AtomicInteger inside = new AtomicInteger();
		AtomicInteger violations = new AtomicInteger();
		LockOptions options = LockOptions.builder().autoExtend(true).waitTime(Duration.ofMinutes(1)).build();
		List<CompletableFuture<Void>> workers = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			DefaultRedlock redlock = client();
			turns.put(redlock, new AtomicInteger());
			for (int j = 0; j < 3; j++) {
				workers.add(CompletableFuture.runAsync(() -> {
					while (total.incrementAndGet() <= 2000) {
						LockHandle lock = redlock.acquire("a", TTL, options);
						violations.addAndGet(inside.incrementAndGet() - 1);
						turns.get(redlock).incrementAndGet();
						inside.decrementAndGet();
						lock.release();
					}
				}, (task) -> new Thread(task).start()));
			}
		}
		CompletableFuture.allOf(workers.toArray(CompletableFuture<?>[]::new)).get(1, TimeUnit.MINUTES);
		assertThat(violations).hasValue(0);
		assertThat(turns.values()).allSatisfy((number) -> assertThat(number.get()).isGreaterThan(400));
	}

}
