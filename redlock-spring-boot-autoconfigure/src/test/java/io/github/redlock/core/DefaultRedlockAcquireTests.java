package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.NodeVote;
import io.github.redlock.Redlock;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Acquisition on fake nodes in virtual time. Numbers in brackets are those of the list of
 * failures known from other lock libraries, kept in docs/traps.md.
 */
class DefaultRedlockAcquireTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	private static final Duration HOUR = Duration.ofHours(1);

	private static final LockOptions NO_WAIT = LockOptions.builder().waitTime(Duration.ZERO).build();

	@AfterEach
	void clearInterrupt() {
		Thread.interrupted();
	}

	private static LockNotAcquiredException failure(Runnable acquisition) {
		return assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(acquisition::run).actual();
	}

	/** How often the first node was asked for the lock. */
	private static long asked(FakeCluster cluster) {
		return cluster.node(0).log().stream().filter("acquire [a]"::equals).count();
	}

	private static Duration ms(long millis) {
		return Duration.ofMillis(millis);
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 3, 4, 5 })
	void acquireSetsTheSameValueOnEveryNode(int size) {
		FakeCluster cluster = new FakeCluster(size);
		LockHandle lock = cluster.client().acquire("a", TTL);
		cluster.time().advance(Duration.ZERO);
		assertThat(cluster.holding("a", lock.value())).isEqualTo(size);
		assertThat(cluster.node(0).ttlOf("a")).isEqualTo(TTL);
		assertThat(lock.value()).matches("[0-9a-f]{32}");
		assertThat(lock.resources()).containsExactly("a");
		assertThat(lock.ttl()).isEqualTo(TTL);
		assertThat(lock.isValid()).isTrue();
	}

	@Test
	void validityCountsFromBeforeTheRequestLeft() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.latency(ms(30), ms(40)));
		LockHandle lock = redlock.acquire("a", TTL);
		// 10 s - 1 % - 2 ms - the 70 ms that the winning round took
		assertThat(lock.remainingValidity()).isEqualTo(ms(10_000 - 100 - 2 - 70));
	}

	@Test
	void driftFactorOfTheCallIsUsed() {
		FakeCluster cluster = new FakeCluster(3);
		LockOptions options = LockOptions.builder().driftFactor(0.1).build();
		LockHandle lock = cluster.client().acquire("a", TTL, options);
		assertThat(lock.remainingValidity()).isEqualTo(ms(10_000 - 1_000 - 2));
	}

	private static Stream<List<Vote>> everyCombination() {
		Vote held = new Vote.Held(HOUR);
		Vote failed = new Vote.Failed(Vote.Failed.Reason.ERROR_REPLY, new IllegalStateException("LOADING"));
		Vote silent = new Vote.Failed(Vote.Failed.Reason.TIMEOUT, new IllegalStateException("silent"));
		Vote stale = new Vote.Stale(1);
		List<Vote> kinds = List.of(Vote.Granted.INSTANCE, held, failed, silent, stale);
		List<List<Vote>> all = new ArrayList<>();
		List<List<Vote>> longer = List.of(List.of());
		for (int n = 1; n <= 5; n++) {
			List<List<Vote>> next = new ArrayList<>();
			for (List<Vote> votes : longer) {
				for (Vote vote : kinds) {
					List<Vote> extended = new ArrayList<>(votes);
					extended.add(vote);
					next.add(extended);
				}
			}
			all.addAll(next);
			longer = next;
		}
		return all.stream();
	}

	@Test
	@Tag("exhaustive")
	void everyCombinationOfVotesHasItsOutcome() {
		assertThat(everyCombination()).hasSize(5 + 25 + 125 + 625 + 3125)
			.allSatisfy(DefaultRedlockAcquireTests::assertOutcome);
	}

	private static void assertOutcome(List<Vote> votes) {
		FakeCluster cluster = new FakeCluster(votes.size());
		Redlock redlock = cluster.client();
		for (int i = 0; i < votes.size(); i++) {
			if (votes.get(i) instanceof Vote.Held) {
				cluster.node(i).hold("a", "stranger", HOUR);
			}
			else if (votes.get(i) instanceof Vote.Stale) {
				cluster.node(i).fence("a", cluster.time().wallClockMicros() + 1_000_000);
			}
			else if (votes.get(i) instanceof Vote.Failed failed) {
				if (failed.reason() == Vote.Failed.Reason.TIMEOUT) {
					cluster.node(i).freeze();
				}
				else {
					cluster.node(i).failWith((RuntimeException) failed.error());
				}
			}
		}
		// A stale token is raised at once, so those nodes grant in the end.
		long granted = votes.stream()
			.filter((vote) -> vote instanceof Vote.Granted || vote instanceof Vote.Stale)
			.count();
		long failed = votes.stream().filter(Vote.Failed.class::isInstance).count();
		int quorum = votes.size() / 2 + 1;
		if (granted >= quorum) {
			assertThat(redlock.acquire("a", TTL, NO_WAIT).isValid()).isTrue();
			return;
		}
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", TTL, NO_WAIT));
		assertThat(error.getReason()).isEqualTo((votes.size() - failed >= quorum) ? Reason.HELD : Reason.NO_QUORUM);
		cluster.nodes().forEach(FakeLockNode::thaw);
		cluster.time().advance(ms(1));
		for (FakeLockNode node : cluster.nodes()) {
			assertThat(node.valueOf("a")).isIn(null, "stranger");
		}
	}

	@Test
	void evenSplitBetweenTwoContendersIsDecidedAgainstBoth() {
		FakeCluster cluster = new FakeCluster(4);
		Redlock redlock = cluster.client();
		cluster.node(2).hold("a", "stranger", HOUR);
		cluster.node(3).hold("a", "stranger", HOUR);
		assertThat(redlock.tryAcquire("a", TTL)).isEmpty();
		assertThat(cluster.time().elapsed()).isZero();
	}

	/** [2] */
	@Test
	void hangingNodeCostsNoLatency() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.latency(ms(1), ms(1)));
		cluster.node(1).freeze();
		LockHandle lock = redlock.acquire("a", TTL);
		assertThat(cluster.time().elapsed()).isEqualTo(ms(2));
		assertThat(lock.attempts()).hasSize(1);
		assertThat(lock.attempts().get(0).isComplete()).isFalse();
		cluster.time().advance(FakeCluster.COMMAND_TIMEOUT);
		assertThat(lock.attempts().get(0).isComplete()).as("late votes complete the statistics").isTrue();
	}

	@Test
	void heldIsDecidedWithoutTheHangingNode() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).freeze();
		cluster.node(1).hold("a", "stranger", HOUR);
		cluster.node(2).hold("a", "stranger", HOUR);
		assertThat(redlock.tryAcquire("a", TTL)).isEmpty();
		assertThat(cluster.time().elapsed()).isZero();
	}

	/** With one HELD, one FAILED and one silent node it is not known yet what to say. */
	@Test
	void outageIsNotTakenForContentionBecauseOneNodeIsSlow() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).hold("a", "stranger", HOUR);
		cluster.node(1).failWith(new IllegalStateException("LOADING"));
		cluster.node(2).freeze();
		LockNotAcquiredException error = failure(() -> redlock.tryAcquire("a", TTL));
		assertThat(error.getReason()).isEqualTo(Reason.NO_QUORUM);
		assertThat(cluster.time().elapsed()).isEqualTo(FakeCluster.COMMAND_TIMEOUT);
	}

	/** [1] */
	@Test
	void quorumThatComesTooLateIsNoLockAndIsReleasedEverywhere() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client((builder) -> builder.commandTimeout(Duration.ofSeconds(5)));
		// ttl 1000 ms - 10 ms - 2 ms = 988 ms, all of it spent: validity is exactly zero
		cluster.nodes().forEach((node) -> node.latency(ms(488), ms(500)));
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", ms(1000), NO_WAIT));
		assertThat(error.getReason()).isEqualTo(Reason.EXPIRED);
		cluster.time().advance(ms(488));
		assertThat(cluster.holding("a")).isZero();
		assertThat(cluster.node(0).log()).containsExactly("probe", "acquire [a]", "release [a]");
	}

	@Test
	void oneNanosecondOfValidityIsEnough() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client((builder) -> builder.commandTimeout(Duration.ofSeconds(5)));
		cluster.nodes().forEach((node) -> node.latency(ms(488), ms(500).minusNanos(1)));
		LockHandle lock = redlock.acquire("a", ms(1000), NO_WAIT);
		assertThat(lock.remainingValidity()).isEqualTo(Duration.ofNanos(1));
	}

	/** [3] */
	@Test
	void minorityIsReleasedBeforeTheNextAttempt() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(1).hold("a", "stranger", HOUR);
		cluster.node(2).hold("a", "stranger", HOUR);
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", TTL));
		cluster.time().advance(ms(1));
		assertThat(error.getAttempts()).hasSize(4);
		assertThat(cluster.node(0).log()).containsExactly("probe", "acquire [a]", "release [a]", "acquire [a]",
				"release [a]", "acquire [a]", "release [a]", "acquire [a]", "release [a]");
		assertThat(cluster.node(0).valueOf("a")).isNull();
	}

	/** [3]: the vote must be won on the nodes that were won before. */
	@Test
	void ownLeftoverNeverBlocksTheNextAttempt() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(1).hold("a", "stranger", ms(150));
		cluster.node(2).hold("a", "stranger", ms(150));
		LockHandle lock = redlock.acquire("a", TTL);
		cluster.time().advance(ms(1));
		assertThat(cluster.holding("a", lock.value())).isEqualTo(3);
	}

	/** [4] */
	@Test
	void voteThatArrivesAfterTheFailureIsCleanedUp() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).freeze();
		cluster.node(1).hold("a", "stranger", HOUR);
		cluster.node(2).hold("a", "stranger", HOUR);
		assertThat(redlock.tryAcquire("a", TTL)).isEmpty();
		cluster.time().advance(ms(1));
		cluster.node(0).thaw();
		cluster.time().advance(ms(1));
		assertThat(cluster.node(0).log()).containsExactly("probe", "acquire [a]", "release [a]");
		assertThat(cluster.node(0).valueOf("a")).isNull();
	}

	/** [5] */
	@Test
	void requestWhoseReplyWasLostIsTakenAsMaybeDoneAndReleased() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).loseReplies(true);
		cluster.node(1).hold("a", "stranger", HOUR);
		cluster.node(2).hold("a", "stranger", HOUR);
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.acquire("a", TTL, NO_WAIT));
		assertThat(cluster.node(0).valueOf("a")).as("the node did it").isNotNull();
		cluster.node(0).loseReplies(false);
		cluster.time().advance(Duration.ofSeconds(1));
		assertThat(cluster.node(0).valueOf("a")).isNull();
	}

	/** [6] */
	@Test
	void validityCountsFromTheWinningAttempt() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).hold("a", "stranger", ms(250));
		cluster.node(1).hold("a", "stranger", ms(250));
		LockHandle lock = redlock.acquire("a", TTL);
		assertThat(cluster.time().elapsed()).isGreaterThanOrEqualTo(ms(250));
		assertThat(lock.remainingValidity()).isEqualTo(ms(10_000 - 100 - 2));
	}

	/** [8] */
	@Test
	void movingTheWallClockChangesNoDeadline() {
		FakeCluster cluster = new FakeCluster(3);
		LockHandle lock = cluster.client().acquire("a", TTL);
		Duration before = lock.remainingValidity();
		cluster.time().moveWallClock(HOUR);
		assertThat(lock.remainingValidity()).isEqualTo(before);
		cluster.time().moveWallClock(HOUR.multipliedBy(-2));
		assertThat(lock.remainingValidity()).isEqualTo(before);
		cluster.time().advance(before);
		assertThat(lock.isValid()).isFalse();
	}

	/** [8] What the README excludes. A minority that is set harms nobody. */
	@Test
	void clocksOfNodesThatAreSetForwardLetASecondHolderIn() {
		FakeCluster cluster = new FakeCluster(3);
		LockHandle lock = cluster.client().acquire("a", TTL);
		Redlock other = cluster.client();
		cluster.node(0).setClock(HOUR);
		assertThat(failure(() -> other.acquire("a", TTL, NO_WAIT)).getReason()).isEqualTo(Reason.HELD);
		cluster.node(1).setClock(HOUR);
		LockHandle second = other.acquire("a", TTL, NO_WAIT);
		assertThat(lock.isValid()).isTrue();
		assertThat(second.isValid()).isTrue();
		assertThat(second.fencingToken()).isGreaterThan(lock.fencingToken());
	}

	/** [9] */
	@ParameterizedTest
	@ValueSource(ints = { 2, 3, 4, 5 })
	void ofTwoContendersOneWinsWithinABoundedTime(int size) {
		FakeCluster cluster = new FakeCluster(size);
		LockOptions patient = LockOptions.builder().waitTime(Duration.ofSeconds(30)).build();
		Redlock first = cluster.client((builder) -> builder.random(new java.util.Random(1)));
		Redlock second = cluster.client((builder) -> builder.random(new java.util.Random(2)));
		for (int i = 0; i < size; i++) {
			cluster.node(i).latency(ms(1 + i), ms(1));
		}
		CompletableFuture<LockHandle> one = first.acquireAsync(List.of("a"), Duration.ofMinutes(5), patient);
		CompletableFuture<LockHandle> two = second.acquireAsync(List.of("a"), Duration.ofMinutes(5), patient);
		cluster.time().advance(Duration.ofSeconds(3));
		assertThat(one.isDone() ^ two.isDone()).as("exactly one has won").isTrue();
		cluster.time().advance(Duration.ofSeconds(30));
		assertThat(one.isCompletedExceptionally() ^ two.isCompletedExceptionally()).isTrue();
	}

	/** [10] */
	@Test
	void quorumIsCountedFromConfiguredNodes() {
		FakeCluster cluster = new FakeCluster(5);
		for (int i = 0; i < 3; i++) {
			cluster.node(i).refuse(true);
		}
		Redlock redlock = cluster.client();
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", TTL, NO_WAIT));
		assertThat(error.getReason()).isEqualTo(Reason.NO_QUORUM);
		assertThat(error.getAttempts().get(0).quorumSize()).isEqualTo(3);
		assertThat(error.getAttempts().get(0).membershipSize()).isEqualTo(5);
	}

	/** [11] */
	@Test
	void nodeThatWasDownAtStartUpVotesOnceItIsBack() {
		FakeCluster cluster = new FakeCluster(3);
		cluster.node(0).refuse(true);
		cluster.node(1).refuse(true);
		Redlock redlock = cluster.client();
		assertThat(failure(() -> redlock.acquire("a", TTL, NO_WAIT)).getReason()).isEqualTo(Reason.NO_QUORUM);
		cluster.node(0).refuse(false);
		cluster.time().advance(Duration.ofSeconds(3));
		assertThat(redlock.acquire("a", TTL, NO_WAIT).isValid()).isTrue();
	}

	/** [12] */
	@Test
	void withoutWaitTimeThereIsOneAttemptAndNoPause() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", TTL, NO_WAIT));
		assertThat(error.getAttempts()).hasSize(1);
		assertThat(cluster.time().elapsed()).isZero();
		assertThat(redlock.tryAcquire("a", TTL)).isEmpty();
		assertThat(cluster.time().elapsed()).isZero();
	}

	/** [13] */
	@Test
	void waitTimeBoundsTheWaitingWhateverTheRetryCountSays() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		LockOptions options = LockOptions.builder().waitTime(Duration.ofSeconds(10)).retryCount(1).build();
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", TTL, options));
		assertThat(error.getReason()).isEqualTo(Reason.HELD);
		assertThat(asked(cluster)).isGreaterThan(30);
		assertThat(cluster.time().elapsed()).isEqualTo(Duration.ofSeconds(10));
	}

	@Test
	void waitingForEverIsALongTimeAndNoOverflow() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofMinutes(5)));
		LockOptions options = LockOptions.builder()
			.waitTime(Duration.ofMillis(Long.MAX_VALUE))
			.retryJitter(Duration.ofMillis(Long.MAX_VALUE))
			.build();
		assertThat(redlock.acquire("a", TTL, options).isValid()).isTrue();
	}

	/**
	 * Else it would wait for a whole retry delay, although the resource is free before.
	 */
	@Test
	void callerThatWaitsAsksOnceMoreForHowLong() {
		FakeCluster cluster = new FakeCluster(3);
		cluster.nodes().forEach((node) -> node.hideTimes().hold("a", "stranger", ms(50)));
		LockHandle lock = cluster.client().acquire("a", TTL, LockOptions.builder().retryCount(1).build());
		assertThat(cluster.time().elapsed()).isBetween(ms(50), ms(60));
		assertThat(lock.attempts()).hasSize(3);
	}

	@Test
	void singleAttemptDoesNotAskForHowLong() {
		FakeCluster cluster = new FakeCluster(3);
		cluster.nodes().forEach((node) -> node.hideTimes().hold("a", "stranger", ms(50)));
		assertThat(cluster.client().tryAcquire("a", TTL)).isEmpty();
		LockOptions once = LockOptions.builder().retryCount(0).build();
		LockNotAcquiredException failure = failure(() -> cluster.client().acquire("a", TTL, once));
		assertThat(failure.getAttempts()).hasSize(1);
		assertThat(failure.getReason()).isEqualTo(Reason.HELD);
		assertThat(failure).hasMessageContaining("node0 HELD after");
	}

	@Test
	void pauseIsNotCutShortWhereNobodyHoldsTheResource() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.fence("a", FencingTokens.MAX_TOKEN));
		failure(() -> redlock.acquire("a", TTL));
		assertThat(cluster.time().elapsed()).isGreaterThanOrEqualTo(ms(300));
	}

	@Test
	void inheritedWaitTimeBoundsTheWaitingWhateverTheRetryCountOfTheCallSays() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster
			.client((builder) -> builder.defaults(LockOptions.builder().waitTime(Duration.ofSeconds(10)).build()));
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		LockOptions options = LockOptions.builder().retryCount(2).build();
		failure(() -> redlock.acquire("a", TTL, options));
		assertThat(asked(cluster)).isGreaterThan(30);
		assertThat(cluster.time().elapsed()).isEqualTo(Duration.ofSeconds(10));
	}

	@Test
	void unlimitedRetriesGoOnUntilTheResourceIsFree() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofMinutes(5)));
		LockHandle lock = redlock.acquire("a", TTL, LockOptions.builder().retryCount(-1).build());
		assertThat(cluster.time().elapsed()).isBetween(Duration.ofMinutes(5), Duration.ofMinutes(5).plusMillis(300));
		assertThat(lock.attempts()).as("the first and the last ones are kept").hasSize(1 + AttemptHistory.LAST_KEPT);
	}

	@ParameterizedTest
	@ValueSource(strings = { "\ud800", "a\udc00", "\ud800x", "\ud800\ud800", "fence:{1}" })
	void namesThatWouldShareAKeyAreRefused(String name) {
		Redlock redlock = new FakeCluster(1).client();
		assertThatIllegalArgumentException().isThrownBy(() -> redlock.acquire(name, TTL))
			.withMessageContaining("resources");
		assertThat(redlock.acquire("\ud83d\udcb0" + "x", TTL).isValid()).isTrue();
	}

	@Test
	void locksAreEqualToThemselvesOnly() {
		Redlock redlock = new FakeCluster(1).client();
		LockHandle one = redlock.acquire("a", TTL);
		LockHandle other = redlock.acquire("b", TTL);
		assertThat(one).isEqualTo(one).isNotEqualTo(other).hasSameHashCodeAs(one.value());
		assertThat(redlock.defaultTtl()).isEqualTo(Duration.ofSeconds(30));
		assertThatIllegalArgumentException().isThrownBy(() -> redlock.check(Duration.ZERO, LockOptions.defaults()));
	}

	/** [14] */
	@Test
	void retryDelayAndJitterOfZeroWork() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", ms(20)));
		LockOptions eager = LockOptions.builder()
			.retryCount(100)
			.retryDelay(Duration.ZERO)
			.retryJitter(Duration.ZERO)
			.build();
		LockHandle lock = redlock.acquire("a", TTL, eager);
		assertThat(cluster.time().elapsed()).isEqualTo(ms(21));
		assertThat(asked(cluster)).isEqualTo(22);
	}

	@Test
	void pausesLieWithinTheJitter() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		LockOptions options = LockOptions.builder().retryCount(200).build();
		failure(() -> redlock.acquire("a", TTL, options));
		assertThat(cluster.time().elapsed()).isBetween(ms(200 * 100), ms(200 * 300));
		assertThat(cluster.time().elapsed()).isNotEqualTo(ms(200 * 200));
	}

	@Test
	void endOfTheHoldersTtlCutsThePauseShort() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		// Two nodes make a quorum; the third one's long ttl does not matter.
		cluster.node(0).hold("a", "stranger", ms(40));
		cluster.node(1).hold("a", "stranger", ms(30));
		cluster.node(2).hold("a", "stranger", HOUR);
		redlock.acquire("a", TTL);
		assertThat(cluster.time().elapsed()).isEqualTo(ms(41));
	}

	/** [15] */
	@Test
	void ttlThatCannotWorkIsRefused() {
		Redlock redlock = new FakeCluster(3).client();
		for (Duration ttl : List.of(Duration.ZERO, ms(-1), Duration.ofNanos(1), Duration.ofNanos(1_500_000), ms(2),
				Duration.ofDays(4000))) {
			assertThatIllegalArgumentException().as(ttl.toString())
				.isThrownBy(() -> redlock.acquire("a", ttl))
				.withMessageContaining("ttl")
				.withMessageContaining(ttl.toString());
			assertThatIllegalArgumentException().isThrownBy(() -> redlock.acquireAsync("a", ttl));
		}
	}

	@Test
	void resourcesThatCannotWorkAreRefused() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		List<String> withNull = new ArrayList<>();
		withNull.add(null);
		for (List<String> resources : List.of(List.<String>of(), List.of(""), List.of(" \t"), List.of("a", ""),
				withNull)) {
			assertThatIllegalArgumentException().isThrownBy(() -> redlock.acquire(resources, TTL))
				.withMessageContaining("resources");
		}
		assertThatIllegalArgumentException().isThrownBy(() -> redlock.acquire((String) null))
			.withMessageContaining("one of the resources = null is null or blank");
		assertThatIllegalArgumentException().isThrownBy(() -> redlock.tryAcquireAsync((String) null, TTL));
		assertThatIllegalArgumentException().isThrownBy(() -> redlock.using((String) null, TTL, (lock, signal) -> ""));
		assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> redlock.acquire("a", TTL, null)))
			.hasMessageContaining("options");
		assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> redlock.acquire("a", (Duration) null)))
			.hasMessageContaining("ttl");
		assertThat(cluster.node(0).log()).containsExactly("probe");
	}

	/** [16] */
	@Test
	void heldAndNoQuorumAreDifferentAndShowEveryNode() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).hold("a", "stranger", ms(4200));
		cluster.node(1).hold("a", "stranger", ms(4200));
		cluster.node(2).failWith(new IllegalStateException("LOADING Redis is loading the dataset in memory"));
		LockNotAcquiredException held = failure(() -> redlock.acquire("a", TTL, NO_WAIT));
		cluster.time().advance(ms(1));
		assertThat(held.getReason()).isEqualTo(Reason.HELD);
		assertThat(held).hasMessageContaining("[a]").hasMessageContaining("node1 HELD (4200 ms left)");
		assertThat(held.getAttempts()).singleElement()
			.extracting(ExecutionStats::votes)
			.asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(NodeVote.class))
			.hasSize(3);
		cluster.node(1).failWith(new IllegalStateException("LOADING Redis is loading the dataset in memory"));
		LockNotAcquiredException outage = failure(() -> redlock.acquire("a", TTL, NO_WAIT));
		assertThat(outage.getReason()).isEqualTo(Reason.NO_QUORUM);
		assertThat(outage).hasMessageContaining("no quorum")
			.hasRootCauseMessage("LOADING Redis is loading the dataset in memory");
	}

	@Test
	void noQuorumIsReportedWithinTheWaitTime() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).freeze();
		cluster.node(1).freeze();
		LockOptions options = LockOptions.builder().waitTime(Duration.ofSeconds(2)).build();
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", TTL, options));
		assertThat(error.getReason()).isEqualTo(Reason.NO_QUORUM);
		assertThat(cluster.time().elapsed()).isBetween(Duration.ofSeconds(2), ms(2200));
	}

	/** [17] */
	@Test
	void interruptEndsTheWaitingAndLeavesNothing() {
		FakeCluster cluster = new FakeCluster(3);
		Recorder recorder = new Recorder();
		Redlock redlock = cluster.client((builder) -> builder.listener(recorder));
		cluster.node(1).hold("a", "stranger", HOUR);
		cluster.node(2).hold("a", "stranger", HOUR);
		cluster.time().schedule(ms(500).toNanos(), () -> Thread.currentThread().interrupt());
		LockOptions options = LockOptions.builder().retryCount(-1).autoExtend(true).build();
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", TTL, options));
		assertThat(error.getReason()).isEqualTo(Reason.INTERRUPTED);
		assertThat(Thread.interrupted()).as("the flag is set again").isTrue();
		cluster.time().advance(ms(1));
		assertThat(cluster.node(0).valueOf("a")).isNull();
		cluster.clearLogs();
		cluster.time().advance(Duration.ofMinutes(1));
		assertThat(cluster.node(0).log()).as("nothing is retried or renewed").isEmpty();
		assertThat(cluster.time().scheduled()).isZero();
		assertThat(recorder.events()).containsExactly("acquireFailed [a] INTERRUPTED");
	}

	@Test
	void interruptWhileARequestIsUnderWayReleasesIt() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.latency(ms(10), ms(10)));
		cluster.time().schedule(ms(5).toNanos(), () -> Thread.currentThread().interrupt());
		assertThat(failure(() -> redlock.acquire("a", TTL)).getReason()).isEqualTo(Reason.INTERRUPTED);
		Thread.interrupted();
		cluster.time().advance(ms(30));
		assertThat(cluster.node(0).log()).containsExactly("probe", "acquire [a]", "release [a]");
		assertThat(cluster.holding("a")).isZero();
	}

	/** [18] */
	@Test
	void ttlIsTheSameAfterManyFailedRounds() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofSeconds(3)));
		redlock.acquire("a", TTL, LockOptions.builder().retryCount(-1).build());
		assertThat(cluster.node(0).ttlOf("a")).isEqualTo(TTL);
	}

	@Test
	void everyAttemptUsesAFreshValue() {
		FakeCluster cluster = new FakeCluster(3);
		List<String> values = new ArrayList<>();
		LockValues source = new LockValues("");
		Redlock redlock = cluster.client((builder) -> builder.values(() -> {
			values.add(source.get());
			return values.get(values.size() - 1);
		}));
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		failure(() -> redlock.acquire("a", TTL));
		assertThat(values).hasSize(4).doesNotHaveDuplicates();
	}

	/**
	 * Why values are fresh: with one value for all attempts, the repeated release of the
	 * first attempt would delete what the second one won.
	 */
	@Test
	void releaseThatIsSentAgainLateDoesNotTouchALaterAttempt() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).loseReplies(true);
		cluster.node(1).hold("a", "stranger", ms(150));
		cluster.node(2).hold("a", "stranger", ms(150));
		cluster.time().schedule(ms(1).toNanos(), () -> cluster.node(0).loseReplies(false));
		LockHandle lock = redlock.acquire("a", TTL);
		cluster.time().advance(Duration.ofSeconds(3));
		assertThat(cluster.holding("a", lock.value())).isEqualTo(3);
	}

	@Test
	void severalResourcesAreLockedTogetherOrNotAtAll() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		LockHandle lock = redlock.acquire(List.of("a", "b"), TTL);
		assertThat(cluster.holding("a", lock.value())).isEqualTo(3);
		assertThat(cluster.holding("b", lock.value())).isEqualTo(3);
		assertThat(redlock.tryAcquire(List.of("c", "b"), TTL, LockOptions.defaults())).isEmpty();
		cluster.time().advance(ms(1));
		assertThat(cluster.holding("c")).isZero();
		lock.release();
		assertThat(cluster.holding("a") + cluster.holding("b")).isZero();
	}

	@Test
	void resourceNamedTwiceCountsOnce() {
		FakeCluster cluster = new FakeCluster(3);
		LockHandle lock = cluster.client().acquire(List.of("a", "b", "a"), TTL);
		assertThat(lock.resources()).containsExactly("a", "b");
	}

	@Test
	void cancelledFutureGivesUpAndLeavesNothing() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(1).hold("a", "stranger", HOUR);
		cluster.node(2).hold("a", "stranger", HOUR);
		CompletableFuture<LockHandle> future = redlock.acquireAsync("a", TTL);
		cluster.time().advance(ms(250));
		future.cancel(false);
		cluster.time().advance(ms(1));
		assertThat(cluster.node(0).valueOf("a")).isNull();
		cluster.clearLogs();
		cluster.time().advance(Duration.ofMinutes(1));
		assertThat(cluster.node(0).log()).isEmpty();
	}

	@Test
	void lockThatIsGrantedAfterItsFutureWasCompletedIsReleased() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		CompletableFuture<LockHandle> future = redlock.acquireAsync("a", TTL);
		cluster.time().advance(Duration.ZERO);
		CompletableFuture<LockHandle> second = redlock.acquireAsync("b", TTL);
		second.completeExceptionally(new IllegalStateException("a timeout of the caller"));
		cluster.time().advance(ms(1));
		assertThat(future).isCompleted();
		assertThat(cluster.holding("a")).isEqualTo(3);
		assertThat(cluster.holding("b")).isZero();
	}

	@Test
	void futureCompletesWithLockOrFailure() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		CompletableFuture<LockHandle> won = redlock.acquireAsync("a", TTL);
		cluster.time().advance(ms(1));
		assertThat(won).isCompletedWithValueMatching(LockHandle::isValid);
		CompletableFuture<java.util.Optional<LockHandle>> empty = redlock.tryAcquireAsync("a", TTL);
		CompletableFuture<LockHandle> lost = redlock.acquireAsync("a", TTL);
		cluster.time().advance(Duration.ofSeconds(2));
		assertThat(empty).isCompletedWithValue(java.util.Optional.empty());
		assertThat(lost).isCompletedExceptionally();
		assertThatExceptionOfType(java.util.concurrent.ExecutionException.class).isThrownBy(lost::get)
			.withCauseInstanceOf(LockNotAcquiredException.class);
	}

	@Test
	void exceptionShowsTheCallerInItsStackTrace() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		assertThat(failure(() -> redlock.acquire("a", TTL, NO_WAIT)).getStackTrace())
			.anyMatch((frame) -> frame.getMethodName().contains("exceptionShowsTheCallerInItsStackTrace"));
	}

	@Test
	void closedRedlockTakesNoMoreLocksAndEndsTheWaiting() {
		FakeCluster cluster = new FakeCluster(3);
		DefaultRedlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		CompletableFuture<LockHandle> waiting = redlock.acquireAsync("a", TTL);
		redlock.close();
		redlock.close();
		cluster.time().advance(ms(1));
		assertThatExceptionOfType(java.util.concurrent.ExecutionException.class).isThrownBy(waiting::get)
			.withCauseInstanceOf(LockNotAcquiredException.class)
			.satisfies((ex) -> assertThat(((LockNotAcquiredException) ex.getCause()).getReason())
				.isEqualTo(Reason.CLOSED));
		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> redlock.acquire("b"))
			.withMessageContaining("closed");
	}

	/** Many callers may wait, and each of them for days. */
	@Test
	void firstAttemptAndTheLastOnesAreKept() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", ms(10_000)));
		LockOptions options = LockOptions.builder()
			.retryCount(19)
			.retryDelay(ms(50))
			.retryJitter(Duration.ZERO)
			.build();
		LockNotAcquiredException error = failure(() -> redlock.acquire("a", TTL, options));
		assertThat(error).hasMessageContaining("(20 attempt(s)");
		assertThat(error.getAttempts()).extracting((attempt) -> ((Vote.Held) attempt.votes().get(0).vote()).remaining())
			.containsExactly(ms(10_000), ms(9_250), ms(9_200), ms(9_150), ms(9_100), ms(9_050));
	}

	@Test
	void messageSaysHowOftenAndHowLongItWasTried() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		LockOptions options = LockOptions.builder().retryCount(2).retryDelay(ms(50)).retryJitter(Duration.ZERO).build();
		assertThat(failure(() -> redlock.acquire("a", TTL, options))).hasMessageContaining("(3 attempt(s) in 100 ms");
	}

	@Test
	void retryCountOfZeroIsASingleAttempt() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		LockOptions options = LockOptions.builder().retryCount(0).build();
		assertThat(failure(() -> redlock.acquire("a", TTL, options)).getAttempts()).hasSize(1);
	}

	/** A larger token would not help where too few nodes answer. */
	@Test
	void staleTokenInAnOutageIsNotRaisedInALoop() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		cluster.node(0).fence("a", Long.MAX_VALUE >> 11);
		cluster.node(1).refuse(true);
		cluster.node(2).refuse(true);
		LockNotAcquiredException failure = failure(() -> redlock.acquire("a", TTL, NO_WAIT));
		assertThat(failure.getReason()).isEqualTo(Reason.NO_QUORUM);
		assertThat(failure.getAttempts()).hasSize(1);
	}

	@Test
	void votesTellHowLongTheyTook() {
		FakeCluster cluster = new FakeCluster(3);
		cluster.node(0).latency(ms(20), ms(10));
		LockHandle lock = cluster.client().acquire("a", TTL);
		cluster.time().advance(ms(100));
		assertThat(lock.attempts().get(0).votes().get(0).latency()).isEqualTo(ms(30));
	}

	@Test
	void jitterIsAddedToTheDelay() {
		RetrySchedule schedule = new RetrySchedule(ms(200), ms(100));
		RandomGenerator random = new RandomGenerator() {
			@Override
			public long nextLong() {
				throw new AssertionError("asks without bounds");
			}

			@Override
			public long nextLong(long origin, long bound) {
				assertThat(origin).isEqualTo(-100_000_000);
				assertThat(bound).isEqualTo(100_000_001);
				return 70_000_000;
			}
		};
		assertThat(schedule.nextPauseNanos(random)).isEqualTo(270_000_000);
		assertThat(new RetrySchedule(ms(200), Duration.ZERO).nextPauseNanos(random)).isEqualTo(200_000_000);
	}

	@Test
	void sourceOfJitterThatThrowsIsAFailureAndNoHang() {
		FakeCluster cluster = new FakeCluster(3);
		cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		DefaultRedlock redlock = cluster.client((builder) -> builder.random(() -> {
			throw new IllegalStateException("no dice");
		}));
		assertThat(failure(() -> redlock.acquire("a", TTL))).hasMessageContaining("no dice");
	}

	/**
	 * Not even an Error may leave somebody waiting, here who waits for the end of all.
	 */
	@Test
	void errorOfASourceOfValuesEndsTheAcquisition() {
		FakeCluster cluster = new FakeCluster(3);
		DefaultRedlock redlock = cluster.client((builder) -> builder.values(() -> {
			throw new StackOverflowError();
		}));
		assertThat(failure(() -> redlock.acquire("a", TTL))).hasCauseInstanceOf(StackOverflowError.class);
		CompletableFuture<Void> idle = redlock.whenIdle().toCompletableFuture();
		cluster.time().advance(ms(1));
		assertThat(idle).isCompleted();
	}

	/** [61] */
	@Test
	void asynchronousCallersOfOneClientDoNotShareAHold() {
		FakeCluster cluster = new FakeCluster(3);
		Redlock redlock = cluster.client();
		LockOptions once = LockOptions.builder().retryCount(0).build();
		CompletableFuture<LockHandle> first = redlock.acquireAsync(List.of("a"), TTL, once);
		CompletableFuture<LockHandle> second = redlock.acquireAsync(List.of("a"), TTL, once);
		cluster.time().advance(Duration.ofSeconds(1));
		assertThat(first).isCompleted();
		assertThat(second).isCompletedExceptionally();
		assertThat(first.join().isValid()).isTrue();
		assertThat(cluster.holding("a", first.join().value())).isEqualTo(3);
	}

}
