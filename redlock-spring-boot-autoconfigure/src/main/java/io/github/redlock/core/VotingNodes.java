package io.github.redlock.core;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many nodes vote at the moment, for messages. Thread-safe.
 */
final class VotingNodes {

	private final Quorum quorum;

	private final AtomicInteger count;

	VotingNodes(Quorum quorum) {
		this.quorum = quorum;
		this.count = new AtomicInteger(quorum.membership());
	}

	void lost() {
		this.count.decrementAndGet();
	}

	void gained() {
		this.count.incrementAndGet();
	}

	@Override
	public String toString() {
		return this.count + " of " + this.quorum.membership() + " nodes vote, the quorum is " + this.quorum.size();
	}

}
