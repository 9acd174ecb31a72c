package io.github.redlock.core;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * One extension of one lock: rounds until a quorum has extended, or the lock is known to
 * be lost, or its old validity ends.
 * <p>
 * Runs in the monitor of its lock. Nodes that have lost the key are healed only after the
 * quorum confirmed the lock, and never in the round itself: a key set by a failed round
 * would be counted by the next one, and a lock that had expired, been held by another
 * client and been released again would look unbroken.
 */
final class Extension implements VotingRound.Observer {

	/**
	 * A failed round is repeated after a quarter of what is left, so there are several
	 * tries before the end, but not more often than this.
	 */
	private static final long MIN_PAUSE_NANOS = Duration.ofMillis(10).toNanos();

	private static final int TRIES_PER_REMAINING_VALIDITY = 4;

	private static final Logger logger = LoggerFactory.getLogger(Extension.class);

	private final ExtendableLock lock;

	private final NodeGroup nodes;

	private final LockRequest request;

	private final LockSettings settings;

	private final CompletableFuture<Boolean> outcome = new CompletableFuture<>();

	@GuardedBy("lock")
	private final boolean[] healed;

	@GuardedBy("lock")
	private @Nullable VotingRound round;

	@GuardedBy("lock")
	private boolean confirmed;

	@GuardedBy("lock")
	private @Nullable Cancellable pause;

	Extension(ExtendableLock lock, NodeGroup nodes, LockRequest request, LockSettings settings) {
		this.lock = lock;
		this.nodes = nodes;
		this.request = request;
		this.settings = settings;
		this.healed = new boolean[nodes.guards().size()];
	}

	/**
	 * Completes with {@code true} if the lock was extended, with {@code false} if it was
	 * lost or released.
	 */
	CompletableFuture<Boolean> outcome() {
		return this.outcome;
	}

	/**
	 * The last try, for a message.
	 */
	@Nullable VotingRound lastRound() {
		synchronized (this.lock) {
			return this.round;
		}
	}

	void attempt() {
		synchronized (this.lock) {
			if (this.outcome.isDone() || this.lock.endIfExpired()) {
				return;
			}
			VotingRound round = this.nodes.open(this);
			this.round = round;
			this.nodes.send(LockCommand.EXTEND, this.request, round);
		}
	}

	@Override
	public void decided(VotingRound round) {
		synchronized (this.lock) {
			if (this.outcome.isDone() || round != this.round || this.lock.endIfExpired()) {
				return;
			}
			if (round.isWon()) {
				confirm(round);
				return;
			}
			this.nodes.events().observers().tell((observer) -> observer.extensionFailed(this.lock.name()));
			if (round.isGone()) {
				this.lock.lose("its keys are gone from too many nodes (" + round + ")", round.lastError());
			}
			else {
				logger.debug("Extension of {} is tried again: {}", this.request.resources(), round);
				this.pause = this.nodes.time().schedule(pauseNanos(), this::attempt);
			}
		}
	}

	@GuardedBy("lock")
	private void confirm(VotingRound round) {
		if (this.lock.extended(round.start(), this.request)) {
			this.confirmed = true;
			for (int i = 0; i < this.healed.length; i++) {
				healIfMissing(i, round.voteOf(i));
			}
			this.lock.extensionEnded();
			this.outcome.complete(true);
		}
	}

	private long pauseNanos() {
		long share = Math.max(this.lock.remainingNanos(), 0) / TRIES_PER_REMAINING_VALIDITY;
		long pause = this.settings.retry().nextPauseNanos(this.nodes.random());
		return Math.max(Math.min(pause, share), MIN_PAUSE_NANOS);
	}

	@Override
	public void voted(VotingRound round, int index, Vote vote) {
		synchronized (this.lock) {
			if (this.confirmed && round == this.round) {
				healIfMissing(index, vote);
			}
		}
	}

	@GuardedBy("lock")
	private void healIfMissing(int index, @Nullable Vote vote) {
		if (vote instanceof Vote.Missing && !this.healed[index] && this.lock.isHeld()) {
			this.healed[index] = true;
			this.nodes.heal(index, this.request);
		}
	}

	/**
	 * The lock is not held any more.
	 */
	void cancel() {
		synchronized (this.lock) {
			if (this.pause != null) {
				this.pause.cancel();
			}
			this.outcome.complete(false);
		}
	}

}
