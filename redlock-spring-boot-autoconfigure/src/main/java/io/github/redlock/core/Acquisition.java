package io.github.redlock.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.RedlockObserver;
import io.github.redlock.RedlockStatus.WaiterStatus;
import io.github.redlock.core.AcquireOutcome.Acquired;
import io.github.redlock.core.AcquireOutcome.NotAcquired;
import io.github.redlock.spi.LockRequest;
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
final class Acquisition implements Turn.Owner, HeadStart.Owner {

	private static final Logger logger = LoggerFactory.getLogger(Acquisition.class);

	private final Shared shared;

	private final List<String> resources;

	private final List<String> queueKey;

	private final Duration ttl;

	private final LockSettings settings;

	private final Caller caller;

	private final long startedAt;

	private final CompletableFuture<AcquireOutcome> outcome = new CompletableFuture<>();

	@GuardedBy("this")
	private final AttemptHistory history = new AttemptHistory();

	@GuardedBy("this")
	private final Patience patience;

	@GuardedBy("this")
	private State state = State.RUNNING;

	/** The attempt under way, or the last one. */
	@GuardedBy("this")
	private @Nullable Attempt attempt;

	/** An attempt that waits for the nodes to be less busy. */
	@GuardedBy("this")
	private @Nullable Admitted admitting;

	/** Set from the moment when this caller has to wait. */
	@GuardedBy("this")
	private @Nullable Turn turn;

	Acquisition(Shared shared, List<String> resources, Duration ttl, LockSettings settings, Caller caller) {
		this.caller = caller;
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
	 * Where the code of its caller runs.
	 */
	Executor userCode() {
		return this.caller.userCode();
	}

	/**
	 * How it ends. Never completes exceptionally.
	 */
	CompletableFuture<AcquireOutcome> outcome() {
		return this.outcome;
	}

	/**
	 * Try at once, unless other callers of this process wait already.
	 */
	synchronized void begin() {
		if (this.settings.mayWait() && this.shared.queues.mayHaveToWait(this.queueKey)) {
			Turn turn = newTurn();
			this.turn = turn;
			try {
				if (turn.joinOthers(this.startedAt)) {
					return;
				}
			}
			catch (RuntimeException | Error ex) {
				crash(ex, null);
			}
			this.turn = null;
		}
		attempt(false);
	}

	@GuardedBy("this")
	private Turn newTurn() {
		return new Turn(this, this.shared.nodes, this.shared.queues, this.queueKey, this.patience);
	}

	@Override
	public synchronized void attemptNow(boolean contended) {
		attempt(contended);
	}

	/**
	 * Send an attempt, as soon as the nodes are not busy with others.
	 * @param contended whether one node is to be asked before the others
	 */
	@GuardedBy("this")
	private void attempt(boolean contended) {
		if (this.admitting == null) {
			attempt(contended, false);
		}
	}

	private synchronized void admitted(Admitted admitted) {
		if (admitted.equals(this.admitting)) {
			this.admitting = null;
			attempt(admitted.contended, true);
		}
	}

	@GuardedBy("this")
	private void attempt(boolean contended, boolean admitted) {
		if (this.state == State.ENDED) {
			return;
		}
		try {
			if (!admitted && !this.shared.admission.isOpen()) {
				this.admitting = new Admitted(contended);
				this.shared.admission.add(this.admitting);
				return;
			}
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
				LockCommand command = isProbablyFree() ? LockCommand.ACQUIRE_FREE : LockCommand.ACQUIRE;
				begun(request, round, null, null);
				nodes.send(command, request, round);
			}
		}
		catch (RuntimeException | Error ex) {
			crash(ex, unreleased());
		}
	}

	/**
	 * Whether nothing is known of other clients that want the same.
	 */
	@GuardedBy("this")
	private boolean isProbablyFree() {
		return this.turn == null && this.history.count() == 0 && this.resources.size() == 1;
	}

	@GuardedBy("this")
	private LockRequest newRequest() {
		// A caller that had to wait has company: a streak of holders is to be expected.
		return this.shared.requests.next(this.resources, this.ttl, (this.turn != null) ? Streak.MAX_LENGTH : 1);
	}

	@GuardedBy("this")
	private void begun(LockRequest request, VotingRound round, @Nullable Streak streak, @Nullable HeadStart headStart) {
		this.attempt = new Attempt(request, round, streak, headStart, notices());
		if (this.turn != null) {
			this.turn.attemptBegins();
		}
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
	public synchronized void waitedInVain() {
		if (this.shared.nodes.isQuorumVoting()) {
			end(Reason.HELD, "somebody else holds it, and other callers of this process waited in front", null);
		}
		else {
			end(Reason.NO_QUORUM, "no quorum of nodes votes", null);
		}
	}

	@Override
	public synchronized Waiter.TakeOver takeOver(Handover handover) {
		long now = now();
		if (this.turn == null || this.state == State.ENDED || handover.deadline() - now <= 0) {
			return Waiter.TakeOver.REFUSED;
		}
		Waiter.TakeOver result = Waiter.TakeOver.REFUSED;
		LockRequest request = null;
		try {
			Grant grant = handover.withoutAsking(this.resources, this.ttl, this.settings, now);
			this.turn.cutPauseShort();
			this.admitting = null;
			if (grant != null) {
				// From here on whatever goes wrong is this acquisition's to release.
				request = grant.request();
				result = Waiter.TakeOver.DONE;
				handover.giver().handedOver();
				this.history.add(handover.votes());
				acquired(grant);
			}
			else {
				request = newRequest();
				Transfer transfer = new Transfer(this.shared.nodes, handover.request(), handover.giver(), this);
				VotingRound round = this.shared.nodes.open(transfer);
				begun(request, round, handover.grant().streak().next(), null);
				result = Waiter.TakeOver.FAILED;
				transfer.send(request, round);
				result = Waiter.TakeOver.DONE;
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
		if (this.turn != null) {
			this.turn.leave(false);
		}
		DefaultLockHandle lock = this.shared.locks.create(grant, this.settings, this.history.kept(), this.caller);
		this.state = State.ENDED;
		try {
			this.outcome.complete(new Acquired(lock));
			this.attempt = null;
			observe((name, took, queued) -> (observer) -> observer.acquired(name, lock, took, queued));
		}
		finally {
			if (!this.outcome.isDone()) {
				this.state = State.RUNNING;
				lock.revoke();
			}
		}
	}

	@GuardedBy("this")
	private void observe(Observation observation) {
		Observers observers = this.shared.nodes.events().observers();
		if (!observers.isEmpty()) {
			long now = now();
			Duration queued = Duration.ofNanos((this.turn != null) ? now - this.turn.waitingSince() : 0);
			observers.tell(observation.of(this.settings.name(), Duration.ofNanos(now - this.startedAt), queued));
		}
	}

	/**
	 * What this acquisition looks like at this moment.
	 */
	synchronized WaiterStatus status() {
		return new WaiterStatus(this.resources, this.settings.name(), Duration.ofNanos(now() - this.startedAt),
				this.caller.thread());
	}

	/**
	 * Something threw that should not, such as a source of values of the user's own. The
	 * caller must not wait for ever.
	 * @param request what nodes may have set, {@code null} if nothing
	 */
	@GuardedBy("this")
	private void crash(Throwable ex, @Nullable LockRequest request) {
		try {
			// Whatever happens to the log, nothing stays half held.
			if (request != null && this.state != State.ENDED) {
				this.shared.nodes.releaseInBackground(request);
			}
			logger.error("Locking {} failed unexpectedly", this.resources, ex);
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
		else if (this.patience.repeatsAtOnce(round.isStale() || (!last && round.isHeldForUnknownTime()))) {
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
		if (this.turn == null) {
			this.turn = newTurn();
			this.turn.join();
		}
		this.turn.attemptFailed(attempt.noticesBefore(), attempt.round().nanosUntilFree(), now);
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
		// First: where this throws, an abort can still end it.
		NotAcquired end = notAcquired(reason, why, cause);
		boolean released = unreleased() != null;
		this.state = State.ENDED;
		try {
			if (this.attempt != null) {
				this.attempt.withdrawn();
				this.attempt = null;
			}
			if (this.turn != null) {
				this.turn.leave(released);
			}
		}
		finally {
			this.outcome.complete(end);
		}
		this.shared.nodes.events().acquireFailed(this.resources, end::exception);
		observe((name, took, queued) -> (observer) -> observer.notAcquired(name, reason, took, queued));
	}

	@GuardedBy("this")
	private NotAcquired notAcquired(Reason reason, String why, @Nullable Throwable cause) {
		StringBuilder message = new StringBuilder().append("Could not lock ").append(this.resources).append(": ");
		message.append(why).append(" (").append(this.history.count()).append(" attempt(s) in ");
		message.append(Duration.ofNanos(now() - this.startedAt).toMillis()).append(" ms");
		if (this.attempt != null) {
			message.append("; last attempt: ").append(this.attempt.round());
		}
		return new NotAcquired(this.resources, reason, this.history.kept(), message.append(')').toString(), cause);
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
	 * Sends an attempt that had to wait.
	 */
	private final class Admitted implements Runnable {

		private final boolean contended;

		private Admitted(boolean contended) {
			this.contended = contended;
		}

		@Override
		public void run() {
			admitted(this);
		}

	}

	private enum State {

		RUNNING,

		/**
		 * The last attempt has failed, and more of its votes will tell an outage from
		 * contention.
		 */
		EXPLAINING,

		ENDED

	}

	/**
	 * What the acquisitions of one client share.
	 *
	 * @param nodes the nodes
	 * @param queues the waiters of this process
	 * @param admission decides when an attempt is sent
	 * @param requests makes the requests
	 * @param locks makes the locks
	 */
	record Shared(NodeGroup nodes, LocalQueues queues, Admission admission, Requests requests, LockFactory locks) {
	}

	/**
	 * What observers are told of the end.
	 */
	@FunctionalInterface
	private interface Observation {

		Consumer<RedlockObserver> of(String name, Duration took, Duration queued);

	}

	/**
	 * Makes the lock that an attempt has won.
	 */
	@FunctionalInterface
	interface LockFactory {

		DefaultLockHandle create(Grant grant, LockSettings settings, List<ExecutionStats> attempts, Caller caller);

	}

}
