package io.github.redlock.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockOptions;
import io.github.redlock.LockReleaseException;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Release on fake nodes in virtual time. Numbers in brackets: see docs/traps.md.
 */
class LockReleaseTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final DefaultRedlock redlock = this.cluster.client((builder) -> builder.listener(this.recorder));

	@AfterEach
	void clearInterrupt() {
		Thread.interrupted();
	}

	private static Duration ms(long millis) {
		return Duration.ofMillis(millis);
	}

	private void advance(Duration duration) {
		this.cluster.time().advance(duration);
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 3, 4, 5 })
	void releaseDeletesTheKeyOnEveryNode(int size) {
		FakeCluster cluster = new FakeCluster(size);
		LockHandle lock = cluster.client().acquire("a", TTL);
		assertThat(lock.release()).isTrue();
		cluster.time().advance(Duration.ZERO);
		assertThat(cluster.holding("a")).isZero();
		assertThat(lock.isValid()).isFalse();
		assertThat(lock.remainingValidity()).isZero();
	}

	@Test
	void lockIsInvalidHereBeforeAnyNodeIsTold() {
		this.cluster.nodes().forEach((node) -> node.latency(ms(10), ms(10)));
		LockHandle lock = this.redlock.acquire("a", TTL);
		CompletableFuture<Boolean> release = lock.releaseAsync();
		assertThat(lock.isValid()).isFalse();
		assertThat(this.cluster.holding("a")).isEqualTo(3);
		advance(ms(20));
		assertThat(release).isCompletedWithValue(true);
	}

	@Test
	void releaseReturnsOnceAQuorumHasAnswered() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		this.cluster.node(0).freeze();
		assertThat(lock.release()).isTrue();
		assertThat(this.cluster.time().elapsed()).isZero();
	}

	/** [36] */
	@Test
	void releaseOfAnExpiredLockReturnsAtOnceAndSaysSo() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		this.cluster.time().pause(TTL);
		this.cluster.nodes().forEach(FakeLockNode::freeze);
		assertThat(lock.release()).isFalse();
		assertThat(this.cluster.time().elapsed()).isEqualTo(TTL);
		advance(ms(1));
		assertThat(this.recorder.events("lost")).hasSize(1);
	}

	/** [37] */
	@Test
	void releaseNeverRemovesTheKeyOfSomebodyElse() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", TTL));
		assertThat(lock.release()).as("it had been lost before").isFalse();
		advance(ms(1));
		assertThat(this.cluster.holding("a", "stranger")).isEqualTo(3);
		assertThat(this.recorder.events("lost")).as("a loss is never silent").containsExactly("lost [a]");
		assertThat(this.recorder.events("released")).containsExactly("released [a] false");
	}

	@Test
	void releaseIsTrueAsLongAsTheValueWasNotGoneFromTooManyNodes() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		advance(ms(1));
		this.cluster.node(0).wipe();
		assertThat(lock.release()).isTrue();
	}

	/** [38] */
	@Test
	void releaseReachesNodesThatHadNotGranted() {
		this.cluster.node(0).freeze();
		LockHandle lock = this.redlock.acquire("a", TTL);
		lock.release();
		this.cluster.node(0).thaw();
		advance(ms(1));
		assertThat(this.cluster.node(0).log()).containsExactly("probe", "acquire [a]", "release [a]");
		assertThat(this.cluster.node(0).valueOf("a")).isNull();
	}

	/** [39] */
	@Test
	void oneExpiredKeyDoesNotStopTheOthersFromBeingDeleted() {
		LockHandle lock = this.redlock.acquire(List.of("a", "b"), TTL);
		advance(ms(1));
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", ms(60_000)));
		lock.release();
		advance(ms(1));
		assertThat(this.cluster.holding("b")).isZero();
		assertThat(this.cluster.holding("a", "stranger")).isEqualTo(3);
	}

	/** [42] */
	@Test
	void releasingTwiceIsHarmlessAndGivesTheSameAnswer() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		assertThat(lock.release()).isTrue();
		LockHandle next = this.cluster.client().acquire("a", TTL);
		assertThat(lock.release()).isTrue();
		CompletableFuture<Boolean> again = lock.releaseAsync();
		advance(ms(1));
		assertThat(again).isCompletedWithValue(true);
		lock.close();
		advance(ms(1));
		assertThat(this.cluster.holding("a", next.value())).isEqualTo(3);
		assertThat(this.recorder.events("released")).hasSize(1);
	}

	/** [42] */
	@Test
	void lockMayBeReleasedOnAnotherThread() throws Exception {
		LockHandle lock = this.redlock.acquire("a", TTL);
		Thread other = new Thread(lock::release);
		other.start();
		other.join();
		assertThat(this.cluster.holding("a")).isZero();
	}

	/** [43] */
	@Test
	void releaseThatIsRepeatedAfterALostReplyIsNoError() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		this.cluster.node(0).loseReplies(true);
		assertThat(lock.release()).isTrue();
		this.cluster.node(0).loseReplies(false);
		advance(Duration.ofSeconds(3));
		assertThat(this.cluster.node(0).log()).endsWith("release [a]", "probe", "release [a]");
		assertThat(this.recorder.events("releaseFailed")).isEmpty();
		assertThat(this.recorder.events("released")).containsExactly("released [a] true");
	}

	@Test
	void releaseWithoutAQuorumIsReportedAndSentAgain() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		advance(ms(1));
		this.cluster.node(0).refuse(true);
		this.cluster.node(1).refuse(true);
		assertThatExceptionOfType(LockReleaseException.class).isThrownBy(lock::release)
			.withMessageContaining("[a]")
			.withMessageContaining("not confirmed")
			.satisfies((ex) -> assertThat(ex.getAttempt().quorumSize()).isEqualTo(2));
		assertThat(lock.isValid()).isFalse();
		advance(ms(500));
		assertThat(this.recorder.events("releaseFailed")).containsExactly("releaseFailed [a]");
		assertThat(this.cluster.holding("a", lock.value())).isEqualTo(2);
		this.cluster.node(0).refuse(false);
		this.cluster.node(1).refuse(false);
		advance(ms(2000));
		assertThat(this.cluster.holding("a")).as("long before the ttl is over").isZero();
	}

	@Test
	void closeThrowsALossAndOnlyThat() {
		LockHandle lost = this.redlock.acquire("a", TTL);
		this.cluster.time().pause(TTL);
		assertThatExceptionOfType(LockLostException.class).isThrownBy(lost::close);
		LockHandle unconfirmed = this.redlock.acquire("b", TTL);
		this.cluster.node(0).refuse(true);
		this.cluster.node(1).refuse(true);
		unconfirmed.close();
		advance(ms(1));
		assertThat(this.recorder.events("releaseFailed")).containsExactly("releaseFailed [b]");
	}

	@Test
	void tryWithResourcesReleases() {
		try (LockHandle lock = this.redlock.acquire("a", TTL)) {
			assertThat(lock.isValid()).isTrue();
		}
		assertThat(this.cluster.holding("a")).isZero();
	}

	/** An interrupted holder still releases. */
	@Test
	void interruptDoesNotCutAReleaseShort() {
		this.cluster.nodes().forEach((node) -> node.latency(ms(5), ms(5)));
		LockHandle lock = this.redlock.acquire("a", TTL);
		Thread.currentThread().interrupt();
		assertThat(lock.release()).isTrue();
		assertThat(Thread.interrupted()).as("the flag stays").isTrue();
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void releaseSharesTheWireWithOthersByValueOnly() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		this.cluster.time().pause(TTL.plusMillis(1));
		LockHandle next = this.cluster.client().acquire("a", TTL);
		assertThat(lock.release()).isFalse();
		advance(ms(1));
		assertThat(this.cluster.holding("a", next.value())).isEqualTo(3);
		assertThat(next.isValid()).isTrue();
	}

	@Test
	void closingTheRedlockGivesUpWhatIsHeldWithoutDeletingIt() {
		LockHandle lock = this.redlock.acquire("a", TTL);
		this.redlock.close();
		advance(ms(1));
		assertThat(lock.isValid()).isFalse();
		assertThat(lock.release()).isFalse();
		assertThat(this.recorder.events("lost")).hasSize(1);
		assertThat(this.cluster.holding("a")).as("its holder may still be at work").isEqualTo(3);
		advance(FakeCluster.COMMAND_TIMEOUT);
		assertThat(this.cluster.time().scheduled()).isZero();
	}

	/** [60] */
	@Test
	void nothingIsExtendedAfterTheClose() {
		LockHandle lock = this.redlock.acquire("a", TTL, LockOptions.builder().autoExtend(true).build());
		advance(TTL);
		assertThat(lock.isValid()).isTrue();
		this.redlock.close();
		this.cluster.clearLogs();
		advance(TTL.multipliedBy(2));
		assertThat(this.cluster.nodes()).allSatisfy((node) -> assertThat(node.log()).isEmpty());
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void closingTheRedlockReleasesWhatIsHeldIfThatIsWanted() {
		DefaultRedlock redlock = this.cluster
			.client((builder) -> builder.listener(this.recorder).releaseHeldOnClose(true));
		LockHandle lock = redlock.acquire("b", TTL);
		List<String> warnings = Warnings.during(redlock::close);
		advance(ms(1));
		assertThat(warnings).singleElement(InstanceOfAssertFactories.STRING)
			.contains("Lost the lock on [b]", "released, although its holder may still be at work");
		assertThat(lock.isValid()).isFalse();
		assertThat(lock.release()).isFalse();
		assertThat(this.recorder.events("lost")).hasSize(1);
		assertThat(this.cluster.holding("b")).isZero();
		advance(FakeCluster.COMMAND_TIMEOUT);
		assertThat(this.cluster.time().scheduled()).isZero();
	}

	/** [64] */
	@Tag("scale")
	@Test
	void tenThousandCyclesLeaveNoTimer() {
		int before = this.cluster.time().scheduled();
		LockOptions extended = LockOptions.builder().autoExtend(true).build();
		for (int i = 0; i < 10_000; i++) {
			this.redlock.acquire("a" + i % 100, TTL, extended).release();
		}
		advance(FakeCluster.COMMAND_TIMEOUT);
		assertThat(this.cluster.time().scheduled()).isEqualTo(before);
	}

	@Test
	void whenIdleCompletesWithTheLastRelease() {
		LockHandle first = this.redlock.acquire("a", TTL);
		LockHandle second = this.redlock.acquire("b", TTL);
		CompletableFuture<Void> idle = this.redlock.whenIdle().toCompletableFuture();
		first.release();
		assertThat(idle).isNotDone();
		this.cluster.nodes().forEach((node) -> node.latency(ms(10), ms(10)));
		second.releaseAsync();
		advance(ms(19));
		assertThat(idle).as("while the release is on its way").isNotDone();
		advance(ms(2));
		assertThat(idle).isDone();
		CompletableFuture<Void> again = this.redlock.whenIdle().toCompletableFuture();
		advance(ms(1));
		assertThat(again).isDone();
	}

}
