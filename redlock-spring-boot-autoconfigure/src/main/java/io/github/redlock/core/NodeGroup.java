package io.github.redlock.core;

import java.util.List;
import java.util.function.IntConsumer;
import java.util.random.RandomGenerator;

import io.github.redlock.spi.Awaiter;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource;

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
		sendToAll(round, (index) -> sendTo(index, command, request, round));
	}

	private void sendToAll(VotingRound round, IntConsumer send) {
		for (int i = 0; i < this.guards.size(); i++) {
			send.accept(i);
		}
		round.sent();
	}

	/**
	 * Send a request to one node. More may follow, and then {@link VotingRound#sent()}.
	 */
	void sendTo(int index, LockCommand command, LockRequest request, VotingRound round) {
		NodeGuard guard = this.guards.get(index);
		guard.send(command, request, (vote) -> round.vote(index, guard.name(), vote, this.time.nanoTime()));
	}

	/**
	 * Ask all nodes at once to replace the value of one request by that of another.
	 */
	void transfer(LockRequest request, LockRequest before, VotingRound round) {
		sendToAll(round, (index) -> {
			NodeGuard guard = this.guards.get(index);
			guard.transfer(request, before, (vote) -> round.vote(index, guard.name(), vote, this.time.nanoTime()));
		});
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

}
