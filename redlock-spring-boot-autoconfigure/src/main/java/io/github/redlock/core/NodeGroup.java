package io.github.redlock.core;

import java.util.List;
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
		for (int i = 0; i < this.guards.size(); i++) {
			int index = i;
			NodeGuard guard = this.guards.get(i);
			guard.send(command, request, (vote) -> round.vote(index, guard.name(), vote, this.time.nanoTime()));
		}
		round.sent();
	}

	/**
	 * Send a release to all nodes without waiting for anything; those that do not confirm
	 * it are told again by their guard.
	 */
	void releaseInBackground(LockRequest request) {
		this.guards.forEach((guard) -> guard.send(LockCommand.RELEASE, request, (vote) -> {
		}));
	}

}
