package io.github.redlock;

import java.io.Serializable;
import java.time.Duration;

import io.github.redlock.spi.Vote;

/**
 * What one node answered in one attempt, and how long it took.
 *
 * @param node the node's name
 * @param vote its answer
 * @param latency the time from the start of the attempt to the answer
 * @since 0.1.0
 */
public record NodeVote(String node, Vote vote, Duration latency) implements Serializable {

	/**
	 * One line for messages and logs, such as
	 * {@code redis1:6379 HELD (812 ms left) after 3 ms}.
	 */
	@Override
	public String toString() {
		return this.node + " " + describe(this.vote) + " after " + this.latency.toMillis() + " ms";
	}

	private static String describe(Vote vote) {
		if (vote instanceof Vote.Held held) {
			return Vote.Held.FOR_UNKNOWN_TIME.equals(held) ? "HELD"
					: (held.remaining().compareTo(Vote.Held.WITHOUT_EXPIRY) < 0)
							? "HELD (" + held.remaining().toMillis() + " ms left)" : "HELD (without expiry)";
		}
		if (vote instanceof Vote.Stale stale) {
			return "STALE (fence at " + stale.highest() + ")";
		}
		if (vote instanceof Vote.Failed failed) {
			return "FAILED (" + failed.reason() + ": " + failed.error() + ")";
		}
		return (vote instanceof Vote.Granted) ? "GRANTED" : "MISSING";
	}

}
