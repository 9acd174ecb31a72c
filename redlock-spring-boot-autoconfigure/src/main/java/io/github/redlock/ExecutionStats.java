package io.github.redlock;

import java.util.List;

/**
 * One request to all nodes, with every node's vote. The outcome is decided before the
 * slowest nodes have answered, and nobody waits for them; their votes appear here when
 * they arrive.
 * <p>
 * Thread-safe; every call returns the state at that moment.
 *
 * @since 0.1.0
 */
public interface ExecutionStats {

	/**
	 * The number of nodes asked.
	 * @return N, the number of configured nodes, whether or not they are up
	 */
	int membershipSize();

	/**
	 * The number of nodes that have to agree.
	 * @return N / 2 + 1
	 */
	int quorumSize();

	/**
	 * The votes so far, in the order of the configured nodes.
	 * @return an immutable snapshot; a node that has not answered yet is absent
	 */
	List<NodeVote> votes();

	/**
	 * Whether every node has answered or was given up.
	 * @return {@code true} once {@link #votes()} will not change any more
	 */
	default boolean isComplete() {
		return votes().size() == membershipSize();
	}

}
