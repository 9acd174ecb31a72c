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
 * Only a lock that a holder of this process hands over without asking a node keeps its
 * value.
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

	private static final int NONE = -1;

	private static final Logger logger = LoggerFactory.getLogger(Acquisition.class);

	private final NodeGroup nodes;

	private final List<String> resources;

	private final Duration ttl;

	private final LockSettings settings;

	private final Supplier<String> values;

	private final @Nullable FencingTokens tokens;

	private final LocalQueues queues;

	private final List<String> queueKey;

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

	/** Which one it is: one that was cancelled may end nevertheless. */
	private int pauses;

	private boolean finalAttempt;

	/** Votes are being waited for. */
	private boolean underWay;

	/** The holders before, where the attempt under way takes the lock over from one. */
	private @Nullable Row row;

	/** Among those who wait in this process. */
	private boolean queued;

	/** The first of them, who asks the nodes again. */
	private boolean first;

	/**
	 * Not every pause was as long as it was meant to be, or there was none: the count of
	 * attempts says nothing about the time that has passed, which is bounded instead.
	 */
	private boolean boundedByTime;

	/** A holder of this process has released since the attempt under way was sent. */
	private boolean again;

	/** How many notices there were when it was sent. */
	private int noticesBefore;

	/** Of the attempt under way, which node was asked first; none if negative. */
	private volatile int askedFirst = NONE;

	private @Nullable Cancellable askOthers;

	/**
	 * Attempts running that the node which is listened to granted, and others did not: a
	 * release that it tells of may be on its way to them. Only where it tells.
	 */
	private int splits;

	/** A holder of this process releases, and others get their chance first. */
	private boolean deaf;

	Acquisition(NodeGroup nodes, LocalQueues queues, List<String> resources, Duration ttl, LockSettings settings,
			Supplier<String> values, @Nullable FencingTokens tokens, LockFactory locks) {
		this.nodes = nodes;
		this.queues = queues;
		this.queueKey = LocalQueues.key(resources);
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

	List<String> queueKey() {
		return this.queueKey;
	}

	/**
	 * Try at once, unless others of this process wait already.
	 */
	synchronized void begin() {
		if (!this.settings.mayWait()) {
			attempt();
			return;
		}
		long yielding = this.queues.yieldNanos(this);
		// Before it is: an error in the middle of joining must not leave it there.
		this.queued = true;
		if (yielding > 0) {
			this.queues.join(this);
		}
		else {
			this.queued = this.queues.joinOthers(this);
		}
		if (this.queued) {
			guarded(() -> {
				waitForTurn(null, this.startedAt);
				yieldFor(yielding);
			});
		}
		else {
			attempt();
		}
	}

	private void attempt() {
		attempt(false);
	}

	/**
	 * Send an attempt.
	 * @param contended whether others do the same just now
	 */
	private void attempt(boolean contended) {
		if (this.outcome.isDone()) {
			return;
		}
		try {
			LockRequest request = newRequest();
			VotingRound round = this.nodes.open(this);
			attempt(request, round, null);
			if (contended && this.nodes.guards().size() > 1) {
				this.askedFirst = this.queues.firstToAsk();
				this.askOthers = this.nodes.time()
					.schedule(this.nodes.guards().get(this.askedFirst).headStartNanos(), () -> askOthers(round));
				this.nodes.sendTo(this.askedFirst, LockCommand.ACQUIRE, request, round);
			}
			else {
				this.nodes.send(LockCommand.ACQUIRE, request, round);
			}
		}
		catch (RuntimeException | Error ex) {
			crash(ex);
		}
	}

	/**
	 * The node that was asked first has granted it, or does not answer.
	 */
	private synchronized void askOthers(VotingRound round) {
		LockRequest request = this.request;
		int first = this.askedFirst;
		if (first == NONE || !round.equals(this.round) || request == null || this.outcome.isDone()) {
			return;
		}
		this.askedFirst = NONE;
		cancelAskOthers();
		guarded(() -> {
			for (int i = 0; i < this.nodes.guards().size(); i++) {
				if (i != first) {
					this.nodes.sendTo(i, LockCommand.ACQUIRE, request, round);
				}
			}
			round.sent();
		});
	}

	private void cancelAskOthers() {
		if (this.askOthers != null) {
			this.askOthers.cancel();
			this.askOthers = null;
		}
	}

	private synchronized void firstNodeVoted(VotingRound round, Vote vote) {
		if (this.askedFirst == NONE || !round.equals(this.round)) {
			return;
		}
		if (vote instanceof Vote.Held || vote instanceof Vote.Stale) {
			this.askedFirst = NONE;
			cancelAskOthers();
			round.refused();
		}
		else {
			askOthers(round);
		}
	}

	private LockRequest newRequest() {
		// Who had to wait has company: a row of holders is to be expected.
		int block = this.queued ? Row.MAX_LENGTH : 1;
		return (this.tokens != null)
				? new LockRequest(this.resources, this.values.get(), this.ttl, this.tokens.next(block), block)
				: new LockRequest(this.resources, this.values.get(), this.ttl, LockRequest.NO_TOKEN);
	}

	private void attempt(LockRequest request, VotingRound round, @Nullable Row row) {
		this.request = request;
		this.round = round;
		this.row = row;
		this.underWay = true;
		this.again = false;
		this.deaf = false;
		this.noticesBefore = this.queues.notices(this);
		remember(round);
	}

	/**
	 * A holder of this process is done with the lock.
	 */
	synchronized TakeOver takeOver(Handover handover) {
		long now = now();
		if (this.outcome.isDone() || this.underWay || handover.deadline() - now <= 0) {
			return TakeOver.REFUSED;
		}
		TakeOver result = TakeOver.REFUSED;
		try {
			Grant grant = handover.withoutAsking(this.resources, this.ttl, this.settings, now);
			LockRequest request = (grant != null) ? grant.request() : newRequest();
			cutPauseShort();
			this.request = request;
			if (grant != null) {
				// From here on whatever goes wrong is this acquisition's to release.
				result = TakeOver.DONE;
				handover.holder().handedOver();
				remember(handover.votes());
				acquired(grant);
			}
			else {
				Transfer transfer = new Transfer(this.nodes, handover.request(), handover.holder(), this);
				VotingRound round = this.nodes.open(transfer);
				attempt(request, round, handover.grant().row().next());
				result = TakeOver.FAILED;
				transfer.send(request, round);
				result = TakeOver.DONE;
			}
		}
		catch (RuntimeException | Error ex) {
			crash(ex);
		}
		return result;
	}

	/**
	 * The next one is found before anybody can release this lock.
	 */
	private void acquired(Grant grant) {
		leaveQueue(false);
		DefaultLockHandle lock = this.locks.create(grant, this.settings, List.copyOf(this.attempts));
		this.round = null;
		this.request = null;
		this.outcome.complete(new Acquired(lock));
	}

	/**
	 * Wait no more.
	 * @param released whether it may be free now, because what this one has asked for was
	 * just released
	 */
	private void leaveQueue(boolean released) {
		if (this.queued) {
			this.queued = false;
			Acquisition first = this.queues.leave(this);
			if (first != null) {
				first.becomeFirst(released);
			}
		}
	}

	/**
	 * Nobody is in front any more.
	 * @param free whether to try at once
	 */
	private synchronized void becomeFirst(boolean free) {
		if (this.outcome.isDone()) {
			return;
		}
		guarded(() -> {
			if (!this.underWay && !this.first) {
				cancelPause();
				waitForTurn(null, now());
			}
			if (free && this.underWay) {
				this.again = true;
			}
			else if (free) {
				// On another thread: this one's stack may have ended the one in front.
				cutPauseShort();
				pause(0);
			}
		});
	}

	/**
	 * Wait for the next attempt, or for that of somebody in front.
	 * @param round the votes on the last attempt
	 */
	private void waitForTurn(@Nullable VotingRound round, long now) {
		this.first = this.queues.isFirst(this);
		if (this.first) {
			this.retries++;
			this.queues.listen(this);
			long pause = pauseNanos(round, now);
			if (this.splits > 0) {
				pause = Math.min(pause, RetrySchedule.splitPauseNanos(this.splits));
				this.boundedByTime = true;
			}
			pause(pause);
		}
		else {
			this.boundedByTime = true;
			long patience = this.settings.patienceNanos();
			if (patience < Nanos.FOREVER) {
				pause(this.startedAt + patience - now);
			}
		}
	}

	private void pause(long nanos) {
		int number = ++this.pauses;
		this.pause = this.nodes.time().schedule(nanos, () -> pauseOver(number));
	}

	private synchronized void pauseOver(int number) {
		if (number == this.pauses && !this.underWay) {
			boolean contended = this.deaf || this.splits > 0;
			this.deaf = false;
			attempt(contended);
		}
	}

	/**
	 * Nobody is to wait for ever because a source of time or of jitter throws.
	 */
	private void guarded(Runnable action) {
		try {
			action.run();
		}
		catch (RuntimeException | Error ex) {
			crash(ex);
		}
	}

	private void cancelPause() {
		this.pauses++;
		if (this.pause != null) {
			this.pause.cancel();
			this.pause = null;
		}
	}

	/**
	 * The pause ends early. Pauses are not counted any more, then.
	 */
	private void cutPauseShort() {
		cancelPause();
		this.boundedByTime = true;
	}

	/**
	 * Somebody has released it, or may have.
	 */
	synchronized void hear() {
		if (!this.deaf) {
			guarded(() -> tryNow(true));
		}
	}

	private void tryNow(boolean contended) {
		if (this.underWay) {
			this.again |= !contended;
		}
		else if (!this.outcome.isDone()) {
			cutPauseShort();
			attempt(contended);
		}
	}

	/**
	 * A holder of this process releases it. Notices are his own until it is known whether
	 * anybody else waits.
	 */
	synchronized void releasing() {
		this.deaf = true;
	}

	/**
	 * A holder of this process has released it.
	 * @param listeners how many others were told of it
	 * @param yielding how long to let them try first
	 */
	synchronized void released(int listeners, long yielding) {
		this.deaf = false;
		guarded(() -> {
			if (listeners == 0) {
				tryNow(false);
			}
			else if (listeners > 0) {
				yieldFor(yielding);
			}
			else {
				// Nobody hears of releases: others ask from time to time. Half of such a
				// time gives them and us the same chance.
				yieldFor(pauseNanos(null, now()) / 2);
			}
		});
	}

	/**
	 * Let others try first.
	 */
	private void yieldFor(long nanos) {
		if (nanos > 0 && this.first && !this.underWay && !this.outcome.isDone()) {
			this.deaf = true;
			cutPauseShort();
			pause(Math.min(nanos, pauseNanos(null, now())));
		}
	}

	private long now() {
		return this.nodes.time().nanoTime();
	}

	private void remember(ExecutionStats round) {
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
		if (this.askedFirst != NONE) {
			firstNodeVoted(round, vote);
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
		Row row = this.row;
		if (round.isWon() && deadline - now > 0) {
			acquired(new Grant(request, round.start(), round.start(), request.firstToken(),
					(row != null) ? row : Row.begin(round.start())));
			return;
		}
		Vote deciding = round.voteOf(this.queues.firstToAsk());
		boolean split = deciding instanceof Vote.Granted;
		this.splits = (split && !round.isWon() && this.queues.notices(this) > 0) ? this.splits + 1 : 0;
		// Before anything else is sent, so that no attempt finds the leftovers of
		// another.
		this.request = null;
		withdraw(round, request, (split || deciding == null) && isLastAttempt(now));
		if (row != null && !(round.isUnreachable() && isLastAttempt(now))) {
			// What could not be taken over was released.
			attempt();
			return;
		}
		if (round.isStale() && this.staleRepeats < MAX_STALE_REPEATS) {
			this.staleRepeats++;
			attempt(round.isRefused());
			return;
		}
		this.staleRepeats = 0;
		if (isLastAttempt(now)) {
			if (round.isRefused()) {
				// It is to be known what the others say.
				attempt();
				return;
			}
			this.finalAttempt = true;
			if (round.isWon() || round.isAnswered()) {
				fail(round);
			}
			return;
		}
		this.underWay = false;
		if (!this.queued) {
			this.queued = true;
			this.queues.join(this);
		}
		boolean told = this.again || this.queues.notices(this) != this.noticesBefore;
		if (told && this.queues.isFirst(this)) {
			this.boundedByTime = true;
			attempt(true);
		}
		else {
			waitForTurn(round, now);
		}
	}

	/**
	 * Release what an attempt has won, on every node that was asked.
	 * @param audibly whether others may have been refused because of it, and are to be
	 * told that nobody tries again
	 */
	private void withdraw(VotingRound round, LockRequest request, boolean audibly) {
		LockCommand command = audibly ? LockCommand.RELEASE : LockCommand.WITHDRAW;
		for (int i = 0; i < this.nodes.guards().size(); i++) {
			if (!round.isRefused() || round.voteOf(i) != null) {
				this.nodes.sendInBackground(i, command, request);
			}
		}
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
		if (this.settings.waitTime() != null) {
			return now - this.startedAt >= this.settings.patienceNanos();
		}
		return this.settings.retryCount() >= 0 && (this.boundedByTime
				? now - this.startedAt >= this.settings.patienceNanos() : this.retries >= this.settings.retryCount());
	}

	private long pauseNanos(@Nullable VotingRound round, long now) {
		long nanos = this.settings.retry().nextPauseNanos(this.nodes.random());
		long free = (round != null) ? round.nanosUntilFree() : 0;
		if (free > 0 && free < nanos) {
			// Redis expires with a precision of a millisecond.
			nanos = free + RetrySchedule.MIN_PAUSE_NANOS;
		}
		return (this.boundedByTime || this.settings.waitTime() != null)
				? Math.min(nanos, this.startedAt + this.settings.patienceNanos() - now) : nanos;
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
		cancelPause();
		cancelAskOthers();
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
		try {
			leaveQueue(this.request != null);
		}
		finally {
			this.outcome.complete(end);
		}
		this.nodes.events().acquireFailed(this.resources, end::exception);
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
	 * What becomes of a lock that is offered.
	 */
	enum TakeOver {

		/** It is taken, or nodes are asked whether it can be. */
		DONE,

		/** Not by this one. */
		REFUSED,

		/** Nodes may have been told of it, and then something failed. */
		FAILED

	}

	/**
	 * Makes the lock that an attempt has won.
	 */
	@FunctionalInterface
	interface LockFactory {

		DefaultLockHandle create(Grant grant, LockSettings settings, List<ExecutionStats> attempts);

	}

}
