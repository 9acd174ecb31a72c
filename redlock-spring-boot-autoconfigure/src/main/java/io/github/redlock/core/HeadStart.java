package io.github.redlock.core;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * An attempt where other clients compete: the deciding node is asked alone at first, so
 * that the competitors do not split the votes. The other nodes are asked once it has
 * granted or failed, or its head start is over; they are not asked at all if it refuses.
 * <p>
 * Changes and sends in the monitor of the acquisition, so that no request follows the
 * release of the attempt.
 */
final class HeadStart implements VotingRound.Observer {

	private final NodeGroup nodes;

	private final int decidingNode;

	/**
	 * {@code null} when it is over. Changed in the monitor, and also read outside it:
	 * most votes come then.
	 */
	private volatile @Nullable LockRequest request;

	private final Owner owner;

	@GuardedBy("owner")
	private @Nullable Cancellable timer;

	/**
	 * Send nothing yet.
	 * @param owner the acquisition
	 */
	HeadStart(NodeGroup nodes, int decidingNode, LockRequest request, Owner owner) {
		this.nodes = nodes;
		this.decidingNode = decidingNode;
		this.request = request;
		this.owner = owner;
	}

	/**
	 * Ask the deciding node.
	 */
	void send(VotingRound round) {
		synchronized (this.owner) {
			LockRequest request = this.request;
			if (request != null) {
				this.timer = this.nodes.time()
					.scheduleForWaiter(this.nodes.guards().get(this.decidingNode).headStartNanos(),
							() -> askOthers(round));
				this.nodes.sendTo(this.decidingNode, LockCommand.ACQUIRE, request, round);
			}
		}
	}

	@Override
	public void voted(VotingRound round, int index, Vote vote) {
		this.owner.voted(round, index, vote);
		if (this.request == null) {
			return;
		}
		if (vote instanceof Vote.Held || vote instanceof Vote.Stale) {
			refuse(round);
		}
		else {
			askOthers(round);
		}
	}

	private void refuse(VotingRound round) {
		synchronized (this.owner) {
			if (this.request != null) {
				cancel();
				round.refused();
			}
		}
	}

	private void askOthers(VotingRound round) {
		synchronized (this.owner) {
			LockRequest request = this.request;
			if (request == null) {
				return;
			}
			try {
				cancel();
				for (int i = 0; i < this.nodes.guards().size(); i++) {
					if (i != this.decidingNode) {
						this.nodes.sendTo(i, LockCommand.ACQUIRE, request, round);
					}
				}
				round.sent();
			}
			catch (RuntimeException | Error ex) {
				this.owner.failed(ex);
			}
		}
	}

	/**
	 * Ask no further node.
	 */
	void cancel() {
		synchronized (this.owner) {
			// What is left of an attempt is kept as long as its caller waits.
			this.request = null;
			if (this.timer != null) {
				this.timer.cancel();
				this.timer = null;
			}
		}
	}

	@Override
	public void decided(VotingRound round) {
		this.owner.decided(round);
	}

	@Override
	public void answered(VotingRound round) {
		this.owner.answered(round);
	}

	/**
	 * The acquisition; its monitor guards the head start.
	 */
	interface Owner extends VotingRound.Observer {

		/**
		 * Asking the other nodes failed: the attempt must not wait for them.
		 */
		void failed(Throwable error);

	}

}
