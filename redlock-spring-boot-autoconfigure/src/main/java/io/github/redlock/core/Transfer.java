package io.github.redlock.core;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * A lock on its way from one holder to the next in one round trip: each node replaces the
 * value of the one by the value of the other. For the holder before this round is his
 * release; for the next one it is an attempt.
 * <p>
 * A node that does not confirm may hold either value, so it is told to release the one
 * before. The new one is released by its holder, or with his failed attempt.
 */
final class Transfer implements VotingRound.Observer {

	private final NodeGroup nodes;

	private final LockRequest before;

	/** Until he is told; rounds are kept for long, and holders need not be. */
	private @Nullable DefaultLockHandle holder;

	private final Acquisition next;

	private final boolean[] released;

	private boolean decided;

	/**
	 * Send nothing yet.
	 * @param holder who releases
	 * @param next who acquires
	 */
	Transfer(NodeGroup nodes, LockRequest before, DefaultLockHandle holder, Acquisition next) {
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
		if (round.isWon()) {
			tellHolder(round);
		}
		this.next.decided(round);
	}

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

	/**
	 * That it is known whether his keys were there. Before the next one is told that he
	 * has the lock, where one vote settles both.
	 */
	private void tellHolder(VotingRound round) {
		DefaultLockHandle told;
		synchronized (this) {
			told = this.holder;
			this.holder = null;
		}
		if (told != null) {
			told.answered(round);
		}
	}

}
