package io.github.redlock.core;

import java.util.PriorityQueue;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.TimeSource.Cancellable;

/**
 * One daemon thread that runs what is scheduled, however much that is.
 * <p>
 * Nearly everything that a lock schedules is cancelled before it is due. So a task that
 * is scheduled wakes the thread only if the thread would sleep for longer than that, and
 * one that is cancelled wakes nobody and stays where it is for a while. A
 * {@link java.util.concurrent.ScheduledThreadPoolExecutor} wakes its thread for every
 * task that is the next one: twice for each hand-over of a contended lock.
 * <p>
 * Thread-safe.
 */
final class TimerThread {

	/**
	 * Fewer cancelled tasks than this are not worth being removed.
	 */
	private static final int MIN_CANCELLED = 256;

	private static final Logger logger = LoggerFactory.getLogger(TimerThread.class);

	private final PriorityQueue<Task> tasks = new PriorityQueue<>();

	private final Thread thread;

	/** How many of the tasks are cancelled. */
	private int cancelled;

	private long number;

	/** The thread is going to look by then; if it is not awake. */
	private long wakeAt;

	private boolean awake = true;

	private boolean closed;

	/**
	 * Start the thread.
	 */
	TimerThread(String name) {
		this.thread = DaemonThreads.create(name, this::runTasks);
		this.thread.start();
	}

	/**
	 * Run a task once, later.
	 */
	Cancellable schedule(long delayNanos, Runnable task) {
		long at = System.nanoTime() + Math.min(Math.max(delayNanos, 0), Nanos.FOREVER);
		Task scheduled;
		boolean wake;
		synchronized (this.tasks) {
			scheduled = new Task(task, at, this.number++);
			if (this.closed) {
				logger.debug("Nothing is scheduled after close");
				return scheduled;
			}
			this.tasks.add(scheduled);
			wake = !this.awake && at - this.wakeAt < 0;
			this.awake |= wake;
		}
		if (wake) {
			LockSupport.unpark(this.thread);
		}
		return scheduled;
	}

	private void runTasks() {
		for (Task next = next(); next != null; next = next()) {
			try {
				next.run();
			}
			catch (Throwable ex) {
				report(ex);
			}
		}
	}

	/**
	 * There may not even be memory left to say so.
	 */
	private static void report(Throwable error) {
		try {
			logger.error("A scheduled task failed; the others go on", error);
		}
		catch (Throwable ex) {
			error.addSuppressed(ex);
		}
	}

	/**
	 * Wait for the next task.
	 * @return {@code null} at the end
	 */
	private @Nullable Task next() {
		while (true) {
			long nanos;
			synchronized (this.tasks) {
				if (this.closed) {
					return null;
				}
				this.awake = true;
				Task first = this.tasks.peek();
				while (first != null && first.action == null) {
					this.tasks.poll();
					this.cancelled--;
					first = this.tasks.peek();
				}
				nanos = (first != null) ? first.at - System.nanoTime() : Nanos.FOREVER;
				if (first != null && nanos <= 0) {
					return this.tasks.poll();
				}
				this.awake = false;
				this.wakeAt = System.nanoTime() + nanos;
			}
			LockSupport.parkNanos(this, nanos);
			// Nobody's business; with the flag set it would never sleep.
			Thread.interrupted();
		}
	}

	private void removeCancelled() {
		if (this.cancelled > Math.max(MIN_CANCELLED, this.tasks.size() / 2)) {
			this.tasks.removeIf((task) -> task.action == null);
			this.cancelled = 0;
		}
	}

	/**
	 * End the thread, without waiting for it. What is scheduled is dropped.
	 */
	void close() {
		synchronized (this.tasks) {
			this.closed = true;
			this.tasks.clear();
		}
		LockSupport.unpark(this.thread);
	}

	/**
	 * Something that is due at a time. Used in the monitor of the tasks.
	 */
	private final class Task implements Cancellable, Comparable<Task> {

		private @Nullable Runnable action;

		private final long at;

		private final long number;

		private Task(Runnable action, long at, long number) {
			this.action = action;
			this.at = at;
			this.number = number;
		}

		private void run() {
			Runnable taken;
			synchronized (TimerThread.this.tasks) {
				taken = this.action;
				this.action = null;
			}
			if (taken != null) {
				taken.run();
			}
		}

		@Override
		public void cancel() {
			synchronized (TimerThread.this.tasks) {
				if (this.action != null) {
					this.action = null;
					TimerThread.this.cancelled++;
					removeCancelled();
				}
			}
		}

		@Override
		public int compareTo(Task other) {
			long difference = this.at - other.at;
			return Long.signum((difference != 0) ? difference : this.number - other.number);
		}

	}

}
