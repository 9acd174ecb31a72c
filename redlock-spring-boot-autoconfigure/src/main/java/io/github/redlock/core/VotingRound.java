package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

import io.github.redlock.ExecutionStats;
import io.github.redlock.NodeVote;
import io.github.redlock.spi.Vote;

/**
 * The votes on one request that was sent to all nodes. Counts them, tells its observer
 * when the outcome is decided, and goes on collecting the late ones for the statistics.
 * <p>
 * Thread-safe. The observer is called outside the monitor, and but for single votes never
 * before the request was handed to all nodes: otherwise the release of a failed attempt
 * could reach a node before the attempt itself.
 */
final class VotingRound implements ExecutionStats {

	private final Quorum quorum;

	private final Observer observer;

	private final long start;

	@GuardedBy("this")
	private final @Nullable Vote[] votes;

	/** By node index, where there is a vote. */
	@GuardedBy("this")
	private final @Nullable String[] nodes;

	/** By node index, where there is a vote: after how many nanoseconds. */
	@GuardedBy("this")
	private final long[] latencies;

	@GuardedBy("this")
	private int granted;

	@GuardedBy("this")
	private int failed;

	@GuardedBy("this")
	private int answered;

	@GuardedBy("this")
	private boolean sent;

	/** The other nodes are not asked any more. */
	@GuardedBy("this")
	private boolean refused;

	@GuardedBy("this")
	private boolean toldDecided;

	@GuardedBy("this")
	private boolean toldAnswered;

	VotingRound(Quorum quorum, long start, Observer observer) {
		this.quorum = quorum;
		this.start = start;
		this.observer = observer;
		this.votes = new Vote[quorum.membership()];
		this.nodes = new String[this.votes.length];
		this.latencies = new long[this.votes.length];
	}

	/**
	 * The monotonic time before the first request was sent.
	 */
	long start() {
		return this.start;
	}

	/**
	 * A node has voted. Delivered twice, a vote counts once: the first delivery may have
	 * ended in an error before the observer was called.
	 */
	void vote(int index, String node, Vote vote, long now) {
		synchronized (this) {
			if (this.votes[index] == null) {
				this.nodes[index] = node;
				this.latencies[index] = now - this.start;
				count(index, vote);
			}
		}
		this.observer.voted(this, index, vote);
		tell(false);
	}

	@GuardedBy("this")
	private void count(int index, Vote vote) {
		this.votes[index] = vote;
		if (vote instanceof Vote.Failed) {
			this.failed++;
		}
		else {
			this.answered++;
		}
		if (vote instanceof Vote.Granted) {
			this.granted++;
		}
	}

	/**
	 * The request was handed to every node.
	 */
	void sent() {
		tell(true);
	}

	/**
	 * The deciding node, asked alone, has refused, so the other nodes are not asked. Its
	 * vote is told next.
	 */
	synchronized void refused() {
		this.sent = true;
		this.refused = true;
	}

	/**
	 * Whether it was handed to every node.
	 */
	synchronized boolean isSent() {
		return this.sent;
	}

	/**
	 * Whether only one node was asked, and it said no: nothing was set anywhere.
	 */
	synchronized boolean isRefused() {
		return this.refused;
	}

	private void tell(boolean nowSent) {
		boolean tellDecided;
		boolean tellAnswered;
		synchronized (this) {
			this.sent |= nowSent;
			tellDecided = this.sent && !this.toldDecided && isDecided();
			tellAnswered = this.sent && !this.toldAnswered && isAnswered();
			this.toldDecided |= tellDecided;
			this.toldAnswered |= tellAnswered;
		}
		if (tellDecided) {
			try {
				this.observer.decided(this);
			}
			catch (RuntimeException | Error ex) {
				forgetTold(true, tellAnswered);
				throw ex;
			}
		}
		if (tellAnswered) {
			try {
				this.observer.answered(this);
			}
			catch (RuntimeException | Error ex) {
				forgetTold(false, true);
				throw ex;
			}
		}
	}

	/**
	 * The observer threw; the next delivery of a vote tells it again.
	 */
	private synchronized void forgetTold(boolean decided, boolean answered) {
		this.toldDecided &= !decided;
		this.toldAnswered &= !answered;
	}

	private synchronized boolean isDecided() {
		int against = this.answered + this.failed - this.granted;
		return this.refused || isWon() || this.quorum.isBlockedBy(against);
	}

	/**
	 * Whether a quorum granted the request.
	 */
	synchronized boolean isWon() {
		return this.quorum.isReachedBy(this.granted);
	}

	/**
	 * Whether it is known if a quorum is reachable at all, or the other nodes are not
	 * asked.
	 */
	synchronized boolean isAnswered() {
		return this.refused || this.quorum.isReachedBy(this.answered) || isUnreachable();
	}

	/**
	 * Whether so many nodes failed that no quorum can answer.
	 */
	synchronized boolean isUnreachable() {
		return this.quorum.isBlockedBy(this.failed);
	}

	/**
	 * Whether so many nodes do not hold the lock (any more) that no quorum can. A node
	 * that transfers nothing because of a fence holds it.
	 */
	synchronized boolean isGone() {
		return this.quorum.isBlockedBy(this.answered - this.granted - count(Vote.Stale.class));
	}

	/**
	 * Whether a larger token would have changed the outcome: without those that are held
	 * or failed, there is still a quorum.
	 */
	synchronized boolean isStale() {
		int lost = count(Vote.Held.class) + this.failed;
		return count(Vote.Stale.class) > 0 && !this.quorum.isBlockedBy(lost);
	}

	/**
	 * Whether a node did not say for how long somebody else holds the resource.
	 */
	synchronized boolean isHeldForUnknownTime() {
		for (Vote vote : this.votes) {
			if (Vote.Held.FOR_UNKNOWN_TIME.equals(vote)) {
				return true;
			}
		}
		return false;
	}

	synchronized int count(Class<? extends Vote> type) {
		int count = 0;
		for (Vote vote : this.votes) {
			count += type.isInstance(vote) ? 1 : 0;
		}
		return count;
	}

	/**
	 * After how many nanoseconds a quorum will be free if nobody extends or releases, as
	 * far as the votes so far can tell.
	 */
	synchronized long nanosUntilFree() {
		if (this.refused) {
			for (Vote vote : this.votes) {
				if (vote instanceof Vote.Held held) {
					return Nanos.of(held.remaining());
				}
			}
		}
		long[] free = new long[this.votes.length];
		for (int i = 0; i < free.length; i++) {
			Vote vote = this.votes[i];
			free[i] = (vote == null || vote instanceof Vote.Failed) ? Nanos.FOREVER
					: (vote instanceof Vote.Held held) ? Nanos.of(held.remaining()) : 0;
		}
		Arrays.sort(free);
		return free[this.quorum.size() - 1];
	}

	synchronized @Nullable Throwable lastError() {
		Throwable error = null;
		for (Vote vote : this.votes) {
			if (vote instanceof Vote.Failed failure) {
				error = failure.error();
			}
		}
		return error;
	}

	/**
	 * The votes so far, by node index; {@code null} where there is none yet.
	 */
	synchronized @Nullable Vote voteOf(int index) {
		return this.votes[index];
	}

	@Override
	public int membershipSize() {
		return this.quorum.membership();
	}

	@Override
	public int quorumSize() {
		return this.quorum.size();
	}

	@Override
	public synchronized List<NodeVote> votes() {
		List<NodeVote> snapshot = new ArrayList<>(this.votes.length);
		for (int i = 0; i < this.votes.length; i++) {
			Vote vote = this.votes[i];
			String node = this.nodes[i];
			if (vote != null && node != null) {
				snapshot.add(new NodeVote(node, vote, Duration.ofNanos(this.latencies[i])));
			}
		}
		return List.copyOf(snapshot);
	}

	@Override
	public String toString() {
		return "quorum " + quorumSize() + " of " + membershipSize() + ": " + votes();
	}

	/**
	 * Follows a round.
	 */
	interface Observer {

		/**
		 * One vote came in, early or late.
		 */
		default void voted(VotingRound round, int index, Vote vote) {
		}

		/**
		 * The request was granted by a quorum, or cannot be any more. Called once.
		 */
		default void decided(VotingRound round) {
		}

		/**
		 * It is known whether a quorum is reachable. Called once, after {@link #decided}
		 * where the same vote settles both.
		 */
		default void answered(VotingRound round) {
		}

	}

}
