package io.github.redlock.core;

import java.util.List;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.TimeSource.Cancellable;

/**
 * When a caller that has to wait tries next: its place in the queue of this process, and
 * the pause before its next attempt.
 * <p>
 * The monitor of its acquisition guards it.
 */
final class Turn implements Waiter {

	private final Owner owner;

	private final NodeGroup nodes;

	private final LocalQueues queues;

	private final List<String> queueKey;

	private final Patience patience;

	/** Written before any other thread can see this in the queue. */
	private volatile long waitingSince;

	@GuardedBy("owner")
	private Place place = Place.OUTSIDE;

	/**
	 * Whether other processes are given the chance to try first: notices are about the
	 * release of a holder of this process, and do not end the pause.
	 */
	@GuardedBy("owner")
	private boolean othersFirst;

	/** Whether a holder of this process has released since the last attempt was sent. */
	@GuardedBy("owner")
	private boolean releasedMeanwhile;

	/** The current pause: a cancelled timer may still fire and must not count. */
	@GuardedBy("owner")
	private @Nullable Pause pause;

	/**
	 * Outside of the queue.
	 * @param owner the acquisition
	 */
	Turn(Owner owner, NodeGroup nodes, LocalQueues queues, List<String> queueKey, Patience patience) {
		this.owner = owner;
		this.nodes = nodes;
		this.queues = queues;
		this.queueKey = queueKey;
		this.patience = patience;
	}

	@Override
	public List<String> queueKey() {
		return this.queueKey;
	}

	@Override
	public long waitingSince() {
		return this.waitingSince;
	}

	/**
	 * Queue, behind other waiters if there are any.
	 */
	void join() {
		synchronized (this.owner) {
			// Before it is: an error in the middle of joining must not leave it there.
			this.place = Place.ASKING;
			this.waitingSince = this.nodes.time().nanoTime();
			this.queues.join(this);
		}
	}

	/**
	 * Begin by waiting: for other callers of this process, or for other processes that
	 * try first.
	 * @return {@code false} if there is nothing to wait for
	 */
	boolean joinOthers(long now) {
		synchronized (this.owner) {
			long othersFirstNanos = this.queues.othersFirstNanos(this.queueKey);
			if (othersFirstNanos > 0) {
				join();
			}
			else {
				this.place = Place.ASKING;
				this.waitingSince = now;
				if (!this.queues.joinOthers(this)) {
					this.place = Place.OUTSIDE;
					return false;
				}
			}
			waitForTurn(0, now);
			letOthersTryFirst(othersFirstNanos);
			return true;
		}
	}

	/**
	 * Leave the queue.
	 * @param free whether the resource may be free now, because what this caller has
	 * asked for was just released
	 */
	void leave(boolean free) {
		synchronized (this.owner) {
			cancelPause();
			if (this.place == Place.OUTSIDE) {
				return;
			}
			Waiter first = this.queues.leave(this);
			// Afterwards: an error in the middle of leaving must not leave it there.
			this.place = Place.OUTSIDE;
			if (first != null) {
				first.becomeFirst(free);
			}
		}
	}

	/**
	 * An attempt is about to be sent.
	 */
	void attemptBegins() {
		synchronized (this.owner) {
			this.place = Place.ASKING;
			this.othersFirst = false;
			this.releasedMeanwhile = false;
		}
	}

	/**
	 * The attempt has failed: try at once if the resource may have become free since it
	 * was sent, or wait.
	 * @param noticesBefore how many release notices there were when it was sent
	 * @param nanosUntilFree when the resource will be free, zero or less if unknown
	 */
	void attemptFailed(int noticesBefore, long nanosUntilFree, long now) {
		synchronized (this.owner) {
			boolean released = this.releasedMeanwhile || this.queues.notices().count(this.queueKey) != noticesBefore;
			if (released && this.queues.isFirst(this)) {
				this.patience.boundByTime();
				this.owner.attemptNow(true);
			}
			else {
				waitForTurn(nanosUntilFree, now);
			}
		}
	}

	@GuardedBy("owner")
	private void waitForTurn(long nanosUntilFree, long now) {
		if (this.queues.isFirst(this)) {
			this.place = Place.PAUSING;
			this.queues.notices().listen(this.queueKey);
			boolean told = this.queues.notices().isTold(this.queueKey);
			pause(this.patience.retryPauseNanos(nanosUntilFree, told, now, this.nodes.random()));
			return;
		}
		this.place = Place.QUEUED;
		this.patience.boundByTime();
		if (!this.patience.isEndless()) {
			pause(this.patience.remainingNanos(now));
		}
	}

	@GuardedBy("owner")
	private boolean isPause() {
		return this.place == Place.QUEUED || this.place == Place.PAUSING;
	}

	@GuardedBy("owner")
	private void pause(long nanos) {
		Pause next = new Pause();
		this.pause = next;
		next.timer = this.nodes.time().scheduleForWaiter(nanos, next);
	}

	private void pauseOver(Pause over) {
		synchronized (this.owner) {
			if (!over.equals(this.pause) || !isPause()) {
				return;
			}
			if (this.place == Place.QUEUED) {
				// It asks no node: the first waiter does so for all.
				this.owner.waitedInVain();
			}
			else {
				this.owner.attemptNow(this.othersFirst || this.patience.isSplit() || this.patience.isQuiet());
			}
		}
	}

	@GuardedBy("owner")
	private void cancelPause() {
		Pause last = this.pause;
		this.pause = null;
		if (last != null && last.timer != null) {
			last.timer.cancel();
		}
	}

	/**
	 * End the pause early. From now on the time is bounded, not the number of retries.
	 */
	void cutPauseShort() {
		synchronized (this.owner) {
			cancelPause();
			this.patience.boundByTime();
		}
	}

	@Override
	public TakeOver takeOver(Handover handover) {
		synchronized (this.owner) {
			return isPause() ? this.owner.takeOver(handover) : TakeOver.REFUSED;
		}
	}

	@Override
	public void becomeFirst(boolean free) {
		synchronized (this.owner) {
			try {
				if (this.place == Place.QUEUED) {
					cancelPause();
					waitForTurn(0, this.nodes.time().nanoTime());
				}
				if (free && isPause()) {
					// On another thread: the stack of this one may be at its end.
					cutPauseShort();
					pause(0);
				}
				else if (free) {
					this.releasedMeanwhile = true;
				}
			}
			catch (RuntimeException | Error ex) {
				this.owner.failed(ex);
			}
		}
	}

	@Override
	public void noticed() {
		synchronized (this.owner) {
			if (!this.othersFirst && isPause()) {
				attemptEarly(true);
			}
		}
	}

	@GuardedBy("owner")
	private void attemptEarly(boolean contended) {
		cutPauseShort();
		this.owner.attemptNow(contended);
	}

	@Override
	public void localReleaseBegins() {
		synchronized (this.owner) {
			this.othersFirst = true;
		}
	}

	@Override
	public void localReleaseEnds(int remoteWaiters, long othersFirstNanos) {
		synchronized (this.owner) {
			try {
				this.othersFirst = false;
				if (remoteWaiters > 0) {
					letOthersTryFirst(othersFirstNanos);
				}
				else if (remoteWaiters < 0) {
					// Without notices, other clients ask from time to time. Half of such
					// a time gives them and this one the same chance.
					letOthersTryFirst(usualPauseNanos() / 2);
				}
				else if (isPause()) {
					attemptEarly(false);
				}
				else {
					this.releasedMeanwhile = true;
				}
			}
			catch (RuntimeException | Error ex) {
				this.owner.failed(ex);
			}
		}
	}

	/**
	 * Let other processes try first, if this is the first waiter here.
	 */
	@GuardedBy("owner")
	private void letOthersTryFirst(long nanos) {
		if (nanos > 0 && this.place == Place.PAUSING) {
			this.othersFirst = true;
			cutPauseShort();
			pause(Math.min(nanos, usualPauseNanos()));
		}
	}

	@GuardedBy("owner")
	private long usualPauseNanos() {
		return this.patience.pauseNanos(0, this.nodes.time().nanoTime(), this.nodes.random());
	}

	private enum Place {

		/** Not in the queue. */
		OUTSIDE,

		/** In the queue, and an attempt is under way. */
		ASKING,

		/** Behind other waiters, without trying. */
		QUEUED,

		/** The first waiter, between two attempts. */
		PAUSING

	}

	/**
	 * What ends a pause.
	 */
	private final class Pause implements Runnable {

		private @Nullable Cancellable timer;

		@Override
		public void run() {
			pauseOver(this);
		}

	}

	/**
	 * The acquisition; its monitor guards the turn.
	 */
	interface Owner {

		/**
		 * Send an attempt, unless the acquisition has ended.
		 * @param contended whether other clients do the same just now, or the resource is
		 * probably held: one node is asked before the others then
		 */
		void attemptNow(boolean contended);

		/**
		 * The time is over, and there were others in front all the time.
		 */
		void waitedInVain();

		/**
		 * The holder before, in this process, offers its lock; take it or refuse.
		 */
		Waiter.TakeOver takeOver(Handover handover);

		/**
		 * Something threw that should not: the caller must not wait for ever.
		 */
		void failed(Throwable error);

	}

}
