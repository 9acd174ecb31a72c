package io.github.redlock.core;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * The release of one lock: a round of its own, or the votes on a {@link Transfer}, or a
 * hand-over that asks no node.
 * <p>
 * The deciding node tells how many other processes were waiting. They try first then, and
 * the first waiter of this process a little later; without them it tries at once.
 */
final class Release implements Handover.Giver, Runnable {

	/**
	 * Other processes that hear of a release need one round trip to ask the deciding node
	 * and another one for the rest; the release itself took one.
	 */
	private static final int OTHERS_FIRST_ROUND_TRIPS = 3;

	private static final long MIN_OTHERS_FIRST_NANOS = Duration.ofMillis(1).toNanos();

	private static final long MAX_OTHERS_FIRST_NANOS = Duration.ofMillis(50).toNanos();

	private final NodeGroup nodes;

	private final LocalQueues queues;

	private final LockRequest request;

	private final Duration rest;

	private final Owner owner;

	private final AtomicBoolean waiterTold = new AtomicBoolean();

	/** Where other processes listen. */
	private volatile int decidingNode;

	/** Who tries before the waiters for the same resources. */
	private volatile @Nullable Waiter elder;

	/**
	 * Remote waiters assumed while the deciding node has not answered; {@code null} if
	 * not needed.
	 */
	private volatile @Nullable Integer assumed;

	/**
	 * Send nothing yet.
	 * @param request what the nodes hold
	 * @param rest how long the nodes keep the keys
	 * @param owner the lock
	 */
	Release(NodeGroup nodes, LocalQueues queues, LockRequest request, Duration rest, Owner owner) {
		this.nodes = nodes;
		this.queues = queues;
		this.request = request;
		this.rest = rest;
		this.owner = owner;
	}

	/**
	 * Send it to all nodes.
	 */
	@Override
	public void run() {
		if (this.rest.isZero()) {
			this.decidingNode = this.queues.decidingNode().index();
			Waiter first = this.queues.first(this.request.resources());
			if (first != null) {
				first.localReleaseBegins();
			}
			Waiter elder = this.queues.elder(this.request.resources());
			if (elder != null) {
				this.elder = elder;
				this.queues.hasChance(elder);
				elder.localReleaseBegins();
			}
			this.nodes.send(LockCommand.RELEASE, this.request, this.nodes.open(this));
		}
		else {
			// No waiter is told: it stays locked.
			this.waiterTold.set(true);
			this.nodes.send(LockCommand.RELEASE_LATER, this.request.withTtl(this.rest), this.nodes.open(this));
		}
	}

	@Override
	public void voted(VotingRound round, int index, Vote vote) {
		if (index == this.decidingNode && round.isSent() && this.waiterTold.compareAndSet(false, true)) {
			tellWaiter(round, vote);
		}
	}

	/**
	 * The release was handed to all nodes, and what a waiter sends now comes behind it.
	 * Where the deciding node has not answered yet, and perhaps will not for long, its
	 * last answer has to do.
	 */
	@Override
	public void decided(VotingRound round) {
		Vote vote = round.voteOf(this.decidingNode);
		if (vote == null && !this.waiterTold.get()) {
			int assumed = this.queues.notices().remoteWaiters(LocalQueues.key(this.request.resources()));
			this.assumed = assumed;
			letFirstTry(round, assumed);
		}
		else if (vote != null && this.waiterTold.compareAndSet(false, true)) {
			tellWaiter(round, vote);
		}
	}

	private void tellWaiter(VotingRound round, Vote vote) {
		int remoteWaiters = 0;
		Integer assumed = this.assumed;
		if (vote instanceof Vote.Granted granted) {
			remoteWaiters = granted.listeners();
			this.queues.notices().released(LocalQueues.key(this.request.resources()), remoteWaiters);
		}
		else if (vote instanceof Vote.Failed) {
			remoteWaiters = (assumed != null) ? assumed : Vote.Granted.UNKNOWN;
		}
		if (assumed == null || Integer.signum(assumed) != Integer.signum(remoteWaiters)) {
			letFirstTry(round, remoteWaiters);
		}
	}

	private void letFirstTry(VotingRound round, int remoteWaiters) {
		Waiter elder = this.elder;
		long remoteFirstNanos = (remoteWaiters > 0) ? othersFirstNanos(round) : 0;
		long othersFirstNanos = (elder != null) ? remoteFirstNanos + othersFirstNanos(round) : remoteFirstNanos;
		if (othersFirstNanos > 0) {
			this.queues.letOthersTryFirst(this.request.resources(), othersFirstNanos);
		}
		if (elder != null) {
			elder.localReleaseEnds(remoteWaiters, remoteFirstNanos);
		}
		Waiter first = this.queues.first(this.request.resources());
		if (first != null) {
			first.localReleaseEnds((othersFirstNanos > 0) ? 1 : remoteWaiters, othersFirstNanos);
		}
	}

	private long othersFirstNanos(VotingRound round) {
		long roundTrip = this.nodes.time().nanoTime() - round.start();
		return Math.min(OTHERS_FIRST_ROUND_TRIPS * roundTrip + MIN_OTHERS_FIRST_NANOS, MAX_OTHERS_FIRST_NANOS);
	}

	@Override
	public void answered(VotingRound round) {
		this.owner.releaseAnswered(round);
	}

	@Override
	public void handedOver() {
		this.owner.handedOver();
	}

	/**
	 * The lock.
	 */
	interface Owner {

		/**
		 * A quorum answered the release, or the transfer, or cannot any more.
		 */
		void releaseAnswered(VotingRound round);

		/**
		 * The next holder has the lock.
		 */
		void handedOver();

	}

}
