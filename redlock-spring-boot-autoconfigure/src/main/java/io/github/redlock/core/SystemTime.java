package io.github.redlock.core;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

import io.github.redlock.spi.TimeSource;

/**
 * The time of production: the clocks of the JVM, and two daemon threads for everything
 * that is scheduled: one for the callers that wait, however many, and one for what must
 * not wait for them, such as the extension of a lock. A {@link DefaultRedlock} makes its
 * own, unless it is given one to share with others.
 *
 * @since 0.1.0
 */
public final class SystemTime implements TimeSource, AutoCloseable {

	private final TimerThread timer;

	private final TimerThread waiters;

	/**
	 * Start the threads.
	 */
	public SystemTime() {
		this.timer = new TimerThread("redlock-timer");
		try {
			this.waiters = new TimerThread("redlock-waiters");
		}
		catch (RuntimeException | Error ex) {
			this.timer.close();
			throw ex;
		}
	}

	@Override
	public long nanoTime() {
		return System.nanoTime();
	}

	@Override
	public long wallClockMicros() {
		return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
	}

	@Override
	public Cancellable schedule(long delayNanos, Runnable task) {
		return this.timer.schedule(delayNanos, task);
	}

	@Override
	public Cancellable scheduleForWaiter(long delayNanos, Runnable task) {
		return this.waiters.schedule(delayNanos, task);
	}

	@Override
	public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
		return stage.toCompletableFuture().get();
	}

	@Override
	public void close() {
		this.timer.close();
		this.waiters.close();
	}

}
