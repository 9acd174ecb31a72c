package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.VirtualTime;

import static org.assertj.core.api.Assertions.assertThat;

/** Who waits and what is held, at the moments when that changes. */
class ActiveLocksTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	/**
	 * A pause of the process between the grant and whatever comes next: the timer is the
	 * first to go on, and finds the time over.
	 */
	@Test
	void lockThatIsLostWhileItIsMadeIsNotHeldForEver() {
		FakeCluster cluster = new FakeCluster(3);
		Recorder recorder = new Recorder();
		DefaultRedlock redlock = cluster
			.client((builder) -> builder.listener(recorder).time(new OverdueTimers(cluster.time())));
		LockHandle lock = redlock.acquire("a", TTL);
		assertThat(lock.isValid()).isFalse();
		CompletionStage<Void> idle = redlock.whenIdle();
		cluster.time().advance(Duration.ofSeconds(1));
		assertThat(idle.toCompletableFuture()).isCompleted();
		assertThat(recorder.events()).containsSubsequence("acquired [a]", "lost [a]");
	}

	/** Asking for the end of everything from within such an end. */
	@Test
	void everybodyWhoAsksHearsOfTheEnd() {
		List<CompletableFuture<Void>> asked = new ArrayList<>();
		ActiveLocks[] active = new ActiveLocks[1];
		AtomicBoolean again = new AtomicBoolean(true);
		active[0] = new ActiveLocks((task) -> {
			if (again.getAndSet(false)) {
				asked.add(active[0].whenIdle());
			}
			task.run();
		}, false);
		asked.add(active[0].whenIdle());
		assertThat(asked).hasSize(2).allMatch(CompletableFuture::isDone);
	}

	/** An error of the executor delays an answer until the next who asks. */
	@Test
	void errorOfTheExecutorForgetsNobodyWhoAsked() {
		AtomicBoolean failing = new AtomicBoolean(true);
		ActiveLocks active = new ActiveLocks((task) -> {
			if (failing.getAndSet(false)) {
				throw new StackOverflowError();
			}
			task.run();
		}, false);
		CompletableFuture<Void> first = active.whenIdle();
		assertThat(first).isNotDone();
		assertThat(active.whenIdle()).isCompleted();
		assertThat(first).isCompleted();
	}

	/** Every timer of a lock is overdue when it is set. */
	private record OverdueTimers(VirtualTime time) implements TimeSource {

		@Override
		public long nanoTime() {
			return this.time.nanoTime();
		}

		@Override
		public long wallClockMicros() {
			return this.time.wallClockMicros();
		}

		@Override
		public Cancellable schedule(long delayNanos, Runnable task) {
			if (delayNanos < Duration.ofSeconds(3).toNanos()) {
				return this.time.schedule(delayNanos, task);
			}
			this.time.pause(TTL);
			task.run();
			return () -> {
			};
		}

		@Override
		public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
			return this.time.await(stage);
		}

	}

}
