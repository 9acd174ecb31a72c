package io.github.redlock.core;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.TimeSource;

/**
 * The time of production: the clocks of the JVM and one daemon thread for everything that
 * is scheduled, however many locks are held. A {@link DefaultRedlock} makes its own,
 * unless it is given one to share with others.
 *
 * @since 0.1.0
 */
public final class SystemTime implements TimeSource, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(SystemTime.class);

	private final ScheduledThreadPoolExecutor scheduler;

	/**
	 * Start the thread.
	 */
	public SystemTime() {
		this.scheduler = new ScheduledThreadPoolExecutor(1, (task) -> {
			Thread thread = new Thread(task, "redlock-timer");
			thread.setDaemon(true);
			return thread;
		}, (task, executor) -> logger.debug("Nothing is scheduled after close"));
		this.scheduler.setRemoveOnCancelPolicy(true);
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
		Future<?> future = this.scheduler.schedule(() -> run(task), delayNanos, TimeUnit.NANOSECONDS);
		return () -> future.cancel(false);
	}

	private static void run(Runnable task) {
		try {
			task.run();
		}
		catch (RuntimeException ex) {
			logger.error("A scheduled task failed; the others go on", ex);
		}
	}

	@Override
	public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
		return stage.toCompletableFuture().get();
	}

	@Override
	public void close() {
		this.scheduler.shutdownNow();
	}

}
