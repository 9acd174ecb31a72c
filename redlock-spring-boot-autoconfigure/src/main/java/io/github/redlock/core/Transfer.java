package io.github.redlock.core;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * A lock on its way from one holder to the next in one round trip: each node replaces the
 * value of the first by the value of the second. For the holder before, this round is its
 * release; for the next one it is an attempt.
 * <p>
 * A node that does not confirm may hold either value, so it is told to release the old
 * one. The new one is released by its holder, or with the attempt if that fails.
 */
final class Transfer implements VotingRound.Observer {

	private final NodeGroup nodes;

	private final LockRequest before;

	/** Until it is told: rounds are kept for long, and the holder need not be. */
	@GuardedBy("this")
	private VotingRound.@Nullable Observer holder;

	private final VotingRound.Observer next;

	@GuardedBy("this")
	private final boolean[] released;

	@GuardedBy("this")
	private boolean decided;

	/**
	 * Send nothing yet.
	 * @param before what the holder holds
	 * @param holder told of the answer to its release
	 * @param next told of the votes on its attempt
	 */
	Transfer(NodeGroup nodes, LockRequest before, VotingRound.Observer holder, VotingRound.Observer next) {
		this.nodes = nodes;
		this.before = before;
		this.holder = holder;
		this.next = next;
		this.released = new boolean[nodes.guards().size()];
	}

	/**
	 * Send it to all nodes.
	 */
	void send(LockRequest request, VotingRound round) {
		this.nodes.transfer(request, this.before, round);
	}

	@Override
	public synchronized void voted(VotingRound round, int index, Vote vote) {
		if (this.decided) {
			releaseUnlessGranted(index, vote);
		}
	}

	@Override
	public void decided(VotingRound round) {
		synchronized (this) {
			this.decided = true;
			boolean won = round.isWon();
			for (int i = 0; i < this.released.length; i++) {
				Vote vote = round.voteOf(i);
				if (vote != null || !won) {
					releaseUnlessGranted(i, vote);
				}
			}
		}
		// Complete the previous holder's release first where one vote decides both.
		if (round.isWon()) {
			tellHolder(round);
		}
		this.next.decided(round);
	}

	@GuardedBy("this")
	private void releaseUnlessGranted(int index, @Nullable Vote vote) {
		if (!(vote instanceof Vote.Granted) && !this.released[index]) {
			this.released[index] = true;
			this.nodes.sendInBackground(index, LockCommand.RELEASE, this.before);
		}
	}

	@Override
	public void answered(VotingRound round) {
		tellHolder(round);
		this.next.answered(round);
	}

	private void tellHolder(VotingRound round) {
		VotingRound.Observer told;
		synchronized (this) {
			told = this.holder;
			this.holder = null;
		}
		if (told != null) {
			told.answered(round);
		}
	}

}
