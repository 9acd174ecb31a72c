package io.github.redlock.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import com.google.errorprone.annotations.concurrent.GuardedBy;
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
 * release before the attempt it undoes. An {@code Error} or an exception in the monitor
 * ends this acquisition, and only this one.
 */
final class Acquisition implements Waiter, HeadStart.Owner {

	private static final Logger logger = LoggerFactory.getLogger(Acquisition.class);

	private final Shared shared;

	private final List<String> resources;

	private final List<String> queueKey;

	private final Duration ttl;

	private final LockSettings settings;

	private final long startedAt;

	private final CompletableFuture<AcquireOutcome> outcome = new CompletableFuture<>();

	@GuardedBy("this")
	private final AttemptHistory history = new AttemptHistory();

	@GuardedBy("this")
	private final Patience patience;

	@GuardedBy("this")
	private State state = State.NEW;

	/** The attempt under way, or the last one. */
	@GuardedBy("this")
	private @Nullable Attempt attempt;

	/** The current pause: a cancelled timer may still fire and must not count. */
	@GuardedBy("this")
	private @Nullable Pause pause;

	/** Whether this acquisition is in the queue of this process, first or not. */
	@GuardedBy("this")
	private boolean queued;

	/**
	 * Whether other processes are given the chance to try first: notices are about the
	 * release of a holder of this process, and do not end the pause.
	 */
	@GuardedBy("this")
	private boolean othersFirst;

	Acquisition(Shared shared, List<String> resources, Duration ttl, LockSettings settings) {
		this.shared = shared;
		this.resources = resources;
		this.queueKey = LocalQueues.key(resources);
		this.ttl = ttl;
		this.settings = settings;
		this.startedAt = now();
		this.patience = new Patience(settings, this.startedAt);
	}

	private long now() {
		return this.shared.nodes.time().nanoTime();
	}

	/**
	 * How it ends. Never completes exceptionally.
	 */
	CompletableFuture<AcquireOutcome> outcome() {
		return this.outcome;
	}

	@Override
	public List<String> queueKey() {
		return this.queueKey;
	}

	/**
	 * Try at once, unless other callers of this process wait already.
	 */
	synchronized void begin() {
		if (!this.settings.mayWait()) {
			attempt(false);
			return;
		}
		long othersFirstNanos = this.shared.queues.othersFirstNanos(this);
		// Before it is: an error in the middle of joining must not leave it there.
		this.queued = true;
		if (othersFirstNanos > 0) {
			this.shared.queues.join(this);
		}
		else {
			this.queued = this.shared.queues.joinOthers(this);
		}
		if (!this.queued) {
			attempt(false);
			return;
		}
		try {
			waitForTurn(0, this.startedAt);
			letOthersTryFirst(othersFirstNanos);
		}
		catch (RuntimeException | Error ex) {
			crash(ex, null);
		}
	}

	/**
	 * Send an attempt.
	 * @param contended whether other clients do the same just now
	 */
	@GuardedBy("this")
	private void attempt(boolean contended) {
		if (this.state == State.ENDED) {
			return;
		}
		try {
			LockRequest request = newRequest();
			NodeGroup nodes = this.shared.nodes;
			if (contended && nodes.guards().size() > 1) {
				HeadStart headStart = new HeadStart(nodes, this.shared.queues.decidingNode().index(), request, this);
				VotingRound round = nodes.open(headStart);
				begun(request, round, null, headStart);
				headStart.send(round);
			}
			else {
				VotingRound round = nodes.open(this);
				begun(request, round, null, null);
				nodes.send(LockCommand.ACQUIRE, request, round);
			}
		}
		catch (RuntimeException | Error ex) {
			crash(ex, unreleased());
		}
	}

	@GuardedBy("this")
	private LockRequest newRequest() {
		// A caller that had to wait has company: a streak of holders is to be expected.
		return this.shared.requests.next(this.resources, this.ttl, this.queued ? Streak.MAX_LENGTH : 1);
	}

	@GuardedBy("this")
	private void begun(LockRequest request, VotingRound round, @Nullable Streak streak, @Nullable HeadStart headStart) {
		this.attempt = new Attempt(request, round, streak, headStart, notices());
		this.state = State.ASKING;
		this.othersFirst = false;
		this.history.add(round);
	}

	private int notices() {
		return this.shared.queues.notices().count(this.queueKey);
	}

	/**
	 * What nodes may have set for this acquisition and were not told to release.
	 */
	@GuardedBy("this")
	private @Nullable LockRequest unreleased() {
		return (this.attempt != null && !this.attempt.isWithdrawn()) ? this.attempt.request() : null;
	}

	@Override
	public synchronized TakeOver takeOver(Handover handover) {
		long now = now();
		if (!this.state.isPause() || handover.deadline() - now <= 0) {
			return TakeOver.REFUSED;
		}
		TakeOver result = TakeOver.REFUSED;
		LockRequest request = null;
		try {
			Grant grant = handover.withoutAsking(this.resources, this.ttl, this.settings, now);
			cutPauseShort();
			if (grant != null) {
				// From here on whatever goes wrong is this acquisition's to release.
				request = grant.request();
				result = TakeOver.DONE;
				handover.giver().handedOver();
				this.history.add(handover.votes());
				acquired(grant);
			}
			else {
				request = newRequest();
				Transfer transfer = new Transfer(this.shared.nodes, handover.request(), handover.giver(), this);
				VotingRound round = this.shared.nodes.open(transfer);
				begun(request, round, handover.grant().streak().next(), null);
				result = TakeOver.FAILED;
				transfer.send(request, round);
				result = TakeOver.DONE;
			}
		}
		catch (RuntimeException | Error ex) {
			crash(ex, request);
		}
		return result;
	}

	/**
	 * The lock is won. The next waiter is found before anybody can release this lock. If
	 * this throws, no caller has the lock.
	 */
	@GuardedBy("this")
	private void acquired(Grant grant) {
		leaveQueue(false);
		DefaultLockHandle lock = this.shared.locks.create(grant, this.settings, this.history.kept());
		this.state = State.ENDED;
		try {
			this.outcome.complete(new Acquired(lock));
			this.attempt = null;
		}
		finally {
			if (!this.outcome.isDone()) {
				this.state = State.ASKING;
				lock.revoke();
			}
		}
	}

	/**
	 * Wait no more.
	 * @param free whether the resource may be free now, because what this acquisition has
	 * asked for was just released
	 */
	@GuardedBy("this")
	private void leaveQueue(boolean free) {
		if (this.queued) {
			// Afterwards: an error in the middle of leaving must not leave it there.
			Waiter first = this.shared.queues.leave(this);
			this.queued = false;
			if (first != null) {
				first.becomeFirst(free);
			}
		}
	}

	@Override
	public synchronized void becomeFirst(boolean free) {
		try {
			if (this.state == State.QUEUED) {
				cancelPause();
				waitForTurn(0, now());
			}
			if (free && this.state.isPause()) {
				// On another thread: the stack of this one may be at its end.
				cutPauseShort();
				pause(0);
			}
			else if (free && this.attempt != null) {
				this.attempt.releasedMeanwhile();
			}
		}
		catch (RuntimeException | Error ex) {
			crash(ex, unreleased());
		}
	}

	/**
	 * Wait for the next attempt, or behind other waiters.
	 * @param nanosUntilFree when the resource will be free, zero or less if unknown
	 */
	@GuardedBy("this")
	private void waitForTurn(long nanosUntilFree, long now) {
		if (this.shared.queues.isFirst(this)) {
			this.state = State.PAUSING;
			this.shared.queues.notices().listen(this.queueKey);
			pause(this.patience.retryPauseNanos(nanosUntilFree, now, this.shared.nodes.random()));
			return;
		}
		this.state = State.QUEUED;
		this.patience.boundByTime();
		if (!this.patience.isEndless()) {
			pause(this.patience.remainingNanos(now));
		}
	}

	@GuardedBy("this")
	private void pause(long nanos) {
		Pause next = new Pause();
		this.pause = next;
		next.timer = this.shared.nodes.time().schedule(nanos, next);
	}

	private synchronized void pauseOver(Pause pause) {
		if (pause.equals(this.pause) && this.state.isPause()) {
			attempt(this.othersFirst || this.patience.isSplit());
		}
	}

	@GuardedBy("this")
	private void cancelPause() {
		Pause last = this.pause;
		this.pause = null;
		if (last != null && last.timer != null) {
			last.timer.cancel();
		}
	}

	/**
	 * End the pause early. From now on the time is bounded, not the number of retries.
	 */
	@GuardedBy("this")
	private void cutPauseShort() {
		cancelPause();
		this.patience.boundByTime();
	}

	@Override
	public synchronized void noticed() {
		if (!this.othersFirst && this.state.isPause()) {
			attemptEarly(true);
		}
	}

	@GuardedBy("this")
	private void attemptEarly(boolean contended) {
		try {
			cutPauseShort();
			attempt(contended);
		}
		catch (RuntimeException | Error ex) {
			crash(ex, unreleased());
		}
	}

	@Override
	public synchronized void localReleaseBegins() {
		this.othersFirst = true;
	}

	@Override
	public synchronized void localReleaseEnds(int remoteWaiters, long othersFirstNanos) {
		this.othersFirst = false;
		if (remoteWaiters == 0 && this.state.isPause()) {
			attemptEarly(false);
		}
		else if (remoteWaiters == 0 && this.attempt != null) {
			this.attempt.releasedMeanwhile();
		}
		else if (this.state == State.PAUSING) {
			try {
				// Without notices, other clients ask from time to time. Half of such a
				// time gives them and this one the same chance.
				letOthersTryFirst((remoteWaiters > 0) ? othersFirstNanos : usualPauseNanos() / 2);
			}
			catch (RuntimeException | Error ex) {
				crash(ex, null);
			}
		}
	}

	/**
	 * Let other processes try first, if this is the first waiter here.
	 */
	@GuardedBy("this")
	private void letOthersTryFirst(long nanos) {
		if (nanos > 0 && this.state == State.PAUSING) {
			this.othersFirst = true;
			cutPauseShort();
			pause(Math.min(nanos, usualPauseNanos()));
		}
	}

	@GuardedBy("this")
	private long usualPauseNanos() {
		return this.patience.pauseNanos(0, now(), this.shared.nodes.random());
	}

	/**
	 * Something threw that should not, such as a source of values of the user's own. The
	 * caller must not wait for ever.
	 * @param request what nodes may have set, {@code null} if nothing
	 */
	@GuardedBy("this")
	private void crash(Throwable ex, @Nullable LockRequest request) {
		try {
			logger.error("Locking {} failed unexpectedly", this.resources, ex);
			if (request != null && this.state != State.ENDED) {
				this.shared.nodes.releaseInBackground(request);
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
	public synchronized void failed(Throwable error) {
		crash(error, unreleased());
	}

	@Override
	public void voted(VotingRound round, int index, Vote vote) {
		if (vote instanceof Vote.Stale stale) {
			this.shared.requests.learn(stale.highest());
		}
	}

	@Override
	public synchronized void decided(VotingRound round) {
		Attempt attempt = this.attempt;
		if (attempt == null || round != attempt.round() || attempt.isWithdrawn()) {
			return;
		}
		try {
			decide(attempt);
		}
		catch (RuntimeException | Error ex) {
			crash(ex, attempt.isWithdrawn() ? null : attempt.request());
		}
	}

	@GuardedBy("this")
	private void decide(Attempt attempt) {
		VotingRound round = attempt.round();
		long deadline = Validity.deadline(round.start(), this.ttl, this.settings.driftFactor());
		long now = now();
		if (logger.isDebugEnabled()) {
			logger.debug("Attempt {} to lock {}: {}", this.history.count(), this.resources, round);
		}
		if (round.isWon() && deadline - now > 0) {
			acquired(attempt.grant());
			return;
		}
		boolean last = this.patience.isOver(now);
		Vote deciding = round.voteOf(this.shared.queues.decidingNode().index());
		boolean granted = deciding instanceof Vote.Granted;
		this.patience.failed(granted && !round.isWon() && notices() > 0);
		// Before anything else is sent, so that no attempt finds the leftovers of
		// another.
		attempt.withdrawn();
		withdraw(attempt, (granted || deciding == null) && last);
		if (attempt.isTransfer() && !(round.isUnreachable() && last)) {
			// What could not be taken over was released.
			attempt(false);
		}
		else if (this.patience.repeatsAtOnce(round.isStale())) {
			attempt(round.isRefused());
		}
		else if (last) {
			giveUp(round);
		}
		else {
			tryAgain(attempt, now);
		}
	}

	/**
	 * Release what an attempt has won, on every node that was asked.
	 * @param audibly whether other clients may have been refused because of it, and are
	 * to be told that this one does not try again
	 */
	private void withdraw(Attempt attempt, boolean audibly) {
		LockCommand command = audibly ? LockCommand.RELEASE : LockCommand.WITHDRAW;
		VotingRound round = attempt.round();
		for (int i = 0; i < this.shared.nodes.guards().size(); i++) {
			if (!round.isRefused() || round.voteOf(i) != null) {
				this.shared.nodes.sendInBackground(i, command, attempt.request());
			}
		}
	}

	@GuardedBy("this")
	private void giveUp(VotingRound round) {
		if (round.isRefused()) {
			// Only one node was asked; ask all, so that the failure can show every vote.
			attempt(false);
			return;
		}
		this.state = State.EXPLAINING;
		if (round.isWon() || round.isAnswered()) {
			fail(round);
		}
	}

	@GuardedBy("this")
	private void tryAgain(Attempt attempt, long now) {
		if (!this.queued) {
			this.queued = true;
			this.shared.queues.join(this);
		}
		if (attempt.isOutdated(notices()) && this.shared.queues.isFirst(this)) {
			this.patience.boundByTime();
			attempt(true);
		}
		else {
			waitForTurn(attempt.round().nanosUntilFree(), now);
		}
	}

	@Override
	public synchronized void answered(VotingRound round) {
		if (this.state == State.EXPLAINING && this.attempt != null && round == this.attempt.round()) {
			fail(round);
		}
	}

	@GuardedBy("this")
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
		if (this.state == State.ENDED) {
			return;
		}
		cancelPause();
		LockRequest request = unreleased();
		if (request != null) {
			this.shared.nodes.releaseInBackground(request);
		}
		end(reason, why, null);
	}

	@GuardedBy("this")
	private void end(Reason reason, String why, @Nullable Throwable cause) {
		if (this.state == State.ENDED) {
			return;
		}
		this.state = State.ENDED;
		boolean released = unreleased() != null;
		StringBuilder message = new StringBuilder().append("Could not lock ").append(this.resources).append(": ");
		message.append(why).append(" (").append(this.history.count()).append(" attempt(s) in ");
		message.append(Duration.ofNanos(now() - this.startedAt).toMillis()).append(" ms");
		if (this.attempt != null) {
			this.attempt.withdrawn();
			message.append("; last attempt: ").append(this.attempt.round());
			this.attempt = null;
		}
		message.append(')');
		NotAcquired end = new NotAcquired(this.resources, reason, this.history.kept(), message.toString(), cause);
		try {
			leaveQueue(released);
		}
		finally {
			this.outcome.complete(end);
		}
		this.shared.nodes.events().acquireFailed(this.resources, end::exception);
	}

	/**
	 * The end of a caller that was interrupted although the lock was just granted.
	 */
	synchronized NotAcquired interrupted() {
		return new NotAcquired(this.resources, Reason.INTERRUPTED, this.history.kept(),
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
	 * What ends a pause of this acquisition.
	 */
	private final class Pause implements Runnable {

		private @Nullable Cancellable timer;

		@Override
		public void run() {
			pauseOver(this);
		}

	}

	/**
	 * What an acquisition is doing.
	 */
	private enum State {

		NEW,

		/** An attempt is under way. */
		ASKING,

		/**
		 * The last attempt has failed, and more of its votes will tell an outage from
		 * contention.
		 */
		EXPLAINING,

		/** Behind other waiters, without trying. */
		QUEUED,

		/** The first waiter, between two attempts. */
		PAUSING,

		ENDED;

		boolean isPause() {
			return this == QUEUED || this == PAUSING;
		}

	}

	/**
	 * What the acquisitions of one client share.
	 *
	 * @param nodes the nodes
	 * @param queues the waiters of this process
	 * @param requests makes the requests
	 * @param locks makes the locks
	 */
	record Shared(NodeGroup nodes, LocalQueues queues, Requests requests, LockFactory locks) {
	}

	/**
	 * Makes the lock that an attempt has won.
	 */
	@FunctionalInterface
	interface LockFactory {

		DefaultLockHandle create(Grant grant, LockSettings settings, List<ExecutionStats> attempts);

	}

}
