package io.github.redlock.core;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.AsyncLockCallback;
import io.github.redlock.ExecutionStats;
import io.github.redlock.LockCallback;
import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;
import io.github.redlock.RedlockStatus;
import io.github.redlock.UsingInterceptor;
import io.github.redlock.core.AcquireOutcome.Acquired;
import io.github.redlock.spi.Awaiter;

/**
 * The Redlock algorithm over N independent nodes.
 *
 * <h2>How it works</h2>
 * <p>
 * <b>Acquire.</b> {@link Acquisition} reads the monotonic clock, sends one request with a
 * fresh random value to all nodes at once, and decides as soon as a quorum has granted it
 * or cannot any more ({@link VotingRound}). It succeeds if a quorum granted and, counted
 * from that clock reading, some of the ttl is left after drift ({@link Validity}).
 * Otherwise it releases on every node before it tries again ({@link Patience}).
 * <p>
 * <b>Hold.</b> {@link Renewal} watches the deadline with one timer of a shared scheduler.
 * With auto-extension the timer goes off after a third of the ttl, and an
 * {@link Extension} asks the nodes to prolong; it has the other two thirds to try again.
 * When a quorum has lost the keys, or the deadline passes, the lock is lost, and says so.
 * <p>
 * <b>Release.</b> The lock turns invalid here first, then every node is told
 * ({@link Release}); a node that does not confirm is told again when it comes back
 * ({@link NodeGuard}).
 * <p>
 * <b>Fencing.</b> Every acquisition proposes a number that the nodes accept only if it is
 * larger than any they have accepted ({@link FencingTokens}): any two quorums share a
 * node, so tokens grow from holder to holder, in the same round trip.
 *
 * <h2>What it assumes</h2>
 * <p>
 * That the clocks of nodes and clients run at speeds that differ by less than the drift
 * factor, that the wall clocks of nodes, by which Redis expires keys, do not step, and
 * that a node keeps its keys for their ttl. Neither messages nor processes are assumed to
 * be fast.
 *
 * <h2>Threads</h2>
 * <p>
 * One algorithm serves both forms: a synchronous call waits for the asynchronous one
 * ({@link Awaiter}), which lets a transport do the input and output in the waiting
 * thread. Node threads and the timer run only code of this package; user code runs on the
 * calling thread, on the callback executor, or where that refuses a task, on threads
 * meant for that ({@link GivenExecutor}). A caller's stack is checked for room before
 * anything begins ({@link StackReserve}).
 *
 * <h2>Sources</h2>
 * <p>
 * "Distributed Locks with Redis" (redis.io); Gray and Cheriton, "Leases" (1989);
 * Kleppmann, "How to do distributed locking" (2016), for fencing tokens.
 *
 * @since 0.1.0
 */
public final class DefaultRedlock implements Redlock, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(DefaultRedlock.class);

	private final Parts parts;

	private final NodeGroup nodes;

	private final LocalQueues queues;

	private final ActiveLocks active;

	private final Acquisition.Shared acquisitions;

	private final DefaultLockHandle.Shared locks;

	/** The settings made last; most calls pass the same options. */
	private volatile @Nullable Prepared prepared;

	private final AtomicBoolean closed = new AtomicBoolean();

	/**
	 * Begin to connect to the nodes, in the background.
	 */
	DefaultRedlock(Parts parts) {
		this.parts = parts;
		this.nodes = parts.nodes;
		this.queues = new LocalQueues(this.nodes);
		this.active = new ActiveLocks(parts.userCode.executor(), parts.releaseOnClose);
		this.acquisitions = new Acquisition.Shared(this.nodes, this.queues, new Admission(this.nodes), parts.requests,
				this::createLock);
		this.locks = new DefaultLockHandle.Shared(this.nodes, this.queues, parts.keepAlive, this.active::ended);
		parts.shortTtls.check(parts.defaultTtl);
		AtomicInteger unknown = new AtomicInteger(this.nodes.guards().size());
		this.nodes.guards().forEach((guard) -> guard.start(() -> {
			if (unknown.decrementAndGet() == 0) {
				logger.info("{}", new StartMessage(status()));
			}
		}));
	}

	/**
	 * What this client knows, without asking a node. Never blocks.
	 * @return nodes, locks that are held, and callers that wait
	 */
	public RedlockStatus status() {
		return new RedlockStatus(this.parts.name, this.nodes.quorum().size(),
				this.nodes.guards().stream().map(NodeGuard::status).toList(), this.active.locks(),
				this.active.waiters());
	}

	/**
	 * What this client knows of its nodes, without its locks and callers.
	 * @return a status whose lists of locks and callers are empty
	 */
	public RedlockStatus nodes() {
		return new RedlockStatus(this.parts.name, this.nodes.quorum().size(),
				this.nodes.guards().stream().map(NodeGuard::status).toList(), List.of(), List.of());
	}

	/**
	 * How many locks are held.
	 * @return as many as {@link #held()} has
	 */
	public int countHeld() {
		return this.active.countHeld();
	}

	/**
	 * How many callers have no lock yet.
	 * @return zero or more
	 */
	public int countWaiting() {
		return this.active.countWaiting();
	}

	/**
	 * Ask each node that votes once whether it can do what a lock needs. Who does not
	 * answer within the command timeout has failed.
	 * @return the status after that
	 */
	public CompletableFuture<RedlockStatus> probe() {
		CompletableFuture<RedlockStatus> status = new CompletableFuture<>();
		AtomicInteger unknown = new AtomicInteger(this.nodes.guards().size());
		this.nodes.guards().forEach((guard) -> guard.check(() -> {
			if (unknown.decrementAndGet() == 0) {
				this.parts.userCode.executor().execute(() -> status.complete(status()));
			}
		}));
		return status;
	}

	@Override
	public Duration defaultTtl() {
		return this.parts.defaultTtl;
	}

	@Override
	public LockOptions defaultOptions() {
		return this.parts.defaultOptions;
	}

	@Override
	public void check(Duration ttl, LockOptions options) {
		check(ttl, settings(options, false));
	}

	private void check(Duration ttl, LockSettings settings) {
		settings.check(Objects.requireNonNull(ttl, "ttl must not be null"));
		this.parts.shortTtls.check(ttl);
	}

	@Override
	public LockHandle acquire(Collection<String> resources, Duration ttl, LockOptions options) {
		return acquire(prepare(resources, ttl, settings(options, false))).lockOrThrow();
	}

	@Override
	public Optional<LockHandle> tryAcquire(Collection<String> resources, Duration ttl, LockOptions options) {
		return acquire(prepare(resources, ttl, settings(options, false).once())).lockIfFree();
	}

	private AcquireOutcome acquire(Acquisition acquisition) {
		try {
			return Waiting.interruptibly(this.nodes.awaiter(), () -> {
				start(acquisition);
				return acquisition.outcome();
			});
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			acquisition.abort(Reason.INTERRUPTED, "the waiting thread was interrupted");
			AcquireOutcome outcome = acquisition.outcome().join();
			if (outcome instanceof Acquired acquired) {
				acquired.lock().discard();
				return acquisition.interrupted();
			}
			return outcome;
		}
		catch (RuntimeException | Error ex) {
			forget(acquisition, ex);
			throw ex;
		}
	}

	/**
	 * Abort, and discard the lock if it was won meanwhile: no caller is left to take it.
	 */
	private static void forget(Acquisition acquisition, Throwable error) {
		acquisition.abort(Reason.INTERRUPTED, "waiting for it failed: " + error);
		if (acquisition.outcome().getNow(null) instanceof Acquired acquired) {
			acquired.lock().discard();
		}
	}

	@Override
	public CompletableFuture<LockHandle> acquireAsync(Collection<String> resources, Duration ttl, LockOptions options) {
		return async(begin(resources, ttl, settings(options, false)), AcquireOutcome::lockOrThrow);
	}

	@Override
	public CompletableFuture<Optional<LockHandle>> tryAcquireAsync(Collection<String> resources, Duration ttl,
			LockOptions options) {
		return async(begin(resources, ttl, settings(options, false).once()), AcquireOutcome::lockIfFree);
	}

	/**
	 * The future for a caller, completed where callbacks may block. If the caller has
	 * completed it first, the lock is released.
	 */
	private <T> CompletableFuture<T> async(Acquisition acquisition, Function<AcquireOutcome, T> result) {
		CompletableFuture<T> future = new CallbackFuture<>(acquisition.userCode());
		CompletionStage<AcquireOutcome> stage = acquisition.outcome();
		stage.thenAcceptAsync((outcome) -> {
			boolean taken;
			try {
				taken = future.complete(result.apply(outcome));
			}
			catch (RedlockException ex) {
				taken = future.completeExceptionally(ex);
			}
			if (!taken && outcome instanceof Acquired acquired) {
				acquired.lock().discard();
			}
		}, acquisition.userCode());
		abortWith(future, acquisition);
		return future;
	}

	private static void abortWith(CompletionStage<?> future, Acquisition acquisition) {
		future.whenComplete((result, error) -> acquisition.abort(Reason.INTERRUPTED, "its future was completed"));
	}

	private LockSettings settings(LockOptions options, boolean autoExtend) {
		Prepared last = this.prepared;
		if (last == null || !last.options.equals(options) || last.autoExtend != autoExtend) {
			last = new Prepared(options, autoExtend,
					this.parts.defaults.with(Objects.requireNonNull(options, "options must not be null"), autoExtend));
			this.prepared = last;
		}
		return last.settings;
	}

	private Acquisition begin(Collection<String> resources, Duration ttl, LockSettings settings) {
		Acquisition acquisition = prepare(resources, ttl, settings);
		try {
			start(acquisition);
		}
		catch (RuntimeException | Error ex) {
			forget(acquisition, ex);
			throw ex;
		}
		return acquisition;
	}

	private Acquisition prepare(Collection<String> resources, Duration ttl, LockSettings settings) {
		StackReserve.check();
		List<String> distinct = Resources.check(resources);
		check(ttl, settings);
		if (this.closed.get()) {
			throw new IllegalStateException("This Redlock is closed; " + distinct + " cannot be locked any more");
		}
		return new Acquisition(this.acquisitions, distinct, ttl, settings,
				new Caller(this.parts.userCode.ofCaller(), Thread.currentThread().getName()));
	}

	private void start(Acquisition acquisition) {
		this.active.began(acquisition);
		CompletionStage<AcquireOutcome> outcome = acquisition.outcome();
		outcome.whenComplete((ended, error) -> this.active.ended(acquisition));
		acquisition.begin();
	}

	private DefaultLockHandle createLock(Grant grant, LockSettings settings, List<ExecutionStats> attempts,
			Caller caller) {
		DefaultLockHandle lock = new DefaultLockHandle(this.locks, grant, settings, attempts, caller);
		try {
			this.nodes.events().acquired(lock);
			// The timer last: with a pause here it could end the lock before it has
			// begun.
			this.active.began(lock);
			lock.start();
			logger.debug("Locked {}", lock);
			return lock;
		}
		catch (RuntimeException | Error ex) {
			lock.revoke();
			throw ex;
		}
	}

	@Override
	public <T extends @Nullable Object, X extends Throwable> T using(Collection<String> resources, Duration ttl,
			LockOptions options, LockCallback<T, X> callback) throws X {
		Objects.requireNonNull(callback, "callback must not be null");
		UsingInterceptor interceptor = this.parts.interceptor;
		return (interceptor == null) ? run(resources, ttl, options, callback)
				: interceptor.using(options, callback, (routine) -> run(resources, ttl, options, routine));
	}

	private <T extends @Nullable Object, X extends Throwable> T run(Collection<String> resources, Duration ttl,
			LockOptions options, LockCallback<T, X> callback) throws X {
		DefaultLockHandle lock = acquire(prepare(resources, ttl, settings(options, true))).lockOrThrow();
		T result;
		try {
			result = callback.call(lock, lock);
		}
		catch (Throwable ex) {
			attach(lock.settle(), ex);
			throw ex;
		}
		lock.close();
		return result;
	}

	private static void attach(@Nullable RedlockException problem, Throwable error) {
		if (problem != null && !problem.equals(error) && !problem.equals(error.getCause())) {
			error.addSuppressed(problem);
		}
	}

	@Override
	public <T> CompletableFuture<T> usingAsync(Collection<String> resources, Duration ttl, LockOptions options,
			AsyncLockCallback<T> callback) {
		Objects.requireNonNull(callback, "callback must not be null");
		UsingInterceptor interceptor = this.parts.interceptor;
		return (interceptor == null) ? start(resources, ttl, options, callback)
				: interceptor.usingAsync(options, callback, (routine) -> start(resources, ttl, options, routine));
	}

	private <T> CompletableFuture<T> start(Collection<String> resources, Duration ttl, LockOptions options,
			AsyncLockCallback<T> callback) {
		Acquisition acquisition = begin(resources, ttl, settings(options, true));
		CompletableFuture<T> future = new CompletableFuture<>();
		CompletionStage<AcquireOutcome> stage = acquisition.outcome();
		stage.thenAcceptAsync((outcome) -> {
			if (!(outcome instanceof Acquired acquired)) {
				completeFrom(future, outcome::lockOrThrow);
			}
			else if (future.isDone()) {
				acquired.lock().discard();
			}
			else {
				run(callback, acquired.lock(), future);
			}
		}, acquisition.userCode());
		abortWith(future, acquisition);
		return future;
	}

	private static void completeFrom(CompletableFuture<?> future, Runnable throwing) {
		try {
			throwing.run();
		}
		catch (RedlockException ex) {
			future.completeExceptionally(ex);
		}
	}

	private <T> void run(AsyncLockCallback<T> callback, DefaultLockHandle lock, CompletableFuture<T> future) {
		CompletionStage<T> routine;
		try {
			routine = Objects.requireNonNull(callback.call(lock, lock), "the routine returned null instead of a stage");
		}
		catch (Throwable ex) {
			routine = CompletableFuture.failedFuture(ex);
		}
		routine.whenComplete((result, error) -> {
			CompletionStage<ReleaseOutcome> release = lock.releaseWhereThereIsRoom();
			release.thenAcceptAsync((released) -> end(future, result, error, lock.settled(released)), lock.userCode());
		});
		cancelWith(future, routine);
	}

	private static void cancelWith(CompletionStage<?> future, CompletionStage<?> routine) {
		future.whenComplete((result, error) -> {
			if (error instanceof CancellationException) {
				try {
					routine.toCompletableFuture().cancel(true);
				}
				catch (UnsupportedOperationException ex) {
					logger.debug("The routine cannot be cancelled; its lock is released when it ends", ex);
				}
			}
		});
	}

	private static <T> void end(CompletableFuture<T> future, T result, @Nullable Throwable error,
			@Nullable RedlockException problem) {
		if (error != null) {
			Throwable cause = Waiting.cause(error);
			attach(problem, cause);
			future.completeExceptionally(cause);
		}
		else if (problem instanceof LockLostException lost) {
			future.completeExceptionally(DefaultLockHandle.forCaller(lost));
		}
		else {
			future.complete(result);
		}
	}

	/**
	 * The locks that this client holds.
	 * @return a snapshot, in no order
	 */
	public List<LockHandle> held() {
		return this.active.held();
	}

	/**
	 * Wait for the end of everything that waits or is held now; new locks may still be
	 * taken, so that work under way can finish.
	 * @return a stage that completes when no lock is held and no caller waits
	 */
	public CompletionStage<Void> whenIdle() {
		return this.active.whenIdle();
	}

	/**
	 * Wait for the holders only. Callers that wait for a lock do not count: they may have
	 * to wait for ever.
	 * @return a stage that completes when no lock is held
	 */
	public CompletionStage<Void> whenReleased() {
		return this.active.whenReleased();
	}

	/**
	 * Take no more locks. A caller that still waits gets a
	 * {@link io.github.redlock.LockNotAcquiredException}; a lock that is still held is
	 * reported as lost, and its keys expire by themselves, because its holder may still
	 * be at work, unless {@link RedlockBuilder#releaseHeldOnClose} says otherwise. Then
	 * the nodes are closed. Closing twice is harmless.
	 */
	@Override
	public void close() {
		if (this.closed.compareAndSet(false, true)) {
			this.active.close();
			this.queues.close();
			this.nodes.guards().forEach(NodeGuard::close);
			this.parts.onClose.forEach(Runnable::run);
		}
	}

	/**
	 * The settings that options stand for.
	 */
	private record Prepared(LockOptions options, boolean autoExtend, LockSettings settings) {
	}

	/**
	 * What a client is made of.
	 *
	 * @param name of the client, for messages
	 * @param nodes the nodes
	 * @param keepAlive extends locks when they are due
	 * @param requests makes the requests
	 * @param userCode runs user code
	 * @param defaultTtl the ttl where a call names none
	 * @param defaultOptions the options where a call names none
	 * @param defaults what these options stand for
	 * @param shortTtls warns of a ttl that is too short for the command timeout
	 * @param releaseOnClose whether locks that are still held are released then
	 * @param interceptor goes around blocks, {@code null} for none
	 * @param onClose closes what the client owns besides its nodes
	 */
	record Parts(String name, NodeGroup nodes, KeepAlive keepAlive, Requests requests, UserCode userCode,
			Duration defaultTtl, LockOptions defaultOptions, LockSettings defaults, ShortTtls shortTtls,
			boolean releaseOnClose, @Nullable UsingInterceptor interceptor, List<Runnable> onClose) {
	}

}
