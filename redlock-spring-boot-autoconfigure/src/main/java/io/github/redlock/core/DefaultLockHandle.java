package io.github.redlock.core;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
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
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * One lock: held, then either lost or released, never anything again after that.
 * <p>
 * State changes and sending happen in the monitor, so each node sees extensions before
 * the release, and nothing after it. The deadline is volatile and is read without the
 * monitor: {@link #isValid()} must be right even if no other thread ever ran again.
 */
final class DefaultLockHandle implements LockHandle, AbortSignal, VotingRound.Observer {

	/**
	 * Others who hear of a release need one round trip to ask the first node and another
	 * one for the rest; the release itself took one.
	 */
	private static final int YIELD_ROUND_TRIPS = 3;

	private static final long MIN_YIELD_NANOS = Duration.ofMillis(1).toNanos();

	private static final long MAX_YIELD_NANOS = Duration.ofMillis(50).toNanos();

	private static final Logger logger = LoggerFactory.getLogger(DefaultLockHandle.class);

	private final NodeGroup nodes;

	private final LockSettings settings;

	private final KeepAlive keepAlive;

	private final LocalQueues queues;

	private final double extendAfter;

	private final Grant grant;

	private final Executor callbackExecutor;

	private final Consumer<DefaultLockHandle> onEnd;

	private final List<ExecutionStats> attempts;

	private final CompletableFuture<LockLostException> lost = new CompletableFuture<>();

	private final CompletableFuture<ReleaseOutcome> released = new CompletableFuture<>();

	private final AtomicBoolean toldWaiting = new AtomicBoolean();

	/** Where others wait for notices of the release. */
	private volatile int listenedAt;

	/** How many of them there are, where that had to be guessed. */
	private volatile @Nullable Integer assumed;

	private volatile State state = State.HELD;

	private volatile LockRequest request;

	private volatile long deadline;

	private volatile @Nullable LockLostException loss;

	private long extendAt;

	private @Nullable Cancellable timer;

	private @Nullable Extension extension;

	private @Nullable ExtensionBatch batch;

	/** The batch has taken this lock in, and has not handed its request over. */
	private boolean batchUnsent;

	/** The release that waits for that. */
	private @Nullable Runnable afterBatch;

	/** When the last round began that a quorum granted. */
	private long confirmedAt;

	/**
	 * A lock that was just won.
	 * @param extendAfter the share of the ttl after which auto-extension begins
	 * @param onEnd told once, when the lock is lost or its release has been answered
	 */
	DefaultLockHandle(NodeGroup nodes, LocalQueues queues, KeepAlive keepAlive, Grant grant, LockSettings settings,
			double extendAfter, List<ExecutionStats> attempts, Executor callbackExecutor,
			Consumer<DefaultLockHandle> onEnd) {
		this.nodes = nodes;
		this.queues = queues;
		this.keepAlive = keepAlive;
		this.grant = grant;
		this.request = grant.request();
		this.settings = settings;
		this.extendAfter = extendAfter;
		this.attempts = List.copyOf(attempts);
		this.callbackExecutor = callbackExecutor;
		this.onEnd = onEnd;
		prolong(grant.confirmedAt(), grant.request());
	}

	private void prolong(long start, LockRequest request) {
		this.confirmedAt = start;
		this.request = request;
		this.deadline = deadline(start, request.ttl());
		this.extendAt = start + (long) (request.ttl().toNanos() * this.extendAfter);
		if (this.extendAt - this.deadline >= 0) {
			// Only with a drift factor so large that it swallows what the share leaves.
			this.extendAt = start + (long) ((this.deadline - start) * this.extendAfter);
		}
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

	/**
	 * Whether the time that the lock may be held at most is what ends it next.
	 */
	private boolean endsByMaxHold() {
		Duration maxHold = this.settings.maxHold();
		return maxHold != null && this.deadline - this.grant.heldSince() >= Nanos.of(maxHold);
	}

	/**
	 * Start watching the deadline, and extending if that was asked for.
	 */
	synchronized void start() {
		if (this.state == State.HELD) {
			arm();
		}
	}

	/**
	 * Set the one timer of this lock to what happens next.
	 */
	private void arm() {
		if (this.timer != null) {
			this.timer.cancel();
		}
		this.timer = extendsNext() ? this.keepAlive.schedule(this, this.extendAt, this.extendAt - this.confirmedAt)
				: this.nodes.time().schedule(this.deadline - now(), this::timerFired);
	}

	private boolean extendsNext() {
		return this.settings.autoExtend() && this.extension == null && this.batch == null && !endsByMaxHold();
	}

	/**
	 * It is time to extend, or the lock is over.
	 */
	synchronized void timerFired() {
		if (this.state != State.HELD || endIfExpired()) {
			return;
		}
		if (extendsNext() && now() - this.extendAt >= 0) {
			beginExtension(ttl());
		}
		else {
			arm();
		}
	}

	/**
	 * It is time to extend, together with others.
	 * @param ttlNanos the ttl of all locks of the batch; that of this lock may have been
	 * changed since it was due
	 * @param patienceNanos how long the batch lasts at most; the deadline is watched
	 * meanwhile only where it is nearer
	 * @return what to ask for, {@code null} if this lock has no part in it
	 */
	synchronized @Nullable LockRequest join(ExtensionBatch batch, long ttlNanos, long patienceNanos) {
		if (this.state != State.HELD || remainingNanos() <= 0 || !extendsNext() || this.request.resources().size() > 1
				|| ttl().toNanos() != ttlNanos) {
			return null;
		}
		this.batch = batch;
		this.batchUnsent = true;
		if (remainingNanos() < patienceNanos) {
			arm();
		}
		return this.request;
	}

	/**
	 * The request of the batch was handed to all nodes.
	 */
	synchronized void batchSent() {
		this.batchUnsent = false;
		Runnable release = this.afterBatch;
		if (release != null) {
			this.afterBatch = null;
			release.run();
		}
	}

	/**
	 * The batch is over.
	 * @param granted what a quorum granted, {@code null} if none did
	 */
	synchronized void batchOver(ExtensionBatch batch, @Nullable LockRequest granted, long start) {
		if (!batch.equals(this.batch)) {
			return;
		}
		this.batch = null;
		if (this.state != State.HELD || endIfExpired()) {
			return;
		}
		if (granted == null) {
			beginExtension(ttl());
		}
		else if (extended(start, granted)) {
			arm();
		}
	}

	/**
	 * A node has lost the keys of this lock. Only after a quorum has confirmed it in the
	 * very round that showed this.
	 */
	synchronized void heal(int node, LockRequest request, long start) {
		if (this.state == State.HELD && this.confirmedAt - start >= 0) {
			heal(node, request);
		}
	}

	/**
	 * A node has lost the keys of this lock, which a quorum has just confirmed. Called in
	 * the monitor.
	 */
	void heal(int node, LockRequest request) {
		this.nodes.guards()
			.get(node)
			.send(LockCommand.HEAL, request,
					(answer) -> logger.debug("Set the keys of {} again on {}: {}", request.resources(), node, answer));
	}

	private long now() {
		return this.nodes.time().nanoTime();
	}

	private long remainingNanos() {
		return this.deadline - now();
	}

	/**
	 * Read the clock. Called in the monitor.
	 * @return {@code true} if the time is over; the lock is lost then
	 */
	boolean endIfExpired() {
		if (remainingNanos() > 0) {
			return false;
		}
		lose(endsByMaxHold() ? "the " + this.settings.maxHold() + " that it may be held at most were over"
				: "its validity ended before it was released", null);
		return true;
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
			throw again(first);
		});
	}

	/**
	 * The lock is lost. Called in the monitor, at most once with an effect.
	 */
	void lose(String how, @Nullable Throwable cause) {
		lose(how, cause, true);
	}

	private synchronized void lose(String how, @Nullable Throwable cause, boolean release) {
		if (this.state != State.HELD) {
			return;
		}
		LockLostException error = lossOf(how, cause);
		// Before the state: whoever sees that the lock is lost must find out how.
		this.loss = error;
		this.state = State.LOST;
		end();
		reportLoss(error);
		if (release) {
			afterBatch(() -> this.nodes.releaseInBackground(this.request));
		}
		this.onEnd.accept(this);
	}

	/**
	 * The owner of the connections is closing. The lock is given up, but not deleted: the
	 * holder may still be at work, and the ttl gives it time to notice.
	 */
	void abandon() {
		lose("the Redlock was closed; its keys expire by themselves", null, false);
	}

	private LockLostException lossOf(String how, @Nullable Throwable cause) {
		return new LockLostException(resources(), "Lost the lock on " + resources() + ": " + how, cause);
	}

	private void reportLoss(LockLostException error) {
		logger.warn("{}", error.getMessage());
		this.callbackExecutor.execute(() -> this.lost.complete(error));
		this.nodes.events().lost(this, error);
	}

	private void end() {
		if (this.timer != null) {
			this.timer.cancel();
		}
		if (this.extension != null) {
			this.extension.cancel();
		}
	}

	@Override
	public LockHandle extend(Duration ttl) {
		try {
			return extendedOrThrow(Waiting.interruptibly(this.nodes.awaiter(), () -> extendOnce(ttl)));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new RedlockException("Interrupted while extending the lock on " + resources(), ex);
		}
	}

	@Override
	public CompletableFuture<LockHandle> extendAsync(Duration ttl) {
		return extendOnce(ttl).thenApplyAsync(this::extendedOrThrow, this.callbackExecutor);
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
		throw again(first);
	}

	/**
	 * Extend, one extension at a time: one that is under way is waited for first.
	 */
	private CompletableFuture<Boolean> extendOnce(Duration ttl) {
		Validity.check(Objects.requireNonNull(ttl, "ttl must not be null"), this.settings.driftFactor());
		synchronized (this) {
			if (this.state != State.HELD || endIfExpired()) {
				return CompletableFuture.completedFuture(false);
			}
			if (this.extension != null) {
				return this.extension.outcome().thenCompose((ignored) -> extendOnce(ttl));
			}
			if (this.batch != null) {
				return this.batch.over().thenCompose((ignored) -> extendOnce(ttl));
			}
			return beginExtension(ttl).outcome();
		}
	}

	private Extension beginExtension(Duration ttl) {
		Extension extension = new Extension(this, this.nodes, this.request.withTtl(ttl), this.settings);
		this.extension = extension;
		extension.attempt();
		if (this.state == State.HELD) {
			arm();
		}
		return extension;
	}

	boolean isHeld() {
		return this.state == State.HELD;
	}

	/**
	 * An extension was granted by a quorum. Called in the monitor.
	 * @return {@code false} if it came too late
	 */
	boolean extended(long start, LockRequest request) {
		prolong(start, request);
		if (endIfExpired()) {
			return false;
		}
		Duration remaining = remainingValidity();
		this.nodes.events().extended(this, remaining);
		return true;
	}

	void extensionEnded() {
		this.extension = null;
		if (this.state == State.HELD) {
			arm();
		}
	}

	@Override
	public boolean release() {
		return Waiting.uninterruptibly(this.nodes.awaiter(), this::releaseOnce).wasValidOrThrow();
	}

	@Override
	public CompletableFuture<Boolean> releaseAsync() {
		return releaseOnce().thenApplyAsync(ReleaseOutcome::wasValidOrThrow, this.callbackExecutor);
	}

	CompletableFuture<ReleaseOutcome> releaseOnce() {
		beginRelease(restToHold());
		return this.released;
	}

	/**
	 * Release, without waiting, a lock that nobody ever had.
	 */
	void discard() {
		beginRelease(Duration.ZERO);
	}

	/**
	 * How much longer the nodes have to keep the keys: what is left of the minimum, by
	 * the clock of the slowest of us, in whole milliseconds.
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
		Handover handover;
		synchronized (this) {
			if (this.state == State.RELEASED || this.released.isDone()) {
				return;
			}
			if (this.state == State.LOST || endIfExpired()) {
				this.released.complete(new ReleaseOutcome(false, null));
				return;
			}
			handover = rest.isZero() ? handover() : null;
			this.state = State.RELEASED;
			end();
			if (handover == null) {
				afterBatch(() -> sendRelease(rest));
			}
		}
		// Not in the monitor: from here on it is the lock of the next holder.
		if (handover != null) {
			handOver(handover);
		}
	}

	private void handOver(Handover handover) {
		Acquisition next = this.queues.first(resources());
		Acquisition refused = null;
		while (next != null && !next.equals(refused)) {
			Acquisition.TakeOver result = next.takeOver(handover);
			if (result == Acquisition.TakeOver.DONE) {
				return;
			}
			if (result == Acquisition.TakeOver.FAILED) {
				break;
			}
			refused = next;
			next = this.queues.first(resources());
		}
		sendRelease(Duration.ZERO);
	}

	/**
	 * What the next holder of this process gets, if anything.
	 */
	private @Nullable Handover handover() {
		boolean settled = this.extension == null && this.batch == null;
		if (this.queues.first(resources()) == null || !settled || !this.grant.row().mayGoOn(now())) {
			return null;
		}
		Grant current = new Grant(this.request, this.confirmedAt, this.grant.heldSince(), this.grant.token(),
				this.grant.row());
		return new Handover(this, current, this.deadline, this.settings, this.attempts.get(this.attempts.size() - 1));
	}

	/**
	 * The next holder has the lock.
	 */
	void handedOver() {
		this.nodes.events().released(this, true);
		this.released.complete(new ReleaseOutcome(true, null));
		this.onEnd.accept(this);
	}

	/**
	 * Send a release now, or right after a request that is on its way to the nodes.
	 */
	private void afterBatch(Runnable release) {
		if (this.batchUnsent) {
			this.afterBatch = release;
		}
		else {
			release.run();
		}
	}

	private void sendRelease(Duration rest) {
		if (rest.isZero()) {
			this.listenedAt = this.queues.firstToAsk();
			Acquisition first = this.queues.first(resources());
			if (first != null) {
				first.releasing();
			}
			this.nodes.send(LockCommand.RELEASE, this.request, this.nodes.open(this));
		}
		else {
			// Nobody is told: it stays locked.
			this.toldWaiting.set(true);
			this.nodes.send(LockCommand.RELEASE_LATER, this.request.withTtl(rest), this.nodes.open(this));
		}
	}

	/**
	 * The node where waiters listen has answered the release.
	 */
	@Override
	public void voted(VotingRound round, int index, Vote vote) {
		if (index == this.listenedAt && round.isSent() && this.toldWaiting.compareAndSet(false, true)) {
			tellWaiting(round, vote);
		}
	}

	/**
	 * The release was handed to all nodes, and what a waiter sends now comes behind it.
	 * Where the answer that counts is still to come, and perhaps for long, the last one
	 * has to do.
	 */
	@Override
	public void decided(VotingRound round) {
		Vote vote = round.voteOf(this.listenedAt);
		if (vote == null && !this.toldWaiting.get()) {
			this.assumed = this.queues.listeners(resources());
			letFirstTry(round, this.assumed);
		}
		else if (vote != null && this.toldWaiting.compareAndSet(false, true)) {
			tellWaiting(round, vote);
		}
	}

	private void tellWaiting(VotingRound round, Vote vote) {
		int listeners = 0;
		Integer assumed = this.assumed;
		if (vote instanceof Vote.Granted granted) {
			listeners = granted.listeners();
			this.queues.released(resources(), listeners);
		}
		else if (vote instanceof Vote.Failed) {
			listeners = (assumed != null) ? assumed : Vote.Granted.UNKNOWN;
		}
		if (assumed == null || Integer.signum(assumed) != Integer.signum(listeners)) {
			letFirstTry(round, listeners);
		}
	}

	private void letFirstTry(VotingRound round, int listeners) {
		long yielding = (listeners > 0)
				? Math.min(YIELD_ROUND_TRIPS * (now() - round.start()) + MIN_YIELD_NANOS, MAX_YIELD_NANOS) : 0;
		if (yielding > 0) {
			this.queues.yieldToOthers(resources(), yielding);
		}
		Acquisition first = this.queues.first(resources());
		if (first != null) {
			first.released(listeners, yielding);
		}
	}

	/**
	 * A quorum answered the release, or what stands for it, or cannot any more.
	 */
	@Override
	public void answered(VotingRound round) {
		ReleaseOutcome outcome;
		if (round.isUnreachable()) {
			LockReleaseException error = new LockReleaseException(resources(), round, "The release of " + resources()
					+ " was not confirmed by a quorum; it is sent again to nodes that come back, else the keys expire within "
					+ ttl() + " (" + round + ")", round.lastError());
			logger.warn("{}", error.getMessage());
			outcome = new ReleaseOutcome(true, error);
			this.nodes.events().releaseFailed(this, error);
		}
		else {
			outcome = new ReleaseOutcome(!round.isGone(), null);
			if (!outcome.wasValid()) {
				LockLostException error = lossOf(
						"its keys were gone from too many nodes when it was released (" + round + ")", null);
				this.loss = error;
				reportLoss(error);
			}
			this.nodes.events().released(this, outcome.wasValid());
		}
		this.released.complete(outcome);
		this.onEnd.accept(this);
	}

	/**
	 * Release at the end of a block.
	 * @return what the caller must hear about it: a loss, an unconfirmed release, or
	 * nothing
	 */
	@Nullable RedlockException settle() {
		return settled(Waiting.uninterruptibly(this.nodes.awaiter(), this::releaseOnce));
	}

	@Nullable RedlockException settled(ReleaseOutcome outcome) {
		return outcome.wasValid() ? outcome.error() : this.loss;
	}

	@Override
	public void close() {
		if (settle() instanceof LockLostException first) {
			throw again(first);
		}
	}

	/**
	 * The same loss, thrown by the calling thread; its cause shows where it was found.
	 */
	static LockLostException again(LockLostException first) {
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

}
