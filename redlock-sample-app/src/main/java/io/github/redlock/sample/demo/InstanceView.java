package io.github.redlock.sample.demo;

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * What one instance says of itself, for the pages of all instances.
 *
 * @param id unique among the instances
 * @param name for people
 * @param port of its page
 * @param quorum how many nodes have to vote
 * @param nodes the nodes as this instance sees them
 * @param servers the servers that this instance has started, by the name of the node
 * @param locks the locks that it holds
 * @param waiting how many of its callers wait, by resource
 * @param story the story of the zombie, as far as this instance has told it
 */
record InstanceView(String id, String name, int port, int quorum, List<NodeView> nodes, Map<String, String> servers,
		List<LockView> locks, Map<String, Integer> waiting, Story story) {

	/**
	 * A node as an instance sees it.
	 *
	 * @param name its name
	 * @param state whether it votes, and votes well
	 * @param unchangedMillis for how long it has voted, or has not
	 * @param roundTripMicros of the last probe that was answered
	 * @param server name and version
	 * @param error what is wrong, if something is
	 */
	record NodeView(String name, NodeState state, long unchangedMillis, @Nullable Long roundTripMicros,
			@Nullable String server, @Nullable String error) {
	}

	/** How well a node votes. */
	enum NodeState {

		/** It votes. */
		UP,

		/** It votes, and is slow or has just failed. */
		DEGRADED,

		/** It does not vote. */
		DOWN

	}

	/**
	 * A lock that is held.
	 *
	 * @param resource what is locked
	 * @param thread who asked for it
	 * @param token its fencing token
	 * @param remainingMillis its validity
	 * @param ttlMillis of what
	 * @param extensions how often it was extended
	 */
	record LockView(String resource, String thread, long token, long remainingMillis, long ttlMillis, int extensions) {
	}

}
