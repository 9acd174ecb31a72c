package io.github.redlock.core;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The executor that the user gave, made so that it can be relied on.
 * <p>
 * An executor may refuse a task, because it is full or shut down, fail in any other way,
 * or run the task on the calling thread, which may be the timer, or may be inside the
 * monitor of a lock. The task goes to threads of our own then: somebody waits for what it
 * completes. A task runs once, even if the executor takes it and throws nevertheless.
 * <p>
 * Thread-safe.
 */
final class GivenExecutor implements Executor {

	private static final Logger logger = LoggerFactory.getLogger(GivenExecutor.class);

	private final Executor given;

	private final Executor fallback;

	private final AtomicBoolean warned = new AtomicBoolean();

	/**
	 * Run tasks on what the user gave.
	 * @param fallback takes what that does not; never runs a task on the calling thread
	 */
	GivenExecutor(Executor given, Executor fallback) {
		this.given = given;
		this.fallback = fallback;
	}

	@Override
	public void execute(Runnable task) {
		Once once = new Once(task);
		Throwable refusal = null;
		try {
			this.given.execute(once);
		}
		catch (Throwable ex) {
			refusal = ex;
		}
		if (once.leaveCallingThread() || refusal != null) {
			this.fallback.execute(once);
			warnOnce(refusal);
		}
	}

	private void warnOnce(@Nullable Throwable refusal) {
		if (this.warned.compareAndSet(false, true)) {
			logger.warn("The callback executor {} a task. The task, and each one to come that it does not take, runs"
					+ " on a thread of the lock's own. This is said once. Give it enough threads, and shut it down"
					+ " after the lock.", (refusal != null) ? "refused" : "tried to run on the calling thread",
					refusal);
		}
	}

	/**
	 * A task that runs once, and never on the thread that hands it over.
	 */
	private static final class Once implements Runnable {

		private final AtomicReference<@Nullable Runnable> task;

		/**
		 * The thread that hands the task over, as long as it does. Other threads may see
		 * an old value, but never themselves.
		 */
		private @Nullable Thread caller = Thread.currentThread();

		/** Written and read by the caller only. */
		private boolean sentBack;

		private Once(Runnable task) {
			this.task = new AtomicReference<>(task);
		}

		/**
		 * The executor has returned to the calling thread.
		 * @return whether it tried to run the task there
		 */
		private boolean leaveCallingThread() {
			this.caller = null;
			return this.sentBack;
		}

		@Override
		public void run() {
			if (Thread.currentThread() == this.caller) {
				this.sentBack = true;
				return;
			}
			Runnable taken = this.task.getAndSet(null);
			if (taken != null) {
				taken.run();
			}
		}

	}

}
