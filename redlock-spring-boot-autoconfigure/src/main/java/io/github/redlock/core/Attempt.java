package io.github.redlock.core;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;

/**
 * One attempt of an acquisition. Used in the monitor of the acquisition.
 */
final class Attempt {

	private final LockRequest request;

	private final VotingRound round;

	private final @Nullable Streak streak;

	private final @Nullable HeadStart headStart;

	private final int noticesBefore;

	private boolean withdrawn;

	/**
	 * An attempt that is about to be sent.
	 * @param streak the streak that goes on if the attempt takes the lock over from a
	 * holder of this process
	 * @param headStart set if the deciding node is asked alone at first
	 * @param noticesBefore how many release notices there have been
	 */
	Attempt(LockRequest request, VotingRound round, @Nullable Streak streak, @Nullable HeadStart headStart,
			int noticesBefore) {
		this.request = request;
		this.round = round;
		this.streak = streak;
		this.headStart = headStart;
		this.noticesBefore = noticesBefore;
	}

	LockRequest request() {
		return this.request;
	}

	VotingRound round() {
		return this.round;
	}

	/**
	 * Whether it takes the lock over from a holder of this process.
	 */
	boolean isTransfer() {
		return this.streak != null;
	}

	/**
	 * What the lock rests on that it has won.
	 */
	Grant grant() {
		return new Grant(this.request, this.round.start(), this.round.start(), this.request.firstToken(),
				(this.streak != null) ? this.streak : Streak.begin(this.round.start()));
	}

	/**
	 * How many release notices there were when it was sent.
	 */
	int noticesBefore() {
		return this.noticesBefore;
	}

	/**
	 * Its keys are released on every node that may have set them; ask no further node.
	 */
	void withdrawn() {
		this.withdrawn = true;
		if (this.headStart != null) {
			this.headStart.cancel();
		}
	}

	boolean isWithdrawn() {
		return this.withdrawn;
	}

}
