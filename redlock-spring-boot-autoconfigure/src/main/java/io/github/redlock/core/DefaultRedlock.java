package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

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
import io.github.redlock.LockRules;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;
import io.github.redlock.RedlockListener;
import io.github.redlock.core.AcquireOutcome.Acquired;
import io.github.redlock.spi.Awaiter;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.NodeIo;
import io.github.redlock.spi.TimeSource;

/**
 * The Redlock algorithm over N independent nodes.
 *
 * <h2>How it works</h2>
 * <p>
 * <b>Acquire.</b> {@link Acquisition} reads the monotonic clock, sends one request with a
 * fresh random value to all nodes at once, and decides as soon as a quorum has granted it
 * or cannot any more ({@link VotingRound}). It succeeds if a quorum granted and, counted
 * from that clock reading, some of the ttl is left after drift ({@link Validity}).
 * Otherwise it releases on every node before it tries again ({@link RetrySchedule}).
 * <p>
 * <b>Hold.</b> {@link DefaultLockHandle} watches the deadline with one timer of a shared
 * scheduler. With auto-extension the timer goes off after a third of the ttl, and an
 * {@link Extension} asks the nodes to prolong; it has the other two thirds to try again.
 * When a quorum has lost the keys, or the deadline passes, the lock is lost, and says so.
 * <p>
 * <b>Release.</b> The lock turns invalid here first, then every node is told; those that
 * do not confirm are told again when they come back ({@link NodeGuard}).
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
 * thread. Node threads and the timer run only code of this package; everything of the
 * user's runs on the calling thread, on the callback executor, or where that refuses a
 * task, on threads meant for that ({@link GivenExecutor}).
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

	/**
	 * A ttl below this many command timeouts leaves hardly any room for a slow node.
	 */
	private static final int MIN_TIMEOUTS_PER_TTL = 3;

	/** Where the ttl is computed, a warning for each value would be no help. */
	private static final int MAX_WARNINGS = 20;

	private final NodeGroup nodes;

	private final KeepAlive keepAlive;

	private final Duration defaultTtl;

	/** A ttl below this leaves hardly any room for a slow node. */
	private final Duration shortTtl;

	private final LockOptions defaultOptions;

	private final LockSettings defaults;

	/** The settings made last; most calls pass the same options. */
	private volatile @Nullable Prepared prepared;

	private final double extendAfter;

	private final Supplier<String> values;

	private final @Nullable FencingTokens tokens;

	private final Executor callbackExecutor;

	private final List<Runnable> onClose = new ArrayList<>();

	private final ActiveLocks active;

	private final LocalQueues queues;

	private final Set<Duration> warnedOf = ConcurrentHashMap.newKeySet();

	private final AtomicBoolean closed = new AtomicBoolean();

	private DefaultRedlock(Builder builder) {
		builder.settings().check(builder.defaultTtl);
		Quorum quorum = new Quorum(builder.nodes.size());
		this.defaultTtl = builder.defaultTtl;
		this.shortTtl = builder.commandTimeout.multipliedBy(MIN_TIMEOUTS_PER_TTL);
		this.defaults = builder.settings();
		this.defaultOptions = this.defaults.over(builder.options);
		this.extendAfter = builder.extendAfter;
		this.values = (builder.values != null) ? builder.values : new LockValues();
		TimeSource time = (builder.time != null) ? builder.time : ownTime();
		this.callbackExecutor = callbackExecutor(builder.callbackExecutor, time);
		this.active = new ActiveLocks(this.callbackExecutor);
		this.tokens = builder.fencing ? new FencingTokens(time) : null;
		EventDispatcher events = new EventDispatcher(builder.listeners, this.callbackExecutor);
		VotingNodes votingNodes = new VotingNodes(quorum);
		List<NodeGuard> guards = new ArrayList<>();
		builder.nodes
			.forEach((node) -> guards.add(new NodeGuard(node, time, builder.commandTimeout, events, votingNodes)));
		this.nodes = new NodeGroup(List.copyOf(guards), quorum, time, builder.random, events,
				awaiter(builder.nodes, time));
		this.keepAlive = new KeepAlive(this.nodes, builder.commandTimeout);
		this.queues = new LocalQueues(this.nodes);
		warnIfShort(this.defaultTtl);
		guards.forEach(NodeGuard::start);
		if (this.values instanceof LockValues own) {
			own.prepare();
		}
	}

	/**
	 * The first node that cares decides. Nodes that share no input and output with it
	 * find their own way.
	 */
	private static Awaiter awaiter(List<LockNode> nodes, TimeSource time) {
		for (LockNode node : nodes) {
			if (node instanceof NodeIo own) {
				return own.awaiter();
			}
		}
		return time;
	}

	private TimeSource ownTime() {
		SystemTime time = new SystemTime();
		this.onClose.add(time::close);
		return time;
	}

	private Executor callbackExecutor(@Nullable Executor given, TimeSource time) {
		CallbackExecutor own = (given != null) ? CallbackExecutor.fallback(time) : new CallbackExecutor(time);
		this.onClose.add(own::close);
		return (given != null) ? new GivenExecutor(given, own) : own;
	}

	/**
	 * Start with the defaults and no nodes.
	 * @return a new builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	@Override
	public Duration defaultTtl() {
		return this.defaultTtl;
	}

	@Override
	public LockOptions defaultOptions() {
		return this.defaultOptions;
	}

	@Override
	public void check(Duration ttl, LockOptions options) {
		check(ttl, settings(options, false));
	}

	private void check(Duration ttl, LockSettings settings) {
		settings.check(Objects.requireNonNull(ttl, "ttl must not be null"));
		warnIfShort(ttl);
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
	 * Nobody gets the lock that it may still win.
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
	 * The future for a caller: completed where callbacks may block; whoever completes it
	 * first decides, and a lock that nobody gets is released.
	 */
	private <T> CompletableFuture<T> async(Acquisition acquisition, Function<AcquireOutcome, T> result) {
		CompletableFuture<T> future = new CallbackFuture<>(this.callbackExecutor);
		onCompletion(acquisition.outcome(), (outcome) -> {
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
		});
		abortWith(future, acquisition);
		return future;
	}

	/**
	 * Run user code, or what leads to it, where it may block.
	 */
	private <T> void onCompletion(CompletionStage<T> stage, Consumer<T> action) {
		stage.thenAcceptAsync(action, this.callbackExecutor);
	}

	private static void abortWith(CompletionStage<?> future, Acquisition acquisition) {
		future.whenComplete((result, error) -> acquisition.abort(Reason.INTERRUPTED, "its future was completed"));
	}

	private LockSettings settings(LockOptions options, boolean autoExtend) {
		Prepared last = this.prepared;
		if (last == null || !last.options.equals(options) || last.autoExtend != autoExtend) {
			last = new Prepared(options, autoExtend,
					this.defaults.with(Objects.requireNonNull(options, "options must not be null"), autoExtend));
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
		List<String> distinct = checkResources(resources);
		check(ttl, settings);
		if (this.closed.get()) {
			throw new IllegalStateException("This Redlock is closed; " + distinct + " cannot be locked any more");
		}
		return new Acquisition(this.nodes, this.queues, distinct, ttl, settings, this.values, this.tokens,
				this::createLock);
	}

	private void start(Acquisition acquisition) {
		this.active.began(acquisition);
		CompletionStage<AcquireOutcome> outcome = acquisition.outcome();
		outcome.whenComplete((ended, error) -> this.active.ended(acquisition));
		acquisition.begin();
	}

	private DefaultLockHandle createLock(Grant grant, LockSettings settings, List<ExecutionStats> attempts) {
		DefaultLockHandle lock = new DefaultLockHandle(this.nodes, this.queues, this.keepAlive, grant, settings,
				this.extendAfter, attempts, this.callbackExecutor, this.active::ended);
		this.nodes.events().acquired(lock);
		// The timer last: with a pause here it could end the lock before it has begun.
		this.active.began(lock);
		lock.start();
		return lock;
	}

	private static List<String> checkResources(Collection<String> resources) {
		Objects.requireNonNull(resources, "resources must not be null");
		if (resources.isEmpty()) {
			throw new IllegalArgumentException("resources must not be empty; name at least one");
		}
		for (String resource : resources) {
			Optional<LockRules.Violation> violation = LockRules.resource(resource);
			if (violation.isPresent()) {
				throw violation.get().exception("one of the resources", resource);
			}
		}
		return (resources.size() == 1) ? List.copyOf(resources) : resources.stream().distinct().toList();
	}

	private void warnIfShort(Duration ttl) {
		if (ttl.compareTo(this.shortTtl) < 0 && this.warnedOf.size() < MAX_WARNINGS && this.warnedOf.add(ttl)) {
			logger.warn(
					"A ttl of {} is less than {} command timeouts ({}): one slow node may cost the lock. "
							+ "Use a longer ttl or a shorter command timeout. This is said once for each ttl.",
					ttl, MIN_TIMEOUTS_PER_TTL, this.shortTtl);
		}
	}

	@Override
	public <T extends @Nullable Object, X extends Throwable> T using(Collection<String> resources, Duration ttl,
			LockOptions options, LockCallback<T, X> callback) throws X {
		Objects.requireNonNull(callback, "callback must not be null");
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
		Acquisition acquisition = begin(resources, ttl, settings(options, true));
		CompletableFuture<T> future = new CompletableFuture<>();
		onCompletion(acquisition.outcome(), (outcome) -> {
			if (!(outcome instanceof Acquired acquired)) {
				completeFrom(future, outcome::lockOrThrow);
			}
			else if (future.isDone()) {
				acquired.lock().discard();
			}
			else {
				run(callback, acquired.lock(), future);
			}
		});
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
		routine.whenComplete((result, error) -> onCompletion(lock.releaseOnce(),
				(released) -> end(future, result, error, lock.settled(released))));
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
			future.completeExceptionally(DefaultLockHandle.again(lost));
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
	 * @return a stage that completes when nothing is held and nobody waits
	 */
	public CompletionStage<Void> whenIdle() {
		return this.active.whenIdle();
	}

	/**
	 * Take no more locks. Who still waits gets a
	 * {@link io.github.redlock.LockNotAcquiredException}; what is still held is reported
	 * as lost, and its keys expire by themselves, because its holder may still be at
	 * work. Then the nodes are closed. Closing twice is harmless.
	 */
	@Override
	public void close() {
		if (this.closed.compareAndSet(false, true)) {
			this.active.close();
			this.queues.close();
			this.nodes.guards().forEach(NodeGuard::close);
			this.onClose.forEach(Runnable::run);
		}
	}

	/**
	 * The settings that options stand for.
	 */
	private record Prepared(LockOptions options, boolean autoExtend, LockSettings settings) {
	}

	/**
	 * A future whose {@code ...Async} methods use the callback executor.
	 *
	 * @param <T> what it completes with
	 */
	private static final class CallbackFuture<T> extends CompletableFuture<T> {

		private final Executor executor;

		private CallbackFuture(Executor executor) {
			this.executor = executor;
		}

		@Override
		public <U> CompletableFuture<U> newIncompleteFuture() {
			return new CallbackFuture<>(this.executor);
		}

		@Override
		public Executor defaultExecutor() {
			return this.executor;
		}

	}

	/**
	 * Collects nodes and settings. What is not set has the default of the property of the
	 * same name. Not thread-safe.
	 */
	public static final class Builder {

		static final double DRIFT_FACTOR = 0.01;

		private List<LockNode> nodes = List.of();

		private final List<RedlockListener> listeners = new ArrayList<>();

		private Duration defaultTtl = Duration.ofSeconds(30);

		private Duration commandTimeout = Duration.ofMillis(200);

		private LockOptions options = LockOptions.defaults();

		private double extendAfter = 1.0 / 3;

		private boolean fencing = true;

		private @Nullable TimeSource time;

		private @Nullable Executor callbackExecutor;

		private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();

		private @Nullable Supplier<String> values;

		private Builder() {
		}

		/**
		 * The nodes; closed together with the lock.
		 * @param nodes at least one; an odd number is best
		 * @return this
		 */
		public Builder nodes(Collection<? extends LockNode> nodes) {
			this.nodes = List.copyOf(nodes);
			return this;
		}

		/**
		 * Add a listener.
		 * @param listener hears every event
		 * @return this
		 */
		public Builder listener(RedlockListener listener) {
			this.listeners.add(Objects.requireNonNull(listener, "listener must not be null"));
			return this;
		}

		/**
		 * The ttl where a call names none.
		 * @param defaultTtl a positive whole number of milliseconds, default 30 s
		 * @return this
		 */
		public Builder defaultTtl(Duration defaultTtl) {
			this.defaultTtl = Objects.requireNonNull(defaultTtl, "defaultTtl must not be null");
			return this;
		}

		/**
		 * How long to wait for one node's answer. Far below the ttl; the quorum makes a
		 * generous value harmless, a short one marks healthy nodes down on a machine that
		 * stalls.
		 * @param commandTimeout from a millisecond to a day, default 200 ms
		 * @return this
		 */
		public Builder commandTimeout(Duration commandTimeout) {
			this.commandTimeout = LockRules.require("commandTimeout", commandTimeout, LockRules::timeout);
			return this;
		}

		/**
		 * The defaults of the per-call options. Not set means: no wait time, 3 retries
		 * after 200 ms +- 100 ms, drift factor 0.01, no holdAtLeast, no maxHold.
		 * Auto-extension that is switched off here is off unless a call switches it on.
		 * @param options the defaults
		 * @return this
		 */
		public Builder defaults(LockOptions options) {
			this.options = Objects.requireNonNull(options, "options must not be null");
			return this;
		}

		/**
		 * When auto-extension begins.
		 * @param share the share of the ttl that has passed by then: more than 0, at most
		 * 0.9; default one third
		 * @return this
		 */
		public Builder extendAfter(double share) {
			this.extendAfter = LockRules.require("extendAfter", share, LockRules::extendAfter);
			return this;
		}

		/**
		 * Whether locks carry fencing tokens.
		 * @param fencing default {@code true}
		 * @return this
		 */
		public Builder fencing(boolean fencing) {
			this.fencing = fencing;
			return this;
		}

		/**
		 * The source of time; closed by its owner, not by the lock.
		 * @param time default: the clocks of the JVM and one daemon thread
		 * @return this
		 */
		public Builder time(TimeSource time) {
			this.time = Objects.requireNonNull(time, "time must not be null");
			return this;
		}

		/**
		 * Where listeners, dependent actions of futures and asynchronous routines run.
		 * They may block, so it must not be bounded to fewer threads than that takes.
		 * What the executor refuses, or would run on the calling thread, runs on daemon
		 * threads of the lock's own ({@code redlock-fallback-1}).
		 * @param executor default: a pool of daemon threads that grows as needed
		 * @return this
		 */
		public Builder callbackExecutor(Executor executor) {
			this.callbackExecutor = Objects.requireNonNull(executor, "executor must not be null");
			return this;
		}

		/**
		 * The source of jitter, for tests that want to repeat a run.
		 * @param random default: that of the JVM
		 * @return this
		 */
		public Builder random(RandomGenerator random) {
			this.random = Objects.requireNonNull(random, "random must not be null");
			return this;
		}

		/**
		 * The source of owner values, for tests that want to repeat a run. Values must be
		 * unique and impossible to guess.
		 * @param values default: 128 bits of {@link java.security.SecureRandom}
		 * @return this
		 */
		public Builder values(Supplier<String> values) {
			this.values = Objects.requireNonNull(values, "values must not be null");
			return this;
		}

		private LockSettings settings() {
			LockSettings defaults = new LockSettings(null, 3,
					new RetrySchedule(Duration.ofMillis(200), Duration.ofMillis(100)), DRIFT_FACTOR, true,
					Duration.ZERO, null);
			return defaults.with(this.options, true);
		}

		/**
		 * Build the lock and begin to connect to the nodes, in the background.
		 * @return a new lock
		 * @throws IllegalArgumentException if there is no node, or the default ttl cannot
		 * work
		 */
		public DefaultRedlock build() {
			return new DefaultRedlock(this);
		}

	}

}
