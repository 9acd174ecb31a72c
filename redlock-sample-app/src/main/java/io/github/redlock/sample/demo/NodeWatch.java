package io.github.redlock.sample.demo;

import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

import io.github.redlock.LockHandle;
import io.github.redlock.RedlockObserver;
import io.github.redlock.RedlockStatus;
import io.github.redlock.RedlockStatus.NodeStatus;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.sample.demo.InstanceView.LockView;
import io.github.redlock.sample.demo.InstanceView.NodeState;
import io.github.redlock.sample.demo.InstanceView.NodeView;
import io.github.redlock.spi.Vote;

/**
 * What the lock knows of nodes and locks, in the form of the page. It remembers when a
 * node has failed last: one that votes and has just failed is degraded.
 * <p>
 * Thread-safe.
 */
@Component
@OnDemo
class NodeWatch implements RedlockObserver {

	private static final Duration SLOW = Duration.ofMillis(100);

	private static final Duration RECENT = Duration.ofSeconds(3);

	private static final long NANOS_PER_MICRO = 1000;

	/** By the name of the node, in nanoseconds. */
	private final Map<String, Long> failedAt = new ConcurrentHashMap<>();

	private @Nullable CompletableFuture<RedlockStatus> probe;

	@Override
	public void nodeFailed(String node, Vote.Failed.Reason reason) {
		this.failedAt.put(node, System.nanoTime());
	}

	/**
	 * Have the nodes probed, unless the last probe is on its way.
	 */
	synchronized void probe(DefaultRedlock redlock) {
		if (this.probe == null || this.probe.isDone()) {
			this.probe = redlock.probe();
		}
	}

	List<NodeView> nodes(RedlockStatus status) {
		return status.nodes().stream().map(this::view).toList();
	}

	private NodeView view(NodeStatus node) {
		NodeState state = state(node);
		return new NodeView(node.name(), state, node.unchangedFor().toMillis(),
				node.roundTrip().map((time) -> time.toNanos() / NANOS_PER_MICRO).orElse(null),
				node.server().orElse(null), (state != NodeState.UP) ? node.error().orElse(null) : null);
	}

	private NodeState state(NodeStatus node) {
		if (!node.isVoting()) {
			return NodeState.DOWN;
		}
		Long failed = this.failedAt.get(node.name());
		boolean hasJustFailed = failed != null && System.nanoTime() - failed < RECENT.toNanos();
		boolean isSlow = node.roundTrip().filter((time) -> time.compareTo(SLOW) > 0).isPresent();
		return (hasJustFailed || isSlow) ? NodeState.DEGRADED : NodeState.UP;
	}

	/**
	 * The locks that are held.
	 * @param status who holds them, and for how long
	 * @param handles the same locks, which have a ttl
	 */
	static List<LockView> locks(RedlockStatus status, List<LockHandle> handles) {
		Map<Long, Long> ttls = new LinkedHashMap<>();
		handles.forEach((lock) -> ttls.put(lock.fencingToken(), lock.ttl().toMillis()));
		return status.held()
			.stream()
			.map((lock) -> new LockView(String.join(", ", lock.resources()), lock.thread(), lock.token().orElse(0),
					lock.remainingValidity().toMillis(),
					ttls.getOrDefault(lock.token().orElse(0), lock.remainingValidity().toMillis()), lock.extensions()))
			.filter((lock) -> lock.remainingMillis() > 0)
			.sorted(Comparator.comparing(LockView::resource))
			.toList();
	}

	/**
	 * How many callers wait, by resource.
	 */
	static Map<String, Integer> waiting(RedlockStatus status) {
		Map<String, Integer> waiting = new TreeMap<>();
		status.waiting().forEach((waiter) -> waiting.merge(String.join(", ", waiter.resources()), 1, Integer::sum));
		return waiting;
	}

}
