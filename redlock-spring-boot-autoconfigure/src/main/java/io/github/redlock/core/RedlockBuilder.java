package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockOptions;
import io.github.redlock.LockRules;
import io.github.redlock.RedlockListener;
import io.github.redlock.RedlockObserver;
import io.github.redlock.UsingInterceptor;
import io.github.redlock.spi.Awaiter;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.NodeIo;
import io.github.redlock.spi.TimeSource;

/**
 * Collects nodes and settings. What is not set has the default of the property of the
 * same name. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class RedlockBuilder {

	static final double DRIFT_FACTOR = 0.01;

	private List<LockNode> nodes = List.of();

	private final List<RedlockListener> listeners = new ArrayList<>();

	private final List<RedlockObserver> observers = new ArrayList<>();

	private String name = "redlock";

	private String owner = "";

	private Duration defaultTtl = Duration.ofSeconds(30);

	private Duration commandTimeout = Duration.ofMillis(200);

	private LockOptions options = LockOptions.defaults();

	private double extendAfter = 1.0 / 3;

	private boolean fencing = true;

	private boolean releaseHeldOnClose = false;

	private @Nullable UsingInterceptor interceptor;

	private @Nullable TimeSource time;

	private @Nullable Executor callbackExecutor;

	private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();

	private @Nullable Supplier<String> values;

	/**
	 * Start with the defaults and no nodes.
	 */
	public RedlockBuilder() {
	}

	/**
	 * The nodes; closed together with the lock.
	 * @param nodes at least one; an odd number is best
	 * @return this
	 */
	public RedlockBuilder nodes(Collection<? extends LockNode> nodes) {
		this.nodes = List.copyOf(nodes);
		return this;
	}

	/**
	 * Add a listener.
	 * @param listener hears every event
	 * @return this
	 */
	public RedlockBuilder listener(RedlockListener listener) {
		this.listeners.add(Objects.requireNonNull(listener, "listener must not be null"));
		return this;
	}

	/**
	 * Add an observer.
	 * @param observer measures what happens
	 * @return this
	 */
	public RedlockBuilder observer(RedlockObserver observer) {
		this.observers.add(Objects.requireNonNull(observer, "observer must not be null"));
		return this;
	}

	/**
	 * What goes around the blocks that run under a lock.
	 * @param interceptor replaces the one set before
	 * @return this
	 */
	public RedlockBuilder interceptor(UsingInterceptor interceptor) {
		this.interceptor = Objects.requireNonNull(interceptor, "interceptor must not be null");
		return this;
	}

	/**
	 * What this client is called in logs and status.
	 * @param name not blank, default {@code redlock}
	 * @return this
	 */
	public RedlockBuilder name(String name) {
		this.name = Objects.requireNonNull(name, "name must not be null");
		return this;
	}

	/**
	 * Who holds the locks of this client, for people who look at a node: it is put in
	 * front of the random part of each owner value, with a colon between.
	 * @param owner up to 100 characters of ASCII, such as a host and a process number;
	 * others become dashes; empty, the default, for nothing
	 * @return this
	 */
	public RedlockBuilder owner(String owner) {
		this.owner = Objects.requireNonNull(owner, "owner must not be null");
		return this;
	}

	/**
	 * The ttl where a call names none.
	 * @param defaultTtl a positive whole number of milliseconds, default 30 s
	 * @return this
	 */
	public RedlockBuilder defaultTtl(Duration defaultTtl) {
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
	public RedlockBuilder commandTimeout(Duration commandTimeout) {
		this.commandTimeout = LockRules.require("commandTimeout", commandTimeout, LockRules::timeout);
		return this;
	}

	/**
	 * The defaults of the per-call options. Not set means: no wait time, 3 retries after
	 * 200 ms +- 100 ms, drift factor 0.01, no holdAtLeast, no maxHold. Auto-extension
	 * that is switched off here is off unless a call switches it on.
	 * @param options the defaults
	 * @return this
	 */
	public RedlockBuilder defaults(LockOptions options) {
		this.options = Objects.requireNonNull(options, "options must not be null");
		return this;
	}

	/**
	 * When auto-extension begins.
	 * @param share the share of the ttl that has passed by then: more than 0, at most
	 * 0.9; default one third
	 * @return this
	 */
	public RedlockBuilder extendAfter(double share) {
		this.extendAfter = LockRules.require("extendAfter", share, LockRules::extendAfter);
		return this;
	}

	/**
	 * Whether locks carry fencing tokens.
	 * @param fencing default {@code true}
	 * @return this
	 */
	public RedlockBuilder fencing(boolean fencing) {
		this.fencing = fencing;
		return this;
	}

	/**
	 * Whether locks that are still held when the lock closes are released on the nodes. A
	 * holder that goes on working, having not seen that its lock is lost, may then have
	 * another one beside it at once; without it, not before the ttl is over.
	 * @param releaseHeldOnClose default {@code false}
	 * @return this
	 */
	public RedlockBuilder releaseHeldOnClose(boolean releaseHeldOnClose) {
		this.releaseHeldOnClose = releaseHeldOnClose;
		return this;
	}

	/**
	 * The source of time; closed by its owner, not by the lock.
	 * @param time default: the clocks of the JVM and one daemon thread
	 * @return this
	 */
	public RedlockBuilder time(TimeSource time) {
		this.time = Objects.requireNonNull(time, "time must not be null");
		return this;
	}

	/**
	 * Where listeners, dependent actions of futures and asynchronous routines run. They
	 * may block, so it must not be bounded to fewer threads than that takes. What the
	 * executor refuses, or would run on the calling thread, runs on daemon threads of the
	 * lock's own ({@code redlock-fallback-1}).
	 * @param executor default: a pool of daemon threads that grows as needed
	 * @return this
	 */
	public RedlockBuilder callbackExecutor(Executor executor) {
		this.callbackExecutor = Objects.requireNonNull(executor, "executor must not be null");
		return this;
	}

	/**
	 * The source of jitter, for tests that want to repeat a run.
	 * @param random default: that of the JVM
	 * @return this
	 */
	public RedlockBuilder random(RandomGenerator random) {
		this.random = Objects.requireNonNull(random, "random must not be null");
		return this;
	}

	/**
	 * The source of owner values, for tests that want to repeat a run. Values must be
	 * unique and impossible to guess.
	 * @param values default: 128 bits of {@link java.security.SecureRandom}
	 * @return this
	 */
	public RedlockBuilder values(Supplier<String> values) {
		this.values = Objects.requireNonNull(values, "values must not be null");
		return this;
	}

	private LockSettings settings() {
		LockSettings defaults = new LockSettings("", null, 3,
				new RetrySchedule(Duration.ofMillis(200), Duration.ofMillis(100)), DRIFT_FACTOR, true, Duration.ZERO,
				null);
		return defaults.with(this.options, true);
	}

	/**
	 * Build the lock and begin to connect to the nodes, in the background.
	 * @return a new lock
	 * @throws IllegalArgumentException if there is no node, or the default ttl cannot
	 * work
	 */
	public DefaultRedlock build() {
		LockSettings defaults = settings();
		defaults.check(this.defaultTtl);
		Quorum quorum = new Quorum(this.nodes.size());
		List<Runnable> onClose = new ArrayList<>();
		TimeSource time = (this.time != null) ? this.time : ownTime(onClose);
		UserCode userCode = new UserCode(callbackExecutor(this.callbackExecutor, time, onClose));
		EventDispatcher events = new EventDispatcher(this.listeners, userCode.ofCaller(),
				new Observers(this.observers.stream().map((each) -> each.forClient(this.name)).toList()));
		VotingNodes votingNodes = new VotingNodes(this.name, quorum);
		List<NodeGuard> guards = new ArrayList<>();
		this.nodes.forEach((node) -> guards.add(new NodeGuard(node, time, this.commandTimeout, events, votingNodes)));
		NodeGroup group = new NodeGroup(List.copyOf(guards), quorum, time, this.random, events, awaiter(time));
		Supplier<String> values = (this.values != null) ? this.values : new LockValues(this.owner);
		DefaultRedlock redlock = new DefaultRedlock(
				new DefaultRedlock.Parts(this.name, group, new KeepAlive(group, this.commandTimeout, this.extendAfter),
						new Requests(values, this.fencing ? new FencingTokens(time::wallClockMicros) : null), userCode,
						this.defaultTtl, defaults.over(this.options), defaults, new ShortTtls(this.commandTimeout),
						this.releaseHeldOnClose, this.interceptor, onClose));
		if (values instanceof LockValues own) {
			own.prepare();
		}
		return redlock;
	}

	/**
	 * The first node with an I/O loop of its own decides how callers wait; other nodes
	 * answer on threads of their own.
	 */
	private Awaiter awaiter(TimeSource time) {
		for (LockNode node : this.nodes) {
			if (node instanceof NodeIo own) {
				return own.awaiter();
			}
		}
		return time;
	}

	private static TimeSource ownTime(List<Runnable> onClose) {
		SystemTime time = new SystemTime();
		onClose.add(time::close);
		return time;
	}

	private static Executor callbackExecutor(@Nullable Executor given, TimeSource time, List<Runnable> onClose) {
		CallbackExecutor own = (given != null) ? CallbackExecutor.fallback(time) : new CallbackExecutor(time);
		onClose.add(own::close);
		return (given != null) ? new GivenExecutor(given, own) : own;
	}

}
