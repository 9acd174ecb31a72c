package io.github.redlock.core;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.github.redlock.spi.TimeSource.Cancellable;

import static org.assertj.core.api.Assertions.assertThat;

/** The clocks and the timer of production. */
class SystemTimeTests {

	private final SystemTime time = new SystemTime();

	@AfterEach
	void close() {
		this.time.close();
	}

	@Test
	void clocksAreThoseOfTheJvm() {
		long before = System.nanoTime();
		assertThat(this.time.nanoTime() - before).isBetween(0L, Duration.ofMinutes(1).toNanos());
		assertThat(this.time.wallClockMicros() / 1000).isCloseTo(Instant.now().toEpochMilli(),
				org.assertj.core.data.Offset.offset(60_000L));
	}

	@Test
	void taskRunsOnADaemonThreadEvenAfterOneThatFailed() throws Exception {
		CompletableFuture<Boolean> daemon = new CompletableFuture<>();
		this.time.schedule(0, () -> {
			throw new IllegalStateException("as intended");
		});
		this.time.schedule(1, () -> daemon
			.complete(Thread.currentThread().isDaemon() && Thread.currentThread().getName().equals("redlock-timer")));
		assertThat(this.time.await(daemon.orTimeout(1, TimeUnit.MINUTES))).isTrue();
	}

	@Test
	void taskDoesNotWaitForThoseOfWaiters() throws Exception {
		CompletableFuture<Void> waiters = new CompletableFuture<>();
		CompletableFuture<String> extended = new CompletableFuture<>();
		try {
			this.time.scheduleForWaiter(0, waiters::join);
			this.time.scheduleForWaiter(0, () -> extended.complete("behind the waiter"));
			this.time.schedule(1, () -> extended.complete("in time"));
			assertThat(extended.get(1, TimeUnit.MINUTES)).isEqualTo("in time");
		}
		finally {
			waiters.complete(null);
		}
	}

	@Test
	void cancelledTaskDoesNotRun() throws Exception {
		CompletableFuture<String> first = new CompletableFuture<>();
		CompletableFuture<Void> busy = new CompletableFuture<>();
		// The one thread is busy until the task is cancelled.
		this.time.schedule(0, busy::join);
		Cancellable cancelled = this.time.schedule(0, () -> first.complete("cancelled"));
		cancelled.cancel();
		this.time.schedule(1, () -> first.complete("other"));
		busy.complete(null);
		assertThat(first.get(1, TimeUnit.MINUTES)).isEqualTo("other");
	}

}
