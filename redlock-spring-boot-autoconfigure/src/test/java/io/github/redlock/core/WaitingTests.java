package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Those of one process who wait for the same resource: a queue, and locks that are handed
 * over in it.
 */
class WaitingTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final Duration LATENCY = Duration.ofMillis(5);

	private static final LockOptions EXTENDED = LockOptions.builder()
		.autoExtend(true)
		.waitTime(Duration.ofSeconds(30))
		.build();

	private static final LockOptions PLAIN = LockOptions.builder().waitTime(Duration.ofSeconds(30)).build();

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final DefaultRedlock redlock = this.cluster.client((builder) -> builder.listener(this.recorder));

	private CompletableFuture<LockHandle> ask(LockOptions options) {
		return ask(TTL, options);
	}

	private CompletableFuture<LockHandle> ask(Duration ttl, LockOptions options) {
		CompletableFuture<LockHandle> asked = this.redlock.acquireAsync(List.of("a"), ttl, options);
		pass(Duration.ofMillis(1));
		return asked;
	}

	private void pass(Duration time) {
		this.cluster.time().advance(time);
	}

	private LockHandle got(CompletableFuture<LockHandle> asked) {
		assertThat(asked).isDone();
		return asked.join();
	}

	private void release(LockHandle lock) {
		CompletableFuture<Boolean> released = lock.releaseAsync();
		pass(LATENCY.multipliedBy(4));
		assertThat(released).isCompletedWithValue(true);
	}

	private void slow() {
		this.cluster.nodes().forEach((node) -> node.latency(LATENCY, LATENCY));
	}

	@Test
	void lockIsHandedOverInTheOrderOfArrivalWithoutAskingANode() {
		LockHandle first = got(ask(EXTENDED));
		LockHandle second = handOverTo(first, List.of(ask(EXTENDED), ask(EXTENDED), ask(EXTENDED))).get(0);
		assertThat(second.isValid()).isFalse();
	}

	/** Release one after the other; each has the lock in its turn, and alone. */
	private List<LockHandle> handOverTo(LockHandle first, List<CompletableFuture<LockHandle>> waiting) {
		// The block of tokens is reserved by the first who had to wait.
		release(first);
		List<LockHandle> holders = new ArrayList<>();
		LockHandle holder = got(waiting.get(0));
		this.cluster.clearLogs();
		for (CompletableFuture<LockHandle> next : waiting.subList(1, waiting.size())) {
			assertThat(holder.isValid()).isTrue();
			assertThat(next).isNotDone();
			holders.add(holder);
			holder.releaseAsync();
			assertThat(holder.isValid()).isFalse();
			pass(Duration.ofMillis(1));
			LockHandle following = got(next);
			assertThat(following.isValid()).isTrue();
			assertThat(following.value()).isEqualTo(holder.value());
			assertThat(following.fencingToken()).isGreaterThan(holder.fencingToken());
			holder = following;
		}
		assertThat(this.cluster.nodes()).allSatisfy((node) -> assertThat(node.log()).isEmpty());
		holders.add(holder);
		release(holder);
		assertThat(this.cluster.holding("a")).isZero();
		return holders;
	}

	@Test
	void everyHolderOfAStreakIsToldOfItsOwnLock() {
		LockHandle first = got(ask(EXTENDED));
		handOverTo(first, List.of(ask(EXTENDED), ask(EXTENDED), ask(EXTENDED)));
		assertThat(this.recorder.events("acquired")).hasSize(4);
		assertThat(this.recorder.events("released")).containsOnly("released [a] true").hasSize(4);
		assertThat(this.recorder.events("lost")).isEmpty();
	}

	@Test
	void lockThatIsNotExtendedIsTransferredInOneRoundTrip() {
		LockHandle first = got(ask(PLAIN));
		CompletableFuture<LockHandle> second = ask(PLAIN);
		this.cluster.clearLogs();
		slow();
		CompletableFuture<Boolean> released = first.releaseAsync();
		assertThat(first.isValid()).isFalse();
		pass(LATENCY.multipliedBy(2));
		assertThat(released).isCompletedWithValue(true);
		LockHandle next = got(second);
		assertThat(next.remainingValidity()).isGreaterThan(TTL.minus(Duration.ofMillis(200)));
		assertThat(next.value()).isNotEqualTo(first.value());
		assertThat(next.fencingToken()).isGreaterThan(first.fencingToken());
		assertThat(this.cluster.nodes()).allSatisfy((node) -> assertThat(node.log()).containsExactly("transfer [a]"));
		release(next);
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void lockOfAnotherTtlOrNearItsExtensionIsTransferred() {
		LockHandle first = got(ask(EXTENDED));
		CompletableFuture<LockHandle> second = ask(TTL.multipliedBy(2), EXTENDED);
		release(first);
		assertThat(got(second).ttl()).isEqualTo(TTL.multipliedBy(2));
		assertThat(this.cluster.node(0).log()).contains("transfer [a]");
	}

	@Test
	void transferThatReachesNoQuorumEndsInAnOrdinaryAcquisition() {
		LockHandle first = got(ask(PLAIN));
		CompletableFuture<LockHandle> second = ask(PLAIN);
		// Gone on two nodes: whoever is next starts from nothing.
		this.cluster.node(0).wipe();
		this.cluster.node(1).wipe();
		CompletableFuture<Boolean> released = first.releaseAsync();
		pass(Duration.ofMillis(1));
		assertThat(released).as("it was lost").isCompletedWithValue(false);
		assertThat(this.recorder.events("lost")).hasSize(1);
		LockHandle next = got(second);
		assertThat(this.cluster.holding("a", next.value())).isEqualTo(3);
		assertThat(this.cluster.node(2).log()).containsSubsequence("transfer [a]", "release [a]", "acquire [a]");
		release(next);
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void nodeThatCannotBeReachedIsToldToReleaseWhatWasTransferred() {
		LockHandle first = got(ask(PLAIN));
		CompletableFuture<LockHandle> second = ask(PLAIN);
		this.cluster.node(2).loseRequests(true);
		release(first);
		LockHandle next = got(second);
		assertThat(this.cluster.holding("a", next.value())).isEqualTo(2);
		this.cluster.node(2).loseRequests(false);
		pass(Duration.ofSeconds(3));
		assertThat(this.cluster.node(2).valueOf("a")).as("the value of the holder before").isNull();
	}

	@Test
	void streakEndsSoThatOtherProcessesGetTheirTurn() {
		List<CompletableFuture<LockHandle>> waiting = new ArrayList<>();
		LockHandle holder = got(ask(EXTENDED));
		for (int i = 0; i < 2 * Streak.MAX_LENGTH; i++) {
			waiting.add(ask(EXTENDED));
		}
		int released = 0;
		for (CompletableFuture<LockHandle> next : waiting) {
			this.cluster.clearLogs();
			holder.releaseAsync();
			pass(Duration.ofMillis(1));
			holder = got(next);
			released += this.cluster.node(0).log().contains("release [a]") ? 1 : 0;
		}
		assertThat(released).isEqualTo(2);
	}

	@Test
	void streakEndsWithTimeToo() {
		LockHandle holder = got(ask(EXTENDED));
		CompletableFuture<LockHandle> second = ask(EXTENDED);
		pass(Duration.ofNanos(Streak.MAX_NANOS));
		this.cluster.clearLogs();
		release(holder);
		assertThat(this.cluster.node(0).log()).contains("release [a]");
		assertThat(second).isDone();
	}

	@Test
	void whoIsToldOfReleasesAsksOneNodeAndSeldom() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofMinutes(5)).telling());
		CompletableFuture<LockHandle> waiting = ask(PLAIN);
		this.cluster.clearLogs();
		pass(Duration.ofSeconds(29));
		List<Integer> asked = this.cluster.nodes().stream().map((node) -> node.log().size()).toList();
		assertThat(asked.get(2)).as("200 ms, doubled until 5 s: ten times, each withdrawn").isBetween(16, 22);
		assertThat(asked.subList(0, 2)).containsOnly(0);
		this.cluster.nodes().forEach((node) -> node.delete("a"));
		this.cluster.node(2).tellOfRelease();
		pass(Duration.ofMillis(1));
		assertThat(waiting).isCompleted();
	}

	@Test
	void whoIsToldOfReleasesAsksWhenTheTtlOfAHolderThatIsGoneIsOver() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofSeconds(8)).telling());
		CompletableFuture<LockHandle> waiting = ask(PLAIN);
		pass(Duration.ofMillis(7990));
		assertThat(waiting).isNotDone();
		pass(Duration.ofMillis(20));
		assertThat(waiting).isCompleted();
	}

	@Test
	void whoWaitsInTheQueueAsksNoNode() {
		got(ask(PLAIN));
		ask(PLAIN);
		this.cluster.clearLogs();
		ask(PLAIN);
		ask(PLAIN);
		assertThat(this.cluster.nodes()).allSatisfy((node) -> assertThat(node.log()).isEmpty());
	}

	@Test
	void whoseTimeIsOverInTheQueueAsksNoNode() {
		got(ask(EXTENDED));
		ask(PLAIN);
		LockOptions short_ = LockOptions.builder().waitTime(Duration.ofMillis(700)).build();
		CompletableFuture<LockHandle> third = ask(short_);
		pass(Duration.ofMillis(698));
		assertThat(third).isNotDone();
		pass(Duration.ofMillis(5));
		assertThat(third).isCompletedExceptionally();
		LockNotAcquiredException error = (LockNotAcquiredException) catchThrowable(third::join).getCause();
		assertThat(error.getReason()).isEqualTo(Reason.HELD);
		assertThat(error).hasMessageContaining("waited in front");
		assertThat(error.getAttempts()).isEmpty();
	}

	@Test
	void whoseTimeIsOverInTheQueueIsToldThatNoQuorumVotes() {
		got(ask(EXTENDED));
		ask(PLAIN);
		CompletableFuture<LockHandle> third = ask(LockOptions.builder().waitTime(Duration.ofSeconds(2)).build());
		this.cluster.node(0).refuse(true);
		this.cluster.node(1).refuse(true);
		pass(Duration.ofMillis(2005));
		LockNotAcquiredException error = (LockNotAcquiredException) catchThrowable(third::join).getCause();
		assertThat(error.getReason()).isEqualTo(Reason.NO_QUORUM);
	}

	@Test
	void timeInTheQueueIsBoundedByTheRetriesWhereThereIsNoWaitTime() {
		got(ask(EXTENDED));
		ask(PLAIN);
		// Three retries after 200 ms +- 100 ms.
		CompletableFuture<LockHandle> third = ask(LockOptions.defaults());
		pass(Duration.ofMillis(890));
		assertThat(third).isNotDone();
		pass(Duration.ofMillis(20));
		assertThat(third).isCompletedExceptionally();
	}

	@Test
	void whoGivesUpIsPassedOver() {
		LockHandle first = got(ask(EXTENDED));
		CompletableFuture<LockHandle> second = ask(EXTENDED);
		CompletableFuture<LockHandle> third = ask(EXTENDED);
		second.cancel(true);
		pass(Duration.ofMillis(1));
		release(first);
		release(got(third));
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void nobodyIsForgottenWhereTheFirstGaveUp() {
		// Held by somebody else: only the first of the queue asks.
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofSeconds(5)));
		CompletableFuture<LockHandle> first = ask(PLAIN);
		CompletableFuture<LockHandle> second = ask(PLAIN);
		first.cancel(true);
		pass(Duration.ofSeconds(6));
		assertThat(got(second).isValid()).isTrue();
	}

	/** Who would not ask again for long. */
	private CompletableFuture<LockHandle> askBesideStranger() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		return ask(PLAIN.toBuilder()
			.waitTime(Duration.ofMinutes(30))
			.retryDelay(Duration.ofMinutes(5))
			.retryJitter(Duration.ZERO)
			.build());
	}

	@Test
	void releaseThatHasReachedOnlyTheNodeThatTellsOfItIsWaitedFor() {
		CompletableFuture<LockHandle> waiting = askBesideStranger();
		this.cluster.node(2).delete("a");
		this.cluster.node(2).tellOfRelease();
		pass(Duration.ofMillis(20));
		assertThat(waiting).isNotDone();
		this.cluster.node(0).delete("a");
		pass(Duration.ofMillis(50));
		assertThat(got(waiting).isValid()).isTrue();
	}

	@Test
	void releaseThatNeverReachesTheOthersIsNotAskedForAllTheTime() {
		CompletableFuture<LockHandle> waiting = askBesideStranger();
		this.cluster.node(2).delete("a");
		this.cluster.node(2).tellOfRelease();
		this.cluster.clearLogs();
		pass(Duration.ofMinutes(4));
		assertThat(waiting).isNotDone();
		assertThat(this.cluster.node(1).log().stream().filter("acquire [a]"::equals)).hasSizeBetween(10, 20);
	}

	/** The lock of a holder who has had it for so long that he does not hand it over. */
	private LockHandle held() {
		LockHandle held = got(ask(PLAIN));
		pass(Duration.ofNanos(Streak.MAX_NANOS));
		return held;
	}

	@Test
	void answerOfTheNodeThatTellsOfReleasesIsNotWaitedFor() {
		LockHandle held = held();
		CompletableFuture<LockHandle> waiting = ask(PLAIN.toBuilder().retryDelay(Duration.ofSeconds(20)).build());
		this.cluster.node(2).freeze();
		held.releaseAsync();
		pass(Duration.ofMillis(5));
		assertThat(got(waiting).isValid()).isTrue();
	}

	@Test
	void nodeThatAnswersWithErrorsIsNotListenedTo() {
		LockHandle held = this.cluster.client().acquire("a", TTL);
		this.cluster.node(2).failWith(new IllegalStateException("LOADING"));
		this.redlock.acquire("b", TTL);
		CompletableFuture<LockHandle> waiting = ask(
				PLAIN.toBuilder().retryDelay(Duration.ofSeconds(20)).retryJitter(Duration.ZERO).build());
		release(held);
		assertThat(waiting).as("nobody told of it").isNotDone();
		this.cluster.node(1).tellOfRelease();
		pass(Duration.ofMillis(1));
		assertThat(got(waiting).isValid()).isTrue();
	}

	@Test
	void noticeIsForTheFirstOfTheQueueOnly() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		// Listening already, so that notices count for those who come now.
		ask(PLAIN).cancel(true);
		slow();
		ask(PLAIN);
		ask(PLAIN);
		this.cluster.node(2).tellOfRelease();
		this.cluster.clearLogs();
		pass(LATENCY.multipliedBy(8));
		assertThat(this.cluster.node(2).log().stream().filter("acquire [a]"::equals))
			.as("one of each, and another one of the first")
			.hasSize(3);
	}

	@Test
	void whoGivesUpALockOnItsWayToHimWakesTheNext() {
		LockHandle held = got(ask(PLAIN));
		LockOptions rare = PLAIN.toBuilder().retryDelay(Duration.ofSeconds(20)).build();
		CompletableFuture<LockHandle> second = ask(rare);
		CompletableFuture<LockHandle> third = ask(rare);
		slow();
		held.releaseAsync();
		second.cancel(true);
		pass(LATENCY.multipliedBy(8));
		assertThat(got(third).isValid()).isTrue();
		release(got(third));
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void lockThatIsNotHandedOverInTimeEndsTheWaiting() {
		LockHandle held = got(ask(PLAIN));
		CompletableFuture<LockHandle> waiting = ask(PLAIN.toBuilder().waitTime(Duration.ofMillis(50)).build());
		this.cluster.nodes().forEach(FakeLockNode::freeze);
		held.releaseAsync();
		pass(FakeCluster.COMMAND_TIMEOUT.plusMillis(5));
		assertThat(waiting).isCompletedExceptionally();
	}

	@Test
	void errorWhileTheOthersAreAskedCostsOneVote() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		CompletableFuture<LockHandle> waiting = ask(PLAIN);
		this.cluster.nodes().forEach((node) -> node.delete("a"));
		this.cluster.node(1).breakNextAcquisition(new StackOverflowError("as in the thread of a caller"));
		this.cluster.node(2).tellOfRelease();
		pass(Duration.ofMillis(1));
		assertThat(got(waiting).isValid()).isTrue();
		assertThat(this.cluster.holding("a")).isEqualTo(2);
	}

	@Test
	void minimumOfTheHolderIsKept() {
		LockHandle first = got(ask(EXTENDED.toBuilder().holdAtLeast(Duration.ofSeconds(3)).build()));
		CompletableFuture<LockHandle> second = ask(EXTENDED);
		release(first);
		pass(Duration.ofMillis(2900));
		assertThat(second).isNotDone();
		pass(Duration.ofMillis(500));
		assertThat(second).isDone();
	}

	@Test
	void maximumCountsForEachHolder() {
		LockOptions bounded = EXTENDED.toBuilder().maxHold(Duration.ofMillis(500)).build();
		LockHandle first = got(ask(bounded));
		CompletableFuture<LockHandle> second = ask(bounded);
		pass(Duration.ofMillis(50));
		release(first);
		LockHandle next = got(second);
		assertThat(next.remainingValidity()).isBetween(Duration.ofMillis(400), Duration.ofMillis(500));
		pass(Duration.ofMillis(500));
		assertThat(next.isValid()).isFalse();
	}

	@Test
	void lockThatWasHandedOverIsExtended() {
		LockHandle first = got(ask(EXTENDED));
		CompletableFuture<LockHandle> second = ask(EXTENDED);
		release(first);
		LockHandle next = got(second);
		pass(Duration.ofMinutes(1));
		assertThat(next.isValid()).isTrue();
		assertThat(this.recorder.events("extended")).isNotEmpty();
		release(next);
		pass(Duration.ofSeconds(3));
		assertThat(this.cluster.time().scheduled()).as("timers").isZero();
	}

	@Test
	void attemptWithoutWaitingDoesNotQueue() {
		LockHandle first = got(ask(EXTENDED));
		ask(EXTENDED);
		assertThat(this.redlock.tryAcquire("a")).isEmpty();
		assertThat(first.isValid()).isTrue();
	}

	@Test
	void closingEndsTheQueue() {
		got(ask(EXTENDED));
		CompletableFuture<LockHandle> second = ask(EXTENDED);
		CompletableFuture<LockHandle> third = ask(EXTENDED);
		this.redlock.close();
		pass(Duration.ofMillis(1));
		assertThat(List.of(second, third)).allSatisfy((asked) -> assertThat(asked).isCompletedExceptionally());
		pass(Duration.ofSeconds(2));
		assertThat(this.cluster.time().scheduled()).isZero();
	}

	@Test
	void severalResourcesQueueInAnyOrder() {
		LockHandle first = this.redlock.acquire(List.of("a", "b"), TTL, EXTENDED);
		CompletableFuture<LockHandle> second = this.redlock.acquireAsync(List.of("b", "a"), TTL, EXTENDED);
		pass(Duration.ofMillis(1));
		release(first);
		assertThat(got(second).isValid()).isTrue();
	}

	@Test
	void eachHolderHasATokenOfHisOwn() {
		List<Long> tokens = new ArrayList<>();
		LockHandle holder = got(ask(EXTENDED));
		for (int i = 0; i < 50; i++) {
			CompletableFuture<LockHandle> next = ask(EXTENDED);
			tokens.add(holder.fencingToken());
			holder.releaseAsync();
			pass(Duration.ofMillis(1));
			holder = got(next);
		}
		assertThat(tokens).doesNotHaveDuplicates().isSorted();
	}

}
