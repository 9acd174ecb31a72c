package io.github.redlock.core;

/**
 * How many of the configured nodes have to agree. Counts configured nodes, not reachable
 * ones: two halves of a split network must never both find a quorum.
 *
 * @param membership the number of configured nodes, N
 */
record Quorum(int membership) {

	Quorum {
		if (membership < 1) {
			throw new IllegalArgumentException("nodes must not be empty");
		}
	}

	/**
	 * The smallest number of nodes of which any two sets overlap.
	 */
	int size() {
		return this.membership / 2 + 1;
	}

	boolean isReachedBy(int votes) {
		return votes >= size();
	}

	/**
	 * Whether so many nodes are against that the rest cannot form a quorum. For an even N
	 * a split down the middle is such a case.
	 */
	boolean isBlockedBy(int votes) {
		return votes > this.membership - size();
	}

}
