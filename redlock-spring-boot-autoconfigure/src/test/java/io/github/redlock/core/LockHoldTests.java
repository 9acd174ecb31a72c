package io.github.redlock.core;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockOptions;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * The shortest and the longest time for which a lock is held. Numbers in brackets: see
 * docs/traps.md.
 */
class LockHoldTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final Duration MINUTE = Duration.ofMinutes(1);

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final DefaultRedlock redlock = this.cluster.client((builder) -> builder.listener(this.recorder));

	private static LockOptions atLeast(Duration minimum) {
		return LockOptions.builder().holdAtLeast(minimum).autoExtend(true).build();
	}

	private static LockOptions atMost(Duration maximum) {
		return LockOptions.builder().maxHold(maximum).autoExtend(true).build();
	}

	private void advance(Duration duration) {
		this.cluster.time().advance(duration);
	}

	private static Duration ms(long millis) {
		return Duration.ofMillis(millis);
	}

	@Test
	void resourceStaysLockedForTheMinimumAndNoLonger() {
		LockHandle lock = this.redlock.acquire("a", TTL, atLeast(MINUTE));
		advance(ms(5));
		assertThat(lock.release()).isTrue();
		assertThat(lock.isValid()).as("the holder is rid of it").isFalse();
		advance(MINUTE.minus(ms(6)));
		assertThat(this.redlock.tryAcquire("a")).isEmpty();
		advance(Duration.ofSeconds(1));
		assertThat(this.redlock.tryAcquire("a")).isPresent();
	}

	@Test
	void minimumMayBeShorterThanTheTtl() {
		this.redlock.acquire("a", TTL, atLeast(Duration.ofSeconds(2))).close();
		advance(Duration.ofSeconds(3));
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void nothingIsExtendedWhileTheMinimumLasts() {
		LockHandle lock = this.redlock.acquire("a", TTL, atLeast(MINUTE));
		lock.release();
		this.cluster.clearLogs();
		advance(MINUTE.multipliedBy(3));
		assertThat(this.cluster.node(0).log()).isEmpty();
		assertThat(this.cluster.time().scheduled()).isZero();
	}

	@Test
	void minimumThatHasPassedMakesAnOrdinaryRelease() {
		LockHandle lock = this.redlock.acquire("a", TTL, atLeast(MINUTE));
		advance(MINUTE);
		assertThat(lock.release()).isTrue();
		assertThat(this.cluster.holding("a")).isZero();
		assertThat(this.cluster.node(0).log()).contains("release [a]");
	}

	@Test
	void lockThatWasLostIsNotKept() {
		LockHandle lock = this.redlock.acquire("a", TTL, atLeast(MINUTE));
		this.cluster.nodes().forEach((node) -> node.delete("a"));
		advance(TTL);
		assertThat(lock.release()).isFalse();
		assertThat(this.redlock.tryAcquire("a")).isPresent();
	}

	@Test
	void lockThatNobodyGotIsNotKept() {
		CompletableFuture<LockHandle> future = this.redlock.acquireAsync(java.util.List.of("a"), TTL, atLeast(MINUTE));
		future.cancel(false);
		advance(ms(1));
		assertThat(this.cluster.holding("a")).isZero();
	}

	/** A node that comes back keeps the key for what is left of the minimum. */
	@Test
	void nodeThatMissedTheReleaseIsToldWhatIsLeft() {
		LockHandle lock = this.redlock.acquire("a", TTL, atLeast(MINUTE));
		advance(ms(1));
		this.cluster.node(0).refuse(true);
		lock.release();
		advance(Duration.ofSeconds(4));
		this.cluster.node(0).refuse(false).log().clear();
		advance(Duration.ofSeconds(4));
		assertThat(this.cluster.node(0).log()).anyMatch((entry) -> entry.startsWith("releaseLater [a]"));
		assertThat(this.cluster.node(0).ttlOf("a")).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(54));
	}

	@Test
	void nodeThatMissedTheReleaseIsToldAnOrdinaryOneOnceTheMinimumIsOver() {
		LockHandle lock = this.redlock.acquire("a", TTL, atLeast(Duration.ofSeconds(3)));
		advance(ms(1));
		this.cluster.node(0).refuse(true);
		lock.release();
		advance(Duration.ofSeconds(5));
		this.cluster.node(0).refuse(false).log().clear();
		advance(Duration.ofSeconds(3));
		assertThat(this.cluster.node(0).log()).contains("release [a]");
		assertThat(this.cluster.node(0).valueOf("a")).isNull();
	}

	/** [32] */
	@Test
	void maximumEndsTheLockOfAStuckHolder() {
		LockHandle lock = this.redlock.acquire("a", TTL, atMost(MINUTE));
		advance(MINUTE.minus(ms(1)));
		assertThat(lock.isValid()).isTrue();
		assertThat(lock.remainingValidity()).isEqualTo(ms(1));
		advance(ms(1));
		assertThat(lock.isValid()).isFalse();
		advance(ms(1));
		assertThat(this.recorder.events("lost")).hasSize(1);
		assertThat(this.cluster.holding("a")).as("others can have it").isZero();
		assertThat(lock.signal().error()).get()
			.extracting(Throwable::getMessage)
			.asString()
			.contains("PT1M that it may be held at most");
		assertThatExceptionOfType(LockLostException.class).isThrownBy(lock::close);
	}

	@Test
	void maximumIsNotPassedByAnExtensionByHand() {
		LockHandle lock = this.redlock.acquire("a", TTL, atMost(MINUTE));
		advance(Duration.ofSeconds(50));
		lock.extend(Duration.ofHours(1));
		assertThat(lock.remainingValidity()).isBetween(Duration.ofSeconds(9), Duration.ofSeconds(10));
		advance(Duration.ofSeconds(11));
		assertThat(lock.isValid()).isFalse();
	}

	@Test
	void maximumBelowTheTtlBoundsTheFirstValidityToo() {
		LockHandle lock = this.redlock.acquire("a", TTL, atMost(Duration.ofSeconds(2)));
		assertThat(lock.remainingValidity()).isLessThanOrEqualTo(Duration.ofSeconds(2));
		advance(Duration.ofSeconds(2));
		assertThat(lock.isValid()).isFalse();
		assertThat(this.recorder.events("extended")).isEmpty();
	}

	/** [33]: also of one whose handle was forgotten. */
	@Test
	void defaultMaximumHoldsForEveryLock() {
		DefaultRedlock bounded = this.cluster
			.client((builder) -> builder.defaults(LockOptions.builder().maxHold(MINUTE).build()));
		bounded.acquire("a", TTL, LockOptions.builder().autoExtend(true).build());
		advance(MINUTE.plusSeconds(1));
		assertThat(this.cluster.holding("a")).isZero();
		assertThat(this.cluster.time().scheduled()).isZero();
	}

	@Test
	void boundsThatCannotWorkAreRefused() {
		LockOptions.Builder builder = LockOptions.builder();
		assertThatIllegalArgumentException().isThrownBy(() -> builder.holdAtLeast(ms(-1)))
			.withMessageContaining("holdAtLeast")
			.withMessageContaining("-0.001");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.maxHold(Duration.ZERO))
			.withMessageContaining("maxHold = PT0S is not positive");
		builder.maxHold(TTL).holdAtLeast(MINUTE);
		assertThatIllegalArgumentException().isThrownBy(builder::build)
			.withMessageContaining("PT9S")
			.withMessageContaining("PT1M");
		LockOptions notExtended = LockOptions.builder().holdAtLeast(MINUTE).build();
		assertThatIllegalArgumentException().isThrownBy(() -> this.redlock.acquire("a", TTL, notExtended))
			.withMessageContaining("holdAtLeast PT1M is longer than the ttl PT9S");
		DefaultRedlock bounded = this.cluster
			.client((client) -> client.defaults(LockOptions.builder().maxHold(TTL).build()));
		assertThatIllegalArgumentException().isThrownBy(() -> bounded.acquire("a", TTL, atLeast(MINUTE)))
			.withMessageContaining("maxHold = PT9S is less than holdAtLeast = PT1M");
		assertThat(this.cluster.node(0).log()).doesNotContain("acquire [a]");
	}

	@Test
	void optionsCanBeBuiltFromOthers() {
		LockOptions options = LockOptions.builder()
			.waitTime(TTL)
			.retryCount(7)
			.retryDelay(ms(8))
			.retryJitter(ms(9))
			.driftFactor(0.1)
			.autoExtend(true)
			.holdAtLeast(TTL)
			.maxHold(MINUTE)
			.build();
		assertThat(options.toBuilder().build()).usingRecursiveComparison().isEqualTo(options);
		assertThat(options.toBuilder().autoExtend(false).build().autoExtend()).contains(false);
	}

}
