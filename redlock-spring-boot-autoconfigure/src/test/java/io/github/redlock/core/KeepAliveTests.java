package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Extensions that fall due together travel together. Numbers in brackets: see
 * docs/traps.md.
 */
class KeepAliveTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final Duration PERIOD = Duration.ofSeconds(3);

	private static final LockOptions AUTO = LockOptions.builder().autoExtend(true).build();

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final DefaultRedlock redlock = this.cluster.client((builder) -> builder.listener(this.recorder));

	private void advance(Duration duration) {
		this.cluster.time().advance(duration);
	}

	private List<LockHandle> acquire(int count) {
		List<LockHandle> locks = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			locks.add(this.redlock.acquire("lock" + i, TTL, AUTO));
		}
		this.cluster.clearLogs();
		return locks;
	}

	private Stream<String> extensions(int node) {
		return this.cluster.node(node).log().stream().filter((entry) -> entry.startsWith("extend"));
	}

	/** [31] */
	@Tag("scale")
	@Test
	void locksThatFallDueTogetherShareRequests() {
		List<LockHandle> locks = acquire(250);
		advance(PERIOD.plusMillis(1));
		assertThat(extensions(0)).as("one after the other, so that others are served in between")
			.containsExactly("extend 100 locks");
		advance(Duration.ofMillis(10));
		assertThat(extensions(0)).containsExactly("extend 100 locks", "extend 100 locks");
		advance(Duration.ofMillis(10));
		assertThat(extensions(0)).containsExactly("extend 100 locks", "extend 100 locks", "extend 50 locks");
		assertThat(locks).allMatch((lock) -> lock.remainingValidity().compareTo(TTL.minusMillis(200)) > 0);
		advance(Duration.ofMinutes(5));
		assertThat(locks).allMatch(LockHandle::isValid);
		assertThat(extensions(0)).allMatch((entry) -> entry.endsWith("locks"));
		assertThat(this.recorder.events("lost")).isEmpty();
	}

	@Tag("scale")
	@Test
	void manyLocksThatAreExtendedLateAreSpreadOverTheTimeThatIsLeft() {
		DefaultRedlock late = this.cluster.client((builder) -> builder.listener(this.recorder).extendAfter(0.9));
		List<LockHandle> locks = new ArrayList<>();
		for (int i = 0; i < 3000; i++) {
			locks.add(late.acquire("late" + i, Duration.ofSeconds(3), AUTO));
		}
		advance(Duration.ofSeconds(10));
		assertThat(locks).allMatch(LockHandle::isValid);
		assertThat(this.recorder.events("lost")).isEmpty();
	}

	@Test
	void lockThatIsAloneIsExtendedExactlyWhenItIsDue() {
		acquire(1);
		advance(PERIOD.minusNanos(1));
		assertThat(extensions(0)).isEmpty();
		advance(Duration.ofMillis(1));
		assertThat(extensions(0)).containsExactly("extend [lock0]");
	}

	@Test
	void locksOfDifferentTtlsDoNotShareRequests() {
		acquire(2);
		this.redlock.acquire("long", TTL.plusMillis(1), AUTO);
		advance(PERIOD.plusMillis(2));
		assertThat(extensions(0)).containsExactly("extend 2 locks", "extend [long]");
	}

	@Test
	void lockOfSeveralResourcesIsExtendedAlone() {
		acquire(2);
		this.redlock.acquire(List.of("a", "b"), TTL, AUTO);
		advance(PERIOD.plusMillis(1));
		assertThat(extensions(0)).containsExactlyInAnyOrder("extend [a, b]", "extend 2 locks");
	}

	@Test
	void lockThatIsLostDoesNotConcernTheOthers() {
		List<LockHandle> locks = acquire(3);
		this.cluster.node(0).delete("lock1");
		this.cluster.node(2).delete("lock1");
		advance(PERIOD.plusMillis(1));
		assertThat(locks.get(0).isValid()).isTrue();
		assertThat(locks.get(1).isValid()).isFalse();
		assertThat(locks.get(2).isValid()).isTrue();
		assertThat(this.recorder.events("lost")).containsExactly("lost [lock1]");
		assertThat(this.cluster.holding("lock1")).as("what is left of it is released").isZero();
	}

	@Test
	void nodeThatLostItsKeysGetsThemBack() {
		List<LockHandle> locks = acquire(3);
		this.cluster.node(1).wipe();
		advance(PERIOD.plusMillis(1));
		assertThat(locks)
			.allSatisfy((lock) -> assertThat(this.cluster.holding(lock.resources().get(0), lock.value())).isEqualTo(3));
	}

	@Test
	void keysThatComeTooLateAreHealedToo() {
		List<LockHandle> locks = acquire(3);
		this.cluster.node(1).wipe().latency(Duration.ofMillis(50), Duration.ZERO);
		advance(PERIOD.plusMillis(150));
		assertThat(locks)
			.allSatisfy((lock) -> assertThat(this.cluster.holding(lock.resources().get(0), lock.value())).isEqualTo(3));
	}

	@Test
	void nothingIsSetOnANodeWhereNoQuorumConfirmed() {
		acquire(3);
		this.cluster.node(0).wipe();
		this.cluster.node(1).wipe();
		advance(PERIOD.plusMillis(1));
		assertThat(this.recorder.events("lost")).hasSize(3);
		assertThat(this.cluster.node(0).log()).noneMatch((entry) -> entry.startsWith("heal"));
	}

	@Test
	void failingMinorityCostsNothing() {
		List<LockHandle> locks = acquire(3);
		this.cluster.node(2).freeze();
		advance(Duration.ofMinutes(1));
		assertThat(locks).allMatch(LockHandle::isValid);
	}

	@Test
	void failingMajorityIsTriedAgainLockByLock() {
		List<LockHandle> locks = acquire(3);
		this.cluster.node(1).failWith(new IllegalStateException("OOM"));
		this.cluster.node(2).failWith(new IllegalStateException("OOM"));
		advance(PERIOD.plusMillis(10));
		this.cluster.node(1).failWith(null);
		advance(Duration.ofSeconds(5));
		assertThat(locks).allMatch(LockHandle::isValid);
		assertThat(this.recorder.events("lost")).isEmpty();
	}

	@Test
	void silentMajorityLosesTheLocksInTime() {
		List<LockHandle> locks = acquire(3);
		this.cluster.nodes().forEach(FakeLockNode::freeze);
		advance(TTL.minusMillis(92));
		assertThat(locks).noneMatch(LockHandle::isValid);
		assertThat(this.recorder.events("lost")).hasSize(3);
	}

	@Test
	void nodesThatTakeOneRequestForEachLockAreAskedWhenEachIsDue() {
		FakeCluster slow = new FakeCluster(3);
		slow.node(1).extendOneByOne();
		DefaultRedlock onSlow = slow.client();
		onSlow.acquire("a", TTL, AUTO);
		slow.time().advance(Duration.ofMillis(100));
		onSlow.acquire("b", TTL, AUTO);
		slow.clearLogs();
		slow.time().advance(PERIOD.minusMillis(50));
		assertThat(slow.node(0).log()).containsExactly("extend [a]");
		slow.time().advance(Duration.ofMillis(100));
		assertThat(slow.node(0).log()).containsExactly("extend [a]", "extend [b]");
	}

	/** The timer's thread may be out of memory. */
	@Test
	void errorWhileTheyAreExtendedLeavesNobodyWithoutATimer() {
		List<LockHandle> locks = acquire(3);
		this.cluster.node(1).breakNextExtension(new OutOfMemoryError("as intended"));
		advance(PERIOD.plusMillis(1));
		assertThat(locks.get(1).release()).as("not stuck").isTrue();
		advance(Duration.ofMinutes(1));
		assertThat(locks.get(0).isValid()).isTrue();
		assertThat(locks.get(2).isValid()).isTrue();
		assertThat(this.recorder.events("lost")).isEmpty();
		assertThat(this.cluster.holding("lock1")).isZero();
	}

	@Test
	void lockWhoseTtlWasChangedTakesNoPartInABatchOfTheOldOne() {
		List<LockHandle> locks = acquire(3);
		locks.get(0).extend(Duration.ofSeconds(60));
		this.cluster.clearLogs();
		advance(PERIOD.plusMillis(1));
		assertThat(extensions(0)).containsExactly("extend 2 locks");
	}

	/** [30] */
	@Test
	void releasedLockIsNotExtendedAnyMore() {
		List<LockHandle> locks = acquire(3);
		locks.get(1).release();
		this.cluster.clearLogs();
		advance(PERIOD.plusMillis(1));
		assertThat(extensions(0)).containsExactly("extend 2 locks");
		advance(Duration.ofMinutes(1));
		assertThat(this.cluster.holding("lock1")).isZero();
		locks.get(0).release();
		locks.get(2).release();
		this.cluster.clearLogs();
		advance(Duration.ofMinutes(1));
		assertThat(extensions(0)).isEmpty();
		assertThat(this.cluster.time().scheduled()).isZero();
	}

	@Test
	void lockThatIsReleasedWhileItIsExtendedStaysReleased() {
		List<LockHandle> locks = acquire(2);
		this.cluster.nodes().forEach((node) -> node.latency(Duration.ofMillis(10), Duration.ofMillis(10)));
		advance(PERIOD.plusMillis(5));
		assertThat(locks.get(0).release()).isTrue();
		advance(Duration.ofMinutes(1));
		assertThat(this.cluster.holding("lock0")).isZero();
		assertThat(locks.get(1).isValid()).isTrue();
		assertThat(this.recorder.events("lost")).isEmpty();
	}

	@Test
	void extensionByHandWaitsForTheOneUnderWay() {
		List<LockHandle> locks = acquire(2);
		this.cluster.nodes().forEach((node) -> node.latency(Duration.ofMillis(10), Duration.ofMillis(10)));
		advance(PERIOD.plusMillis(5));
		locks.get(0).extend(Duration.ofSeconds(20));
		assertThat(locks.get(0).remainingValidity()).isGreaterThan(Duration.ofSeconds(19));
		assertThat(this.cluster.node(0).log().stream().filter((entry) -> entry.startsWith("extend")))
			.containsExactly("extend 2 locks", "extend [lock0]");
	}

}
