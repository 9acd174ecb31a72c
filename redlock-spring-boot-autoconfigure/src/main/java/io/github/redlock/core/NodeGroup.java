package io.github.redlock.core;

import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.Awaiter;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.Vote;

/**
 * The N nodes, each behind its guard, and what every lock on them shares.
 *
 * @param guards the nodes
 * @param quorum how many have to agree
 * @param time the source of time
 * @param random the source of jitter
 * @param events where events go
 * @param awaiter how synchronous calls wait
 */
record NodeGroup(List<NodeGuard> guards, Quorum quorum, TimeSource time, RandomGenerator random, EventDispatcher events,
		Awaiter awaiter) {

	private static final Logger logger = LoggerFactory.getLogger(NodeGroup.class);

	/**
	 * Whether a quorum of the nodes votes, as far as is known.
	 */
	boolean isQuorumVoting() {
		int voting = 0;
		for (NodeGuard guard : this.guards) {
			voting += guard.isVotingNow() ? 1 : 0;
		}
		return this.quorum.isReachedBy(voting);
	}

	/**
	 * Begin a round. The clock is read here, before anything is sent: validity counts
	 * from this moment.
	 */
	VotingRound open(VotingRound.Observer observer) {
		return new VotingRound(this.quorum, this.time.nanoTime(), observer);
	}

	/**
	 * Send a request to all nodes at once. The observer may be called before this
	 * returns.
	 */
	void send(LockCommand command, LockRequest request, VotingRound round) {
		for (int i = 0; i < this.guards.size(); i++) {
			sendTo(i, command, request, round);
		}
		round.sent();
	}

	/**
	 * Send a request to one node. More may follow, and then {@link VotingRound#sent()}.
	 */
	void sendTo(int index, LockCommand command, LockRequest request, VotingRound round) {
		NodeGuard guard = this.guards.get(index);
		guard.send(command, request, new Ballot(round, index, guard.name(), this.time));
	}

	/**
	 * Ask all nodes at once to replace the value of one request by that of another.
	 */
	void transfer(LockRequest request, LockRequest before, VotingRound round) {
		for (int i = 0; i < this.guards.size(); i++) {
			NodeGuard guard = this.guards.get(i);
			guard.transfer(request, before, new Ballot(round, i, guard.name(), this.time));
		}
		round.sent();
	}

	/**
	 * Send a release to all nodes without waiting for anything; those that do not confirm
	 * it are told again by their guard.
	 */
	void releaseInBackground(LockRequest request) {
		for (int i = 0; i < this.guards.size(); i++) {
			sendInBackground(i, LockCommand.RELEASE, request);
		}
	}

	/**
	 * Send a request to one node without waiting for its vote.
	 */
	void sendInBackground(int index, LockCommand command, LockRequest request) {
		this.guards.get(index).send(command, request, (vote) -> {
		});
	}

	/**
	 * Set the keys of a lock again on a node that has lost them. Only after a quorum has
	 * confirmed the lock in the very round that showed this.
	 */
	void heal(int index, LockRequest request) {
		NodeGuard guard = this.guards.get(index);
		guard.send(LockCommand.HEAL, request,
				(vote) -> logger.debug("Set the keys of {} again on {}: {}", request.resources(), guard.name(), vote));
	}

	/**
	 * Where the vote of one node is counted.
	 */
	private record Ballot(VotingRound round, int index, String node, TimeSource time) implements Consumer<Vote> {

		@Override
		public void accept(Vote vote) {
			this.round.vote(this.index, this.node, vote, this.time.nanoTime());
		}

	}

}
