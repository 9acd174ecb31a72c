package io.github.redlock.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.VirtualTime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * An error in the middle of winning a lock: its caller gets the error, and nothing is
 * half held.
 */
class BrokenGrantTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	private static final LockOptions EXTENDED = LockOptions.builder()
		.waitTime(Duration.ofSeconds(30))
		.autoExtend(true)
		.build();

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final BrokenTime time = new BrokenTime(this.cluster.time());

	private final DefaultRedlock redlock = this.cluster
		.client((builder) -> builder.listener(this.recorder).time(this.time));

	@AfterEach
	void everythingEnds() {
		CompletionStage<Void> idle = this.redlock.whenIdle();
		pass(Duration.ofSeconds(3));
		assertThat(idle.toCompletableFuture()).as("nothing is held and no caller waits").isCompleted();
		assertThat(this.redlock.held()).isEmpty();
		assertThat(this.cluster.holding("a")).isZero();
		assertThat(this.cluster.time().scheduled()).as("timers").isZero();
	}

	private void pass(Duration duration) {
		this.cluster.time().advance(duration);
	}

	private static void assertBroken(Throwable error) {
		assertThat(error).isInstanceOf(LockNotAcquiredException.class).hasCauseInstanceOf(StackOverflowError.class);
		assertThat(error.getCause()).as("nothing else went wrong").hasNoSuppressedExceptions();
	}

	@Test
	void lockWhoseTimerCannotBeSetIsReleased() {
		this.time.breakNextTimer();
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> this.redlock.acquire("a", TTL))
			.satisfies(BrokenGrantTests::assertBroken);
		pass(Duration.ofMillis(1));
		assertThat(this.cluster.holding("a")).isZero();
		assertThat(this.redlock.held()).isEmpty();
		assertThat(this.recorder.events("acquired")).hasSameSizeAs(this.recorder.events("released"));
		this.redlock.acquire("a", TTL).release();
	}

	@Test
	void lockThatIsHandedOverAndWhoseTimerCannotBeSetGoesToTheNextWaiter() {
		LockHandle first = this.redlock.acquire("a", TTL, EXTENDED);
		CompletableFuture<LockHandle> second = this.redlock.acquireAsync(List.of("a"), TTL, EXTENDED);
		CompletableFuture<LockHandle> third = this.redlock.acquireAsync(List.of("a"), TTL, EXTENDED);
		pass(Duration.ofMillis(1));
		// The transfer sets no timer of its own; the next one is that of the second lock.
		this.time.breakNextTimer();
		CompletableFuture<Boolean> released = first.releaseAsync();
		pass(Duration.ofSeconds(1));
		assertThat(released).isCompletedWithValue(true);
		assertThat(second).failsWithin(Duration.ZERO)
			.withThrowableOfType(ExecutionException.class)
			.satisfies((ex) -> assertBroken(ex.getCause()));
		assertThat(third).isCompletedWithValueMatching(LockHandle::isValid);
		assertThat(this.redlock.held()).containsExactly(third.join());
		third.join().release();
	}

	@Test
	void errorInTheMiddleOfGivingUpDoesNotLeaveTheAcquisitionWithoutAnEnd() {
		DefaultRedlock broken = this.cluster.client((builder) -> builder.time(this.time).values(() -> {
			this.time.breakNextReading();
			throw new IllegalStateException("no value");
		}));
		assertThatExceptionOfType(StackOverflowError.class).isThrownBy(() -> broken.acquire("a", TTL));
		CompletionStage<Void> idle = broken.whenIdle();
		pass(Duration.ofMillis(1));
		assertThat(idle.toCompletableFuture()).isCompleted();
	}

	/** A source of time that fails when it is told to. */
	private static final class BrokenTime implements TimeSource {

		private final VirtualTime time;

		private boolean broken;

		private boolean brokenReading;

		private BrokenTime(VirtualTime time) {
			this.time = time;
		}

		private void breakNextTimer() {
			this.broken = true;
		}

		private void breakNextReading() {
			this.brokenReading = true;
		}

		@Override
		public long nanoTime() {
			if (this.brokenReading) {
				this.brokenReading = false;
				throw new StackOverflowError();
			}
			return this.time.nanoTime();
		}

		@Override
		public long wallClockMicros() {
			return this.time.wallClockMicros();
		}

		@Override
		public Cancellable schedule(long delayNanos, Runnable task) {
			if (this.broken && delayNanos > Duration.ofSeconds(3).toNanos()) {
				this.broken = false;
				throw new StackOverflowError();
			}
			return this.time.schedule(delayNanos, task);
		}

		@Override
		public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
			return this.time.await(stage);
		}

	}

}
