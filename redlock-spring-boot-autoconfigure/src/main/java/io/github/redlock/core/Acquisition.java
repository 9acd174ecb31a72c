package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.core.AcquireOutcome.Acquired;
import io.github.redlock.core.AcquireOutcome.NotAcquired;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * One acquisition: attempts, pauses between them, and the end.
 * <p>
 * Every attempt uses a fresh value. With one value for all of them, a release of the
 * first attempt that a node confirms late would delete the key that a later attempt won.
 * <p>
 * All state changes and all sending happen in the monitor, so the requests of one
 * acquisition reach each node in the order of its decisions: an abort cannot send its
 * release before the attempt it undoes.
 */
final class Acquisition implements VotingRound.Observer {

	/**
	 * How often an attempt is repeated at once with a larger token. Each repetition has
	 * learnt every token seen so far; more are needed only while others keep issuing
	 * tokens from a clock that is ahead.
	 */
	static final int MAX_STALE_REPEATS = 5;

	/**
	 * The statistics of the last attempts are kept; a caller may wait for days.
	 */
	static final int MAX_ATTEMPTS_KEPT = 1000;

	private static final Logger logger = LoggerFactory.getLogger(Acquisition.class);

	private final NodeGroup nodes;

	private final List<String> resources;

	private final Duration ttl;

	private final LockSettings settings;

	private final Supplier<String> values;

	private final @Nullable FencingTokens tokens;

	private final LockFactory locks;

	private final CompletableFuture<AcquireOutcome> outcome = new CompletableFuture<>();

	private final Deque<ExecutionStats> attempts = new ArrayDeque<>();

	private int attemptCount;

	private final long startedAt;

	private int retries;

	private int staleRepeats;

	private @Nullable LockRequest request;

	private @Nullable VotingRound round;

	private @Nullable Cancellable pause;

	private boolean finalAttempt;

	Acquisition(NodeGroup nodes, List<String> resources, Duration ttl, LockSettings settings, Supplier<String> values,
			@Nullable FencingTokens tokens, LockFactory locks) {
		this.nodes = nodes;
		this.resources = resources;
		this.ttl = ttl;
		this.settings = settings;
		this.values = values;
		this.tokens = tokens;
		this.locks = locks;
		this.startedAt = nodes.time().nanoTime();
	}

	/**
	 * How it ends. Never completes exceptionally.
	 */
	CompletableFuture<AcquireOutcome> outcome() {
		return this.outcome;
	}

	synchronized void attempt() {
		if (this.outcome.isDone()) {
			return;
		}
		try {
			long token = (this.tokens != null) ? this.tokens.next() : LockRequest.NO_TOKEN;
			LockRequest request = new LockRequest(this.resources, this.values.get(), this.ttl, token);
			VotingRound round = this.nodes.open(this);
			this.request = request;
			this.round = round;
			remember(round);
			this.nodes.send(LockCommand.ACQUIRE, request, round);
		}
		catch (RuntimeException | Error ex) {
			crash(ex);
		}
	}

	private void remember(VotingRound round) {
		this.attemptCount++;
		this.attempts.add(round);
		if (this.attempts.size() > MAX_ATTEMPTS_KEPT) {
			this.attempts.remove();
		}
	}

	/**
	 * Something threw that should not, such as a source of values of the user's own. The
	 * caller must not wait for ever.
	 */
	private void crash(Throwable ex) {
		try {
			logger.error("Locking {} failed unexpectedly", this.resources, ex);
			if (this.request != null) {
				this.nodes.releaseInBackground(this.request);
			}
		}
		catch (RuntimeException | Error another) {
			ex.addSuppressed(another);
		}
		finally {
			end(Reason.NO_QUORUM, "an unexpected error: " + ex, ex);
		}
	}

	@Override
	public void voted(VotingRound round, int index, Vote vote) {
		if (vote instanceof Vote.Stale stale && this.tokens != null) {
			this.tokens.learn(stale.highest());
		}
	}

	@Override
	public synchronized void decided(VotingRound round) {
		LockRequest request = this.request;
		if (round != this.round || request == null || this.outcome.isDone()) {
			return;
		}
		try {
			decide(round, request);
		}
		catch (RuntimeException | Error ex) {
			crash(ex);
		}
	}

	private void decide(VotingRound round, LockRequest request) {
		long deadline = Validity.deadline(round.start(), this.ttl, this.settings.driftFactor());
		long now = this.nodes.time().nanoTime();
		logger.debug("Attempt {} to lock {}: {}", this.attemptCount, this.resources, round);
		if (round.isWon() && deadline - now > 0) {
			this.round = null;
			this.outcome.complete(
					new Acquired(this.locks.create(request, this.settings, round.start(), List.copyOf(this.attempts))));
			return;
		}
		// Before anything else is sent, so that no attempt finds the leftovers of
		// another.
		this.request = null;
		this.nodes.releaseInBackground(request);
		if (round.isStale() && this.staleRepeats < MAX_STALE_REPEATS) {
			this.staleRepeats++;
			attempt();
			return;
		}
		this.staleRepeats = 0;
		if (isLastAttempt(now)) {
			this.finalAttempt = true;
			if (round.isWon() || round.isAnswered()) {
				fail(round);
			}
			return;
		}
		this.retries++;
		this.pause = this.nodes.time().schedule(pauseNanos(round, now), this::attempt);
	}

	/**
	 * Only the last attempt waits for this, and only where the votes at the decision did
	 * not tell an outage from contention.
	 */
	@Override
	public synchronized void answered(VotingRound round) {
		if (this.finalAttempt && round == this.round) {
			fail(round);
		}
	}

	private boolean isLastAttempt(long now) {
		Duration waitTime = this.settings.waitTime();
		if (waitTime != null) {
			return now - this.startedAt >= Nanos.of(waitTime);
		}
		return this.settings.retryCount() >= 0 && this.retries >= this.settings.retryCount();
	}

	private long pauseNanos(VotingRound round, long now) {
		long nanos = this.settings.retry().nextPauseNanos(this.nodes.random());
		long free = round.nanosUntilFree();
		if (free > 0 && free < nanos) {
			// Redis expires with a precision of a millisecond.
			nanos = free + RetrySchedule.MIN_PAUSE_NANOS;
		}
		Duration waitTime = this.settings.waitTime();
		return (waitTime != null) ? Math.min(nanos, this.startedAt + Nanos.of(waitTime) - now) : nanos;
	}

	private void fail(VotingRound round) {
		Reason reason = round.isWon() ? Reason.EXPIRED : round.isUnreachable() ? Reason.NO_QUORUM : Reason.HELD;
		String why = switch (reason) {
			case EXPIRED -> "a quorum granted it too late, no validity was left; use a longer ttl or look at the nodes";
			case NO_QUORUM -> "no quorum of nodes answered";
			default -> "somebody else holds it or competes for it";
		};
		end(reason, why, round.lastError());
	}

	/**
	 * Give up, unless it has ended already. What was sent is released on every node.
	 */
	synchronized void abort(Reason reason, String why) {
		if (this.outcome.isDone()) {
			return;
		}
		if (this.pause != null) {
			this.pause.cancel();
		}
		if (this.request != null) {
			this.nodes.releaseInBackground(this.request);
		}
		end(reason, why, null);
	}

	private void end(Reason reason, String why, @Nullable Throwable cause) {
		long millis = Duration.ofNanos(this.nodes.time().nanoTime() - this.startedAt).toMillis();
		StringBuilder message = new StringBuilder().append("Could not lock ").append(this.resources).append(": ");
		message.append(why).append(" (").append(this.attemptCount).append(" attempt(s) in ").append(millis);
		message.append(" ms");
		if (this.round != null) {
			message.append("; last attempt: ").append(this.round);
		}
		message.append(')');
		this.round = null;
		NotAcquired end = new NotAcquired(this.resources, reason, List.copyOf(this.attempts), message.toString(),
				cause);
		this.outcome.complete(end);
		this.nodes.events().fire((listener) -> listener.acquireFailed(this.resources, end.exception()));
	}

	/**
	 * The end of a caller that was interrupted although the lock was just granted.
	 */
	synchronized NotAcquired interrupted() {
		return new NotAcquired(this.resources, Reason.INTERRUPTED, List.copyOf(this.attempts),
				"Could not lock " + this.resources + ": the waiting thread was interrupted", null);
	}

	/**
	 * The same in every run of a simulation, unlike that of {@link Object}.
	 */
	@Override
	public int hashCode() {
		return Long.hashCode(this.startedAt);
	}

	/**
	 * An acquisition is equal to itself only.
	 */
	@Override
	public boolean equals(@Nullable Object other) {
		return this == other;
	}

	/**
	 * Makes the lock that an attempt has won.
	 */
	@FunctionalInterface
	interface LockFactory {

		DefaultLockHandle create(LockRequest request, LockSettings settings, long start, List<ExecutionStats> attempts);

	}

}
