package io.github.redlock.aop;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockHandle;

/**
 * Interrupts a thread when its lock is lost, but never later than the work that the lock
 * protects: the thread may belong to a pool and have gone on to something else.
 */
final class LossInterrupt {

	/** Shared by the nested methods of a thread, which has one interrupt flag. */
	private static final ThreadLocal<@Nullable Watches> WATCHES = new ThreadLocal<>();

	private final Watches watches;

	private boolean over;

	private boolean hit;

	private LossInterrupt(Watches watches) {
		this.watches = watches;
	}

	/**
	 * Run the work on the current thread, interrupted on a loss if the call wants that.
	 */
	static @Nullable Object watch(LockedCall call, LockHandle lock, Work work) throws Throwable {
		if (!call.isInterruptedOnLoss()) {
			return work.run();
		}
		Watches outer = WATCHES.get();
		LossInterrupt interrupt = new LossInterrupt((outer != null) ? outer : new Watches());
		WATCHES.set(interrupt.watches);
		lock.lost().thenRun(interrupt::interrupt);
		try {
			return work.run();
		}
		finally {
			interrupt.end();
			if (outer == null) {
				WATCHES.remove();
			}
		}
	}

	private void interrupt() {
		synchronized (this.watches) {
			if (!this.over) {
				this.hit = true;
				this.watches.interrupt();
			}
		}
	}

	private void end() {
		synchronized (this.watches) {
			this.over = true;
			if (this.hit) {
				this.watches.takeBack();
			}
		}
	}

	/**
	 * What the protected methods of one thread share.
	 */
	private static final class Watches {

		private final Thread holder = Thread.currentThread();

		private int hits;

		/** Whether the thread had been interrupted before the first loss. */
		private boolean interruptedBefore;

		private void interrupt() {
			if (this.hits == 0) {
				this.interruptedBefore = this.holder.isInterrupted();
			}
			this.hits++;
			this.holder.interrupt();
		}

		/**
		 * The work is over. Clear the interrupt flag, in case the work did not notice it,
		 * unless an enclosing method has lost its lock, too, or the thread had been
		 * interrupted before.
		 */
		private void takeBack() {
			this.hits--;
			if (this.hits > 0) {
				this.holder.interrupt();
			}
			else if (!this.interruptedBefore) {
				Thread.interrupted();
			}
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
