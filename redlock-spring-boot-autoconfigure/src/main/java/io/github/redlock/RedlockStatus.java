package io.github.redlock;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

import io.github.redlock.spi.Vote;

/**
 * What one lock client knows at a moment, without asking a node. Values of locks are
 * never part of it. Immutable.
 *
 * @param name of the client, such as that of its set of nodes
 * @param quorum how many nodes have to vote
 * @param nodes the nodes in their order
 * @param held the locks that are held, in no order
 * @param waiting the callers that wait or are being served, in no order
 * @since 0.1.0
 */
public record RedlockStatus(String name, int quorum, List<NodeStatus> nodes, List<LockStatus> held,
		List<WaiterStatus> waiting) {

	/**
	 * Copies the lists.
	 * @param name of the client, such as that of its set of nodes
	 * @param quorum how many nodes have to vote
	 * @param nodes the nodes in their order
	 * @param held the locks that are held, in no order
	 * @param waiting the callers that wait or are being served, in no order
	 */
	public RedlockStatus {
		nodes = List.copyOf(nodes);
		held = List.copyOf(held);
		waiting = List.copyOf(waiting);
	}

	/**
	 * How many nodes vote.
	 * @return from none to all
	 */
	public int voting() {
		return (int) this.nodes.stream().filter(NodeStatus::isVoting).count();
	}

	/**
	 * How many more nodes may fail.
	 * @return negative if there is no quorum
	 */
	public int margin() {
		return voting() - this.quorum;
	}

	/**
	 * One node.
	 *
	 * @param name its name
	 * @param isVoting whether it votes
	 * @param unchangedFor for how long it has, or has not
	 * @param reason what kind of failure the last one was, if there was any
	 * @param error the last error in words, if there was any
	 * @param roundTrip how long the last probe took, if one was answered
	 * @param server name and version of the server, if known
	 */
	public record NodeStatus(String name, boolean isVoting, Duration unchangedFor, Optional<Vote.Failed.Reason> reason,
			Optional<String> error, Optional<Duration> roundTrip, Optional<String> server) {
	}

	/**
	 * One lock that is held.
	 *
	 * @param resources what is locked
	 * @param name the name of the section, empty for none
	 * @param heldFor since the round that won it began
	 * @param remainingValidity how much longer it is valid unless it is extended
	 * @param extensions how often it was extended
	 * @param token its fencing token, if it has one
	 * @param thread the thread that asked for it
	 */
	public record LockStatus(List<String> resources, String name, Duration heldFor, Duration remainingValidity,
			int extensions, OptionalLong token, String thread) {
	}

	/**
	 * One caller that has no lock yet.
	 *
	 * @param resources what it wants to lock
	 * @param name the name of the section, empty for none
	 * @param waitingFor since its call
	 * @param thread the thread that asked
	 */
	public record WaiterStatus(List<String> resources, String name, Duration waitingFor, String thread) {
	}

}
