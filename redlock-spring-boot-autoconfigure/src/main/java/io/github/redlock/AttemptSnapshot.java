package io.github.redlock;

import java.io.Serializable;
import java.util.List;

import io.github.redlock.spi.Vote;

/**
 * An attempt as it was at one moment. Exceptions are serialized with it in place of the
 * attempt itself, which collects votes and cannot leave its process.
 */
record AttemptSnapshot(int membershipSize, int quorumSize,
		List<NodeVote> votes) implements ExecutionStats, Serializable {

	AttemptSnapshot {
		votes = List.copyOf(votes);
	}

	static AttemptSnapshot of(ExecutionStats attempt) {
		return new AttemptSnapshot(attempt.membershipSize(), attempt.quorumSize(),
				attempt.votes().stream().map(AttemptSnapshot::serializable).toList());
	}

	private static NodeVote serializable(NodeVote vote) {
		return (vote.vote() instanceof Vote.Failed failed) ? new NodeVote(vote.node(),
				new Vote.Failed(failed.reason(), SerializableErrors.orText(failed.error())), vote.latency()) : vote;
	}

	@Override
	public String toString() {
		return "quorum " + this.quorumSize + " of " + this.membershipSize + ": " + this.votes;
	}

}
