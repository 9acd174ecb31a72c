package io.github.redlock.core;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which node decides where many compete: every client asks the same node first, so that
 * they do not split the votes, and its waiters listen to the release notices of that
 * node. While a node fails, the next one takes its place; the quorum rule is unchanged.
 */
final class DecidingNode {

	private final List<NodeGuard> guards;

	private final int[] order;

	/**
	 * The same order for every client with the same nodes. Beginning with the last name:
	 * where nodes are configured in the order of their names, a release is sent there
	 * last, and a waiter that hears of it finds the other nodes free.
	 */
	DecidingNode(List<NodeGuard> guards) {
		this.guards = guards;
		this.order = IntStream.range(0, guards.size())
			.boxed()
			.sorted(Comparator.comparing((Integer index) -> guards.get(index).name()).reversed())
			.mapToInt(Integer::intValue)
			.toArray();
	}

	/**
	 * The index of the deciding node at this moment.
	 */
	int index() {
		for (int index : this.order) {
			if (!this.guards.get(index).isFailing()) {
				return index;
			}
		}
		return this.order[0];
	}

}
