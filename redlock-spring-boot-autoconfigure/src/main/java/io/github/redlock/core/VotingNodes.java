package io.github.redlock.core;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many nodes of one lock vote at the moment. Thread-safe.
 */
final class VotingNodes {

	private final String name;

	private final Quorum quorum;

	private final AtomicInteger count;

	/**
	 * All of them vote.
	 * @param name of the lock, for messages
	 */
	VotingNodes(String name, Quorum quorum) {
		this.name = name;
		this.quorum = quorum;
		this.count = new AtomicInteger(quorum.membership());
	}

	/**
	 * One less.
	 * @return whether that was one too many
	 */
	boolean lost() {
		return this.count.decrementAndGet() == this.quorum.size() - 1;
	}

	/**
	 * One more.
	 * @return whether that was the missing one
	 */
	boolean gained() {
		return this.count.incrementAndGet() == this.quorum.size();
	}

	int count() {
		return this.count.get();
	}

	int quorum() {
		return this.quorum.size();
	}

	@Override
	public String toString() {
		return this.name + ": " + this.count + " of " + this.quorum.membership() + " nodes left, quorum "
				+ this.quorum.size();
	}

}
