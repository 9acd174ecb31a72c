package io.github.redlock.core;

import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

import io.github.redlock.ExecutionStats;
import io.github.redlock.spi.LockRequest;

/**
 * A lock that its holder has given up, and that a waiter of the same process may take
 * without its being free in between. It is valid for nobody.
 *
 * @param giver the holder that gives it up
 * @param grant what the lock rests on
 * @param deadline when it would have stopped being valid for the holder
 * @param settings those of the holder
 * @param votes of the round that granted it
 */
record Handover(Giver giver, Grant grant, long deadline, LockSettings settings, ExecutionStats votes) {

	/**
	 * The share of the validity that may have passed for a hand-over without a round
	 * trip: what passes between two extensions.
	 */
	private static final int SHARE = 3;

	LockRequest request() {
		return this.grant.request();
	}

	/**
	 * What the next holder gets if no node is asked: the same request, with the next
	 * token of its block.
	 * @param ttl what the next holder has asked for
	 * @return {@code null} if the nodes have to be asked
	 */
	@Nullable Grant withoutAsking(List<String> resources, Duration ttl, LockSettings next, long now) {
		LockRequest request = request();
		boolean alike = this.settings.autoExtend() && next.autoExtend() && request.ttl().equals(ttl)
				&& this.settings.driftFactor() == next.driftFactor();
		if (!alike || (request.isFenced() && this.grant.token() >= request.token())) {
			return null;
		}
		long confirmedAt = this.grant.confirmedAt();
		long validity = Validity.deadline(confirmedAt, ttl, next.driftFactor()) - confirmedAt;
		if (now - confirmedAt >= validity / SHARE) {
			return null;
		}
		long token = request.isFenced() ? this.grant.token() + 1 : LockRequest.NO_TOKEN;
		LockRequest same = request.resources().equals(resources) ? request
				: new LockRequest(resources, request.value(), ttl, request.token(), request.block());
		return new Grant(same, confirmedAt, now, token, this.grant.streak().next());
	}

	/**
	 * The side of the holder. Where nodes are asked, the votes on the transfer are the
	 * answer to its release too.
	 */
	interface Giver extends VotingRound.Observer {

		/**
		 * The next holder has the lock, and no node was asked.
		 */
		void handedOver();

	}

}
