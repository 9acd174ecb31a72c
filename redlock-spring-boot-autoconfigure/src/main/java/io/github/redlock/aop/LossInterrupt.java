package io.github.redlock.aop;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockHandle;

/**
 * Interrupts a thread when its lock is lost, but never later than the work that the lock
 * protects: the thread may belong to a pool and have gone on to something else.
 */
final class LossInterrupt {

	private @Nullable Thread holder = Thread.currentThread();

	private boolean ours;

	private LossInterrupt() {
	}

	/**
	 * Run the work on the current thread, interrupted on a loss if the call wants that.
	 */
	static @Nullable Object watch(LockedCall call, LockHandle lock, Work work) throws Throwable {
		if (!call.isInterruptedOnLoss()) {
			return work.run();
		}
		LossInterrupt interrupt = new LossInterrupt();
		lock.lost().thenRun(interrupt::interrupt);
		try {
			return work.run();
		}
		finally {
			interrupt.end();
		}
	}

	private synchronized void interrupt() {
		if (this.holder != null) {
			this.ours = !this.holder.isInterrupted();
			this.holder.interrupt();
		}
	}

	/**
	 * The work is over. An interrupt of ours that nobody noticed is taken back; one that
	 * somebody else had sent before stays.
	 */
	private synchronized void end() {
		this.holder = null;
		if (this.ours) {
			Thread.interrupted();
		}
	}

	/**
	 * What the lock protects.
	 */
	@FunctionalInterface
	interface Work {

		@Nullable Object run() throws Throwable;

	}

}
