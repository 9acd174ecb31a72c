package io.github.redlock.core;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.AbortSignal;
import io.github.redlock.ExecutionStats;
import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.RedlockException;
import io.github.redlock.RedlockObserver;
import io.github.redlock.RedlockStatus.LockStatus;
import io.github.redlock.spi.LockRequest;

/**
 * One lock: held, then either lost or released, never anything again after that.
 * <p>
 * State changes and sending happen in the monitor, so each node sees extensions before
 * the release, and nothing after it. The deadline is volatile and is read without the
 * monitor: {@link #isValid()} must be right even if no other thread ever ran again.
 */
final class DefaultLockHandle implements LockHandle, AbortSignal, ExtendableLock, Release.Owner {

	private static final Logger logger = LoggerFactory.getLogger(DefaultLockHandle.class);

	private final Shared shared;

	private final LockSettings settings;

	private final Grant grant;

	private final List<ExecutionStats> attempts;

	private final Renewal renewal;

	/** How often it was extended. Written in the monitor. */
	private int extensions;

	private final Caller caller;

	private final CompletableFuture<LockLostException> lost = new CompletableFuture<>();

	private final CompletableFuture<ReleaseOutcome> released = new CompletableFuture<>();

	private volatile State state = State.HELD;

	private volatile LockRequest request;

	private volatile long deadline;

	private volatile @Nullable LockLostException loss;

	/**
	 * A lock that was just won.
	 * @param attempts the attempts, the last of which won it
	 * @param caller its holder
	 */
	DefaultLockHandle(Shared shared, Grant grant, LockSettings settings, List<ExecutionStats> attempts, Caller caller) {
		this.caller = caller;
		this.shared = shared;
		this.grant = grant;
		this.settings = settings;
		this.attempts = List.copyOf(attempts);
		this.request = grant.request();
		this.deadline = deadline(grant.confirmedAt(), grant.request().ttl());
		this.renewal = new Renewal(this, shared.nodes, shared.keepAlive, settings, grant.confirmedAt(),
				grant.request().ttl(), this.deadline);
	}

	/**
	 * When the lock stops being valid if the nodes keep it for this ttl.
	 */
	private long deadline(long start, Duration ttl) {
		long deadline = Validity.deadline(start, ttl, this.settings.driftFactor());
		Duration maxHold = this.settings.maxHold();
		if (maxHold == null) {
			return deadline;
		}
		long left = this.grant.heldSince() + Nanos.of(maxHold) - start;
		return (left < deadline - start) ? start + left : deadline;
	}

	@Override
	public boolean endsByMaxHold() {
		Duration maxHold = this.settings.maxHold();
		return maxHold != null && this.deadline - this.grant.heldSince() >= Nanos.of(maxHold);
	}

	/**
	 * Where the code of its holder runs.
	 */
	Executor userCode() {
		return this.caller.userCode();
	}

	/**
	 * Start watching the deadline, and extending if that was asked for.
	 */
	void start() {
		this.renewal.start();
	}

	private long now() {
		return this.shared.nodes.time().nanoTime();
	}

	@Override
	public long remainingNanos() {
		return this.deadline - now();
	}

	@Override
	public boolean endIfExpired() {
		if (remainingNanos() > 0) {
			return false;
		}
		VotingRound extension = this.renewal.lastRound();
		if (endsByMaxHold()) {
			lose("the " + this.settings.maxHold() + " that it may be held at most were over", null);
		}
		else if (extension != null) {
			lose("its validity ended before an extension was confirmed (" + extension + ")", extension.lastError());
		}
		else {
			lose("its validity ended before it was released"
					+ (this.settings.autoExtend() ? "" : "; it is not extended by itself"), null);
		}
		return true;
	}

	@Override
	public LockRequest request() {
		return this.request;
	}

	/**
	 * What this lock looks like at this moment.
	 */
	synchronized LockStatus status() {
		return new LockStatus(resources(), this.settings.name(), heldFor(), remainingValidity(), this.extensions,
				this.request.isFenced() ? OptionalLong.of(this.grant.token()) : OptionalLong.empty(),
				this.caller.thread());
	}

	private Duration heldFor() {
		return Duration.ofNanos(now() - this.grant.heldSince());
	}

	private void observeEnd(RedlockObserver.End end) {
		Observers observers = this.shared.nodes.events().observers();
		if (!observers.isEmpty()) {
			Duration held = heldFor();
			observers.tell((observer) -> observer.ended(this.settings.name(), end, held));
		}
	}

	@Override
	public String name() {
		return this.settings.name();
	}

	@Override
	public boolean isHeld() {
		return this.state == State.HELD;
	}

	@Override
	public List<String> resources() {
		return this.request.resources();
	}

	@Override
	public String value() {
		return this.request.value();
	}

	@Override
	public Duration ttl() {
		return this.request.ttl();
	}

	@Override
	public Duration remainingValidity() {
		long nanos = remainingNanos();
		return (this.state == State.HELD && nanos > 0) ? Duration.ofNanos(nanos) : Duration.ZERO;
	}

	@Override
	public boolean isValid() {
		return this.state == State.HELD && remainingNanos() > 0;
	}

	@Override
	public long fencingToken() {
		if (!this.request.isFenced()) {
			throw new IllegalStateException(
					"There are no fencing tokens: they are switched off (redlock.fencing.enabled=false)");
		}
		return this.grant.token();
	}

	@Override
	public List<ExecutionStats> attempts() {
		return this.attempts;
	}

	@Override
	public CompletionStage<LockLostException> lost() {
		return this.lost.minimalCompletionStage();
	}

	@Override
	public AbortSignal signal() {
		return this;
	}

	@Override
	public boolean isAborted() {
		return error().isPresent();
	}

	@Override
	public Optional<LockLostException> error() {
		if (this.state == State.HELD && remainingNanos() <= 0) {
			StackReserve.check();
			synchronized (this) {
				if (this.state == State.HELD) {
					endIfExpired();
				}
			}
		}
		return Optional.ofNullable(this.loss);
	}

	@Override
	public void throwIfAborted() {
		error().ifPresent((first) -> {
			throw forCaller(first);
		});
	}

	@Override
	public void lose(String how, @Nullable Throwable cause) {
		lose(how, cause, true);
	}

	private synchronized void lose(String how, @Nullable Throwable cause, boolean release) {
		if (this.state != State.HELD) {
			return;
		}
		LockLostException error = lossOf(how, cause);
		// Before the state: a thread that sees that the lock is lost must find out how.
		this.loss = error;
		this.state = State.LOST;
		this.renewal.cancel();
		reportLoss(error);
		if (release) {
			this.renewal.afterBatch(() -> this.shared.nodes.releaseInBackground(this.request));
		}
		this.shared.onEnd.accept(this);
	}

	/**
	 * The owner of the connections is closing. The lock is given up, and its holder,
	 * which may still be at work, is told.
	 * @param release whether the nodes are told too; else its keys stay for what is left
	 * of the ttl, which gives the holder time to notice
	 */
	void abandon(boolean release) {
		lose("the Redlock was closed; " + (release ? "its keys are released, although its holder may still be at work"
				: "its keys expire by themselves"), null, release);
	}

	private LockLostException lossOf(String how, @Nullable Throwable cause) {
		return new LockLostException(resources(), "Lost the lock on " + resources() + ": " + how, cause);
	}

	private void reportLoss(LockLostException error) {
		logger.warn("{}", error.getMessage());
		this.caller.userCode().execute(() -> this.lost.complete(error));
		this.shared.nodes.events().lost(this, error);
		observeEnd(RedlockObserver.End.LOST);
	}

	@Override
	public LockHandle extend(Duration ttl) {
		try {
			return extendedOrThrow(Waiting.interruptibly(this.shared.nodes.awaiter(), () -> extendOnce(ttl)));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new RedlockException("Interrupted while extending the lock on " + resources(), ex);
		}
	}

	@Override
	public CompletableFuture<LockHandle> extendAsync(Duration ttl) {
		return extendOnce(ttl).thenApplyAsync(this::extendedOrThrow, this.caller.userCode());
	}

	private LockHandle extendedOrThrow(boolean extended) {
		LockLostException first = this.loss;
		if (extended) {
			return this;
		}
		if (first == null) {
			throw new IllegalStateException(
					"The lock on " + resources() + " was released and cannot be extended; acquire it again");
		}
		throw forCaller(first);
	}

	/**
	 * Extend, one extension at a time: one that is under way is waited for first.
	 */
	private CompletableFuture<Boolean> extendOnce(Duration ttl) {
		Validity.check(Objects.requireNonNull(ttl, "ttl must not be null"), this.settings.driftFactor());
		StackReserve.check();
		synchronized (this) {
			if (this.state != State.HELD || endIfExpired()) {
				return CompletableFuture.completedFuture(false);
			}
			CompletableFuture<?> underWay = this.renewal.underWay();
			return (underWay != null) ? underWay.thenCompose((ignored) -> extendOnce(ttl)) : this.renewal.extend(ttl);
		}
	}

	@Override
	public boolean extended(long start, LockRequest request) {
		this.request = request;
		this.deadline = deadline(start, request.ttl());
		this.renewal.extended(start, request.ttl(), this.deadline);
		this.extensions++;
		if (endIfExpired()) {
			return false;
		}
		Duration remaining = remainingValidity();
		this.shared.nodes.events().extended(this, remaining);
		return true;
	}

	@Override
	public void extensionEnded() {
		this.renewal.extensionEnded();
	}

	@Override
	public boolean release() {
		return Waiting.uninterruptibly(this.shared.nodes.awaiter(), this::releaseOnce).wasValidOrThrow();
	}

	@Override
	public CompletableFuture<Boolean> releaseAsync() {
		return releaseWhereThereIsRoom().thenApplyAsync(ReleaseOutcome::wasValidOrThrow, this.caller.userCode());
	}

	/**
	 * Release once, on another thread if the stack of this one ends: the thread that
	 * completes something asynchronous may be anywhere, and the release is due.
	 */
	CompletableFuture<ReleaseOutcome> releaseWhereThereIsRoom() {
		try {
			return releaseOnce();
		}
		catch (StackOverflowError ex) {
			this.caller.userCode().execute(() -> beginRelease(restToHold()));
			return this.released;
		}
	}

	CompletableFuture<ReleaseOutcome> releaseOnce() {
		StackReserve.check();
		beginRelease(restToHold());
		return this.released;
	}

	/**
	 * Release, without waiting, a lock that no caller ever had.
	 */
	void discard() {
		beginRelease(Duration.ZERO);
	}

	/**
	 * How much longer the nodes have to keep the keys: what is left of holdAtLeast, by
	 * the slowest clock that the drift allows, in whole milliseconds.
	 */
	private Duration restToHold() {
		long left = this.grant.heldSince() + Nanos.of(this.settings.holdAtLeast()) - now();
		if (left <= 0) {
			return Duration.ZERO;
		}
		long drift = Validity.driftNanos(Duration.ofNanos(left), this.settings.driftFactor());
		return Duration.ofMillis(Duration.ofNanos(left + drift).toMillis());
	}

	/**
	 * Release without waiting; how it ends is logged and reported to listeners.
	 * @param rest how long the nodes keep the keys
	 */
	private void beginRelease(Duration rest) {
		Release release;
		Handover handover;
		synchronized (this) {
			if (this.state == State.RELEASED || this.released.isDone()) {
				return;
			}
			if (this.state == State.LOST || endIfExpired()) {
				this.released.complete(new ReleaseOutcome(false, null));
				return;
			}
			release = new Release(this.shared.nodes, this.shared.queues, this.request, rest, this);
			handover = rest.isZero() ? handover(release) : null;
			this.state = State.RELEASED;
			this.renewal.cancel();
			if (handover == null) {
				this.renewal.afterBatch(release);
			}
		}
		// Not in the monitor: from here on it is the lock of the next holder.
		if (handover != null && !this.shared.queues.handOver(handover)) {
			release.run();
		}
	}

	/**
	 * What the next holder of this process gets, if anything.
	 */
	private @Nullable Handover handover(Release release) {
		if (this.shared.queues.first(resources()) == null || this.shared.queues.elder(resources()) != null
				|| this.renewal.underWay() != null || !this.grant.streak().mayGoOn(now())) {
			return null;
		}
		Grant current = new Grant(this.request, this.renewal.confirmedAt(), this.grant.heldSince(), this.grant.token(),
				this.grant.streak());
		return new Handover(release, current, this.deadline, this.settings,
				this.attempts.get(this.attempts.size() - 1));
	}

	@Override
	public void handedOver() {
		logger.debug("Handed {} over in this process", resources());
		this.released.complete(new ReleaseOutcome(true, null));
		try {
			this.shared.nodes.events().released(this, true);
			observeEnd(RedlockObserver.End.RELEASED);
		}
		finally {
			this.shared.onEnd.accept(this);
		}
	}

	/**
	 * An error came in between while this lock was being made: no caller gets it, and
	 * nothing here takes it for held. Its acquisition releases the keys.
	 */
	void revoke() {
		synchronized (this) {
			if (this.state != State.HELD) {
				return;
			}
			this.state = State.RELEASED;
		}
		try {
			this.renewal.cancel();
		}
		finally {
			handedOver();
		}
	}

	@Override
	public void releaseAnswered(VotingRound round) {
		ReleaseOutcome outcome;
		if (round.isUnreachable()) {
			LockReleaseException error = new LockReleaseException(resources(), round, "The release of " + resources()
					+ " was not confirmed by a quorum; it is sent again to nodes that come back, else the keys expire within "
					+ ttl() + " (" + round + ")", round.lastError());
			logger.warn("{}", error.getMessage());
			outcome = new ReleaseOutcome(true, error);
			this.shared.nodes.events().releaseFailed(this, error);
			observeEnd(RedlockObserver.End.UNCONFIRMED);
		}
		else {
			outcome = new ReleaseOutcome(!round.isGone(), null);
			if (!outcome.wasValid()) {
				LockLostException error = lossOf(
						"its keys were gone from too many nodes when it was released (" + round + ")", null);
				this.loss = error;
				reportLoss(error);
			}
			else {
				observeEnd(RedlockObserver.End.RELEASED);
			}
			logger.debug("Released {}: {}", resources(), round);
			this.shared.nodes.events().released(this, outcome.wasValid());
		}
		this.released.complete(outcome);
		this.shared.onEnd.accept(this);
	}

	/**
	 * Release at the end of a block.
	 * @return what the caller must be told: a loss, an unconfirmed release, or nothing
	 */
	@Nullable RedlockException settle() {
		return settled(Waiting.uninterruptibly(this.shared.nodes.awaiter(), this::releaseOnce));
	}

	@Nullable RedlockException settled(ReleaseOutcome outcome) {
		return outcome.wasValid() ? outcome.error() : this.loss;
	}

	@Override
	public void close() {
		if (settle() instanceof LockLostException first) {
			throw forCaller(first);
		}
	}

	/**
	 * The loss as an exception of the calling thread; its cause shows where it was found.
	 */
	static LockLostException forCaller(LockLostException first) {
		return new LockLostException(first.getResources(), String.valueOf(first.getMessage()), first);
	}

	/**
	 * The same in every run of a simulation, unlike that of {@link Object}.
	 */
	@Override
	public int hashCode() {
		return value().hashCode();
	}

	/**
	 * A lock is equal to itself only.
	 */
	@Override
	public boolean equals(@Nullable Object other) {
		return this == other;
	}

	@Override
	public String toString() {
		return "LockHandle[resources=" + resources() + ", state=" + this.state + ", remainingValidity="
				+ remainingValidity() + "]";
	}

	private enum State {

		HELD, LOST, RELEASED

	}

	/**
	 * What the locks of one client share.
	 *
	 * @param nodes the nodes
	 * @param queues the waiters of this process
	 * @param keepAlive extends locks when they are due
	 * @param onEnd told once, when a lock is lost or its release has been answered
	 */
	record Shared(NodeGroup nodes, LocalQueues queues, KeepAlive keepAlive, Consumer<DefaultLockHandle> onEnd) {
	}

}
