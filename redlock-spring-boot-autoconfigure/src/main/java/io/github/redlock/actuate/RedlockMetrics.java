package io.github.redlock.actuate;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.RedlockObserver;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.spi.Vote;

/**
 * The meters of a lock client. Tags are the set of nodes and the name of the section,
 * never a resource: there may be any number of these.
 * <p>
 * Thread-safe.
 *
 * @since 0.1.0
 */
public final class RedlockMetrics implements RedlockObserver {

	/** How long acquisitions took; tags {@code set}, {@code name}, {@code outcome}. */
	public static final String ACQUIRE = "redlock.acquire";

	/** How long callers were queued; tags {@code set}, {@code name}. */
	public static final String QUEUE = "redlock.queue";

	/** How long locks were held; tags {@code set}, {@code name}. */
	public static final String HOLD = "redlock.hold";

	/** Locks that were lost; tags {@code set}, {@code name}. */
	public static final String LOST = "redlock.lost";

	/** Rounds of extensions without a quorum; tags {@code set}, {@code name}. */
	public static final String EXTENSIONS_FAILED = "redlock.extensions.failed";

	/** Releases that no quorum confirmed; tags {@code set}, {@code name}. */
	public static final String RELEASES_UNCONFIRMED = "redlock.releases.unconfirmed";

	/** Requests that nodes failed; tags {@code set}, {@code node}, {@code reason}. */
	public static final String NODE_ERRORS = "redlock.node.errors";

	/** Locks that are held now; tag {@code set}. */
	public static final String HELD = "redlock.held";

	/** Callers that have no lock yet; tag {@code set}. */
	public static final String WAITERS = "redlock.waiters";

	/** Nodes that vote; tag {@code set}. */
	public static final String NODES_VOTING = "redlock.nodes.voting";

	/** Nodes in quarantine after a restart; tag {@code set}. */
	public static final String NODES_QUARANTINED = "redlock.nodes.quarantined";

	/** How many more nodes may fail, negative without a quorum; tag {@code set}. */
	public static final String QUORUM_MARGIN = "redlock.quorum.margin";

	private static final String NO_NAME = "none";

	private final MeterRegistry registry;

	private final String set;

	private final Map<Key, Timer> timers = new ConcurrentHashMap<>();

	private final Map<Key, Counter> counters = new ConcurrentHashMap<>();

	/**
	 * Create the meters of all clients; {@link #forClient} makes those of one.
	 * @param registry where they are registered
	 */
	public RedlockMetrics(MeterRegistry registry) {
		this(registry, "");
	}

	private RedlockMetrics(MeterRegistry registry, String set) {
		this.registry = registry;
		this.set = set;
	}

	@Override
	public RedlockObserver forClient(String name) {
		return new RedlockMetrics(this.registry, name);
	}

	/**
	 * Register what can be looked at at any time.
	 * @param set the client
	 */
	public void bind(RedlockSet set) {
		DefaultRedlock redlock = set.redlock();
		Tags tags = Tags.of("set", set.name());
		Gauge.builder(HELD, redlock, DefaultRedlock::countHeld)
			.description("Locks that are held")
			.tags(tags)
			.register(this.registry);
		Gauge.builder(WAITERS, redlock, DefaultRedlock::countWaiting)
			.description("Callers that have no lock yet")
			.tags(tags)
			.register(this.registry);
		Gauge.builder(NODES_VOTING, redlock, (each) -> each.nodes().voting())
			.description("Nodes that vote")
			.tags(tags)
			.register(this.registry);
		Gauge.builder(NODES_QUARANTINED, redlock, RedlockMetrics::countQuarantined)
			.description("Nodes that do not vote because they were restarted recently")
			.tags(tags)
			.register(this.registry);
		Gauge.builder(QUORUM_MARGIN, redlock, (each) -> each.nodes().margin())
			.description("How many more nodes may fail; negative without a quorum")
			.tags(tags)
			.register(this.registry);
	}

	private static long countQuarantined(DefaultRedlock redlock) {
		return redlock.nodes()
			.nodes()
			.stream()
			.filter((node) -> !node.isVoting()
					&& node.reason().filter(Vote.Failed.Reason.QUARANTINED::equals).isPresent())
			.count();
	}

	@Override
	public void acquired(String name, LockHandle lock, Duration took, Duration queued) {
		acquisition(name, "acquired", took, queued);
	}

	@Override
	public void notAcquired(String name, Reason reason, Duration took, Duration queued) {
		acquisition(name, reason.name().toLowerCase(Locale.ROOT), took, queued);
	}

	private void acquisition(String name, String outcome, Duration took, Duration queued) {
		timer(ACQUIRE, "How long acquisitions took", name, outcome).record(took);
		if (!queued.isZero()) {
			timer(QUEUE, "How long callers were queued in this process", name, "").record(queued);
		}
	}

	@Override
	public void extensionFailed(String name) {
		count(EXTENSIONS_FAILED, "Rounds of extensions without a quorum", name);
	}

	@Override
	public void ended(String name, End end, Duration held) {
		timer(HOLD, "How long locks were held", name, "").record(held);
		switch (end) {
			case LOST -> count(LOST, "Locks that were lost before their release", name);
			case UNCONFIRMED -> count(RELEASES_UNCONFIRMED, "Releases that no quorum confirmed", name);
			case RELEASED -> {
			}
		}
	}

	@Override
	public void nodeFailed(String node, Vote.Failed.Reason reason) {
		this.counters
			.computeIfAbsent(new Key(NODE_ERRORS, node, reason.name()),
					(key) -> Counter.builder(NODE_ERRORS)
						.description("Requests to which a node gave no usable answer")
						.tags("set", this.set, "node", node, "reason", reason.name().toLowerCase(Locale.ROOT))
						.register(this.registry))
			.increment();
	}

	private void count(String meter, String description, String name) {
		this.counters
			.computeIfAbsent(new Key(meter, name, ""),
					(key) -> Counter.builder(meter).description(description).tags(tags(name)).register(this.registry))
			.increment();
	}

	private Timer timer(String meter, String description, String name, String outcome) {
		Key key = new Key(meter, name, outcome);
		Timer timer = this.timers.get(key);
		return (timer != null) ? timer
				: this.timers.computeIfAbsent(key,
						(missing) -> Timer.builder(meter)
							.description(description)
							.tags(outcome.isEmpty() ? tags(name) : tags(name).and("outcome", outcome))
							.register(this.registry));
	}

	private Tags tags(String name) {
		return Tags.of("set", this.set, "name", name.isEmpty() ? NO_NAME : name);
	}

	/**
	 * What a meter is found by.
	 */
	private record Key(String meter, String name, String detail) {
	}

}
