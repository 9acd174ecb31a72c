package io.github.redlock.testing;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;

import io.github.redlock.spi.TimeSource;

/**
 * Time that passes only when a test says so, or when the code under test waits. One
 * thread, so every run is the same.
 */
public final class VirtualTime implements TimeSource, Executor {

	/** Close to an overflow, so that comparisons by {@code <} would be found out. */
	private static final long ORIGIN = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();

	/** Probes of dead nodes go on for ever; no caller of ours waits that long. */
	private static final long LIMIT = Duration.ofHours(1).toNanos();

	private final PriorityQueue<Task> tasks = new PriorityQueue<>(
			Comparator.comparingLong((Task task) -> task.at - ORIGIN).thenComparingLong((task) -> task.number));

	private long now = ORIGIN;

	private long wallClockOffsetMicros = 1_700_000_000_000_000L;

	private long count;

	@Override
	public long nanoTime() {
		return this.now;
	}

	@Override
	public long wallClockMicros() {
		return this.wallClockOffsetMicros + (this.now - ORIGIN) / 1000;
	}

	/** Somebody sets the wall clock. */
	public void moveWallClock(Duration by) {
		this.wallClockOffsetMicros += by.toNanos() / 1000;
	}

	@Override
	public Cancellable schedule(long delayNanos, Runnable action) {
		Task task = new Task(this.now + Math.max(delayNanos, 0), this.count++, action);
		this.tasks.add(task);
		return () -> this.tasks.remove(task);
	}

	/** Callbacks run as events of their own, not inside whoever triggers them. */
	@Override
	public void execute(Runnable action) {
		schedule(0, action);
	}

	/**
	 * Let time pass until the stage is complete.
	 * @throws AssertionError if nothing is scheduled that could complete it: on a real
	 * machine this call would hang for ever
	 */
	@Override
	public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
		CompletableFuture<T> future = stage.toCompletableFuture();
		long start = this.now;
		while (!future.isDone()) {
			if (Thread.interrupted()) {
				throw new InterruptedException();
			}
			if (!runNext() || this.now - start > LIMIT) {
				throw new AssertionError("nothing is scheduled that could end this wait: it would hang");
			}
		}
		return future.get();
	}

	/** Let time pass, running what falls due on the way. */
	public void advance(Duration duration) {
		long end = this.now + duration.toNanos();
		while (!this.tasks.isEmpty() && this.tasks.peek().at - end <= 0) {
			runNext();
		}
		this.now = end;
	}

	/** Let time pass without running anything: the process is paused. */
	public void pause(Duration duration) {
		this.now += duration.toNanos();
	}

	/** How much time has passed since the beginning. */
	public Duration elapsed() {
		return Duration.ofNanos(this.now - ORIGIN);
	}

	/** How many tasks are scheduled. */
	public int scheduled() {
		return this.tasks.size();
	}

	private boolean runNext() {
		Task task = this.tasks.poll();
		if (task == null) {
			return false;
		}
		if (task.at - this.now > 0) {
			this.now = task.at;
		}
		task.action.run();
		return true;
	}

	private static final class Task {

		private final long at;

		private final long number;

		private final Runnable action;

		private Task(long at, long number, Runnable action) {
			this.at = at;
			this.number = number;
			this.action = action;
		}

	}

}
