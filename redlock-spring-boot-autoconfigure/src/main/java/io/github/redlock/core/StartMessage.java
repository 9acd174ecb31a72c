package io.github.redlock.core;

import java.util.List;
import java.util.stream.Collectors;

import io.github.redlock.RedlockStatus;
import io.github.redlock.RedlockStatus.NodeStatus;

/**
 * What the log says when each node has been tried once.
 */
record StartMessage(RedlockStatus status) {

	@Override
	public String toString() {
		List<NodeStatus> nodes = this.status.nodes();
		int voting = this.status.voting();
		String answers = (voting == nodes.size()) ? "all answer" : voting + " answer";
		return this.status.name() + ": " + nodes.size() + ((nodes.size() == 1) ? " node" : " nodes") + ", quorum "
				+ this.status.quorum() + ", " + answers + " ("
				+ nodes.stream().map(StartMessage::describe).collect(Collectors.joining(", ")) + ")";
	}

	private static String describe(NodeStatus node) {
		return node.name()
				+ (node.isVoting() ? node.server().map((server) -> " " + server).orElse("") : " does not vote");
	}

}
