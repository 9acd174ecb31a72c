package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.Jedis;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.LockReleaseException;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.RedisServer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Real servers that die, freeze, and come back. Numbers in brackets: see docs/traps.md.
 */
class NodeFailureIT extends AbstractQuorumIT {

	private static final Duration TTL = Duration.ofSeconds(30);

	private static final LockOptions NO_WAIT = LockOptions.builder().waitTime(Duration.ZERO).build();

	private static final LockOptions AUTO = LockOptions.builder().autoExtend(true).build();

	enum Failure {

		KILLED(RedisServer::kill), FROZEN(RedisServer::freeze);

		private final Consumer<RedisServer> action;

		Failure(Consumer<RedisServer> action) {
			this.action = action;
		}

	}

	static Stream<Arguments> minorities() {
		return Stream.of(3, 5)
			.flatMap((size) -> Stream.of(Failure.values()).map((failure) -> Arguments.of(size, failure)));
	}

	private void fail(int count, Failure failure) {
		for (int i = 0; i < count; i++) {
			failure.action.accept(this.servers.server(i));
		}
	}

	private static int minority(int size) {
		return (size - 1) / 2;
	}

	@ParameterizedTest
	@MethodSource("minorities")
	void minorityThatFailsBeforeTheAcquisitionCostsNothing(int size, Failure failure) {
		start(size);
		DefaultRedlock redlock = client();
		redlock.acquire("warm-up", TTL).release();
		fail(minority(size), failure);
		for (int i = 0; i < 50; i++) {
			LockHandle lock = redlock.acquire("a", TTL, NO_WAIT);
			assertThat(lock.isValid()).isTrue();
			assertThat(lock.attempts()).hasSize(1);
			assertThat(lock.release()).isTrue();
		}
	}

	@ParameterizedTest
	@MethodSource("minorities")
	void minorityThatFailsWhileALockIsHeldDoesNotLoseIt(int size, Failure failure) {
		start(size);
		Recorder recorder = new Recorder();
		DefaultRedlock redlock = client((builder) -> builder.listener(recorder));
		LockHandle lock = redlock.acquire("a", Duration.ofSeconds(2), AUTO);
		fail(minority(size), failure);
		lock.extend();
		await().atMost(Duration.ofSeconds(20)).until(() -> recorder.events("extended").size() >= 4);
		assertThat(lock.isValid()).isTrue();
		assertThat(recorder.events("lost")).isEmpty();
		assertThat(client().tryAcquire("a", TTL)).isEmpty();
		assertThat(lock.release()).isTrue();
	}

	@ParameterizedTest
	@MethodSource("minorities")
	void minorityThatFailsBeforeTheReleaseDoesNotKeepTheResource(int size, Failure failure) {
		start(size);
		DefaultRedlock redlock = client();
		LockHandle lock = redlock.acquire("a", TTL);
		fail(minority(size), failure);
		assertThat(lock.release()).isTrue();
		LockHandle next = client().acquire("a", TTL);
		assertThat(next.fencingToken()).isGreaterThan(lock.fencingToken());
	}

	@ParameterizedTest
	@MethodSource("minorities")
	void minorityThatFailsWhileACallerWaitsDoesNotKeepItWaiting(int size, Failure failure) {
		start(size);
		DefaultRedlock redlock = client();
		LockHandle holder = client().acquire("a", TTL);
		CompletableFuture<LockHandle> waiting = redlock.acquireAsync(List.of("a"), TTL,
				LockOptions.builder().waitTime(Duration.ofSeconds(20)).build());
		fail(minority(size), failure);
		holder.release();
		await().atMost(Duration.ofSeconds(20)).until(waiting::isDone);
		assertThat(waiting).isCompletedWithValueMatching(LockHandle::isValid);
	}

	@ParameterizedTest
	@MethodSource("minorities")
	void majorityThatFailsIsAnOutageReportedWithinTheWaitTime(int size, Failure failure) {
		start(size);
		DefaultRedlock redlock = client();
		redlock.acquire("warm-up", TTL).release();
		fail(size / 2 + 1, failure);
		Duration waitTime = Duration.ofSeconds(1);
		LockOptions options = LockOptions.builder().waitTime(waitTime).build();
		long start = System.nanoTime();
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.acquire("a", TTL, options))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.NO_QUORUM));
		// One command timeout more at the most, and half a second for a machine that
		// stalls.
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(waitTime, waitTime.plusMillis(700));
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.tryAcquire("a", TTL))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.NO_QUORUM));
	}

	@Test
	void majorityThatComesBackGrantsAgain() {
		start(3);
		DefaultRedlock redlock = client();
		redlock.acquire("warm-up", TTL).release();
		fail(2, Failure.KILLED);
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.acquire("a", TTL, NO_WAIT));
		this.servers.server(0).start();
		this.servers.server(1).start();
		LockHandle lock = redlock.acquire("a", TTL, LockOptions.builder().waitTime(Duration.ofSeconds(20)).build());
		assertThat(lock.isValid()).isTrue();
	}

	@Test
	void releaseWithoutAQuorumSaysSo() {
		start(3);
		LockHandle lock = client().acquire("a", TTL);
		fail(2, Failure.KILLED);
		assertThatExceptionOfType(LockReleaseException.class).isThrownBy(lock::release);
	}

	/** [62]: the scripts are gone, and so is the key; both come back. */
	@Test
	void restartedEmptyNodeGetsScriptsAndKeyBack() {
		start(3);
		DefaultRedlock redlock = client();
		LockHandle lock = redlock.acquire("a", TTL);
		await().until(() -> this.servers.holding("redlock:a") == 3);
		this.servers.server(0).kill();
		this.servers.server(0).start();
		assertThat(this.servers.holding("redlock:a")).isEqualTo(2);
		await().atMost(Duration.ofSeconds(20)).until(() -> {
			lock.extend();
			return this.servers.holding("redlock:a") == 3;
		});
		try (Jedis jedis = this.servers.server(0).connect()) {
			assertThat(jedis.get("redlock:a")).isEqualTo(lock.value());
			assertThat(jedis.zscore("redlock:fence:{49954}", "t").longValue()).isEqualTo(lock.fencingToken());
		}
		assertThat(lock.release()).isTrue();
		await().until(() -> this.servers.holding("redlock:a") == 0);
	}

	/** [62] */
	@Test
	void scriptsThatOneNodeHasForgottenAreSentAgainToThatNodeOnly() {
		start(3);
		DefaultRedlock redlock = client();
		redlock.acquire("a", TTL).release();
		await().until(() -> this.servers.holding("redlock:a") == 0);
		for (int i = 0; i < 3; i++) {
			try (Jedis jedis = this.servers.server(i).connect()) {
				jedis.configResetStat();
			}
		}
		try (Jedis jedis = this.servers.server(0).connect()) {
			jedis.scriptFlush();
		}
		redlock.acquire("a", TTL).release();
		await().until(() -> this.servers.holding("redlock:a") == 0);
		assertThat(IntStream.range(0, 3).mapToObj(this::scriptsSent)).containsExactly(1L, 0L, 0L);
	}

	private long scriptsSent(int server) {
		try (Jedis jedis = this.servers.server(server).connect()) {
			return jedis.info("commandstats")
				.lines()
				.filter((line) -> line.startsWith("cmdstat_eval:"))
				.mapToLong((line) -> Long.parseLong(line.replaceAll(".*:calls=(\\d+),.*", "$1")))
				.sum();
		}
	}

	/**
	 * [5]: what a frozen node was asked before it froze is carried out when it goes on;
	 * the release that follows must be carried out too, long before the ttl is over.
	 */
	@Test
	void keyLeftOnAFrozenNodeIsRemovedWhenItGoesOn() {
		start(3);
		DefaultRedlock redlock = client();
		redlock.acquire("warm-up", TTL).release();
		this.servers.server(0).freeze();
		LockHandle lock = redlock.acquire("a", TTL);
		lock.release();
		this.servers.server(0).thaw();
		await().atMost(Duration.ofSeconds(15)).during(Duration.ofMillis(300)).until(() -> {
			boolean there = this.servers.holding("redlock:a") > 0;
			return !there;
		});
	}

	@Test
	void lockHeldOnANodeThatWasCutOffIsReleasedThereAfterTheReconnect() {
		start(3);
		DefaultRedlock redlock = client();
		LockHandle lock = redlock.acquire("a", TTL);
		await().until(() -> this.servers.holding("redlock:a") == 3);
		this.servers.server(0).freeze();
		lock.release();
		assertThat(client().acquire("b", TTL, NO_WAIT).isValid()).isTrue();
		this.servers.server(0).thaw();
		await().atMost(Duration.ofSeconds(15)).until(() -> this.servers.holding("redlock:a") == 0);
	}

	/** Locks that are granted while the client closes must not wait for one another. */
	@Test
	void closingWhileManyLocksAreGrantedEnds() throws Exception {
		start(3);
		for (int round = 0; round < 30; round++) {
			DefaultRedlock redlock = client();
			redlock.acquire("warm-up", TTL).release();
			List<CompletableFuture<LockHandle>> futures = new ArrayList<>();
			for (int i = 0; i < 50; i++) {
				futures.add(redlock.acquireAsync("closing" + round + "-" + i, TTL));
			}
			CompletableFuture.runAsync(redlock::close).get(20, TimeUnit.SECONDS);
			CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
				.exceptionally((closed) -> null)
				.get(20, TimeUnit.SECONDS);
		}
	}

	/** [19] */
	@Test
	void workOfTenTimesTheTtlKeepsItsLock() {
		start(3);
		DefaultRedlock redlock = client();
		DefaultRedlock second = client();
		Duration ttl = Duration.ofSeconds(1);
		redlock.using("a", ttl, (lock, signal) -> {
			long end = System.nanoTime() + ttl.multipliedBy(10).toNanos();
			while (System.nanoTime() - end < 0) {
				assertThat(second.tryAcquire("a", TTL)).isEmpty();
				signal.throwIfAborted();
			}
			return null;
		});
		assertThat(second.tryAcquire("a", TTL)).isPresent();
	}

	/** [29], on real servers */
	@Test
	void releaseRacingAnExtensionLeavesNoKey() {
		start(3);
		DefaultRedlock redlock = client();
		for (int i = 0; i < 10_000; i++) {
			LockHandle lock = redlock.acquire("race" + i, TTL);
			lock.extendAsync(TTL);
			assertThat(lock.release()).isTrue();
		}
		redlock.acquire("barrier", TTL).release();
		await().until(() -> {
			for (RedisServer server : this.servers.servers()) {
				try (Jedis jedis = server.connect()) {
					if (!jedis.keys("redlock:race*").isEmpty()) {
						return false;
					}
				}
			}
			return true;
		});
	}

}
