package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.TimeSource.Cancellable;

/**
 * Who waits for the same resources in this process, first come, first served: only the
 * first asks the nodes again, and it is the first whom a holder of this process hands the
 * lock over to.
 * <p>
 * Who finds nobody waiting tries at once, and queues if that fails. A lock of several
 * resources has a queue of its own: it competes on the nodes with locks of one of them.
 * <p>
 * While somebody waits, and for a while after, the nodes are listened to: who releases
 * tells those who wait. A notice may be lost; the first asks from time to time anyway.
 * <p>
 * Thread-safe. Calls no acquisition in its monitors.
 */
final class LocalQueues {

	/** How long releases are listened to after the last one who waited. */
	static final long LINGER_NANOS = Duration.ofSeconds(1).toNanos();

	private final NodeGroup nodes;

	/**
	 * The same for every client with the same nodes. Beginning with the last name: where
	 * nodes are configured in the order of their names, a release is sent there last, and
	 * who hears of it finds the others free.
	 */
	private final List<Integer> order;

	private final Map<List<String>, LocalQueue> queues = new ConcurrentHashMap<>();

	private final Map<List<String>, Watch> watches = new ConcurrentHashMap<>();

	/** Until when others go first. */
	private final Map<List<String>, Long> yields = new ConcurrentHashMap<>();

	private volatile boolean closed;

	LocalQueues(NodeGroup nodes) {
		this.nodes = nodes;
		this.order = new ArrayList<>();
		for (int i = 0; i < nodes.guards().size(); i++) {
			this.order.add(i);
		}
		this.order.sort(Comparator.comparing((Integer index) -> nodes.guards().get(index).name()).reversed());
	}

	/**
	 * The same for any order of the resources.
	 */
	static List<String> key(List<String> resources) {
		return (resources.size() == 1) ? resources : resources.stream().sorted().toList();
	}

	/**
	 * Queue behind others.
	 * @return {@code false} if nobody waits
	 */
	boolean joinOthers(Acquisition acquisition) {
		return !this.queues.isEmpty() && this.queues.containsKey(acquisition.queueKey())
				&& this.queues.computeIfPresent(acquisition.queueKey(), (key, queue) -> queue.add(acquisition)) != null;
	}

	/**
	 * Queue, behind others if there are any.
	 */
	void join(Acquisition acquisition) {
		this.queues.compute(acquisition.queueKey(),
				(key, queue) -> ((queue != null) ? queue : new LocalQueue()).add(acquisition));
		listen(acquisition);
	}

	/**
	 * Hear of releases: from the node that is asked first, which may be another one than
	 * before.
	 */
	void listen(Acquisition acquisition) {
		while (!watch(acquisition.queueKey()).listenOn()) {
			// It has just ended.
		}
	}

	/**
	 * Wait no more.
	 * @return who is the first now instead; {@code null} if nobody is, or nothing changes
	 */
	@Nullable Acquisition leave(Acquisition acquisition) {
		AtomicReference<@Nullable Acquisition> first = new AtomicReference<>();
		this.queues.computeIfPresent(acquisition.queueKey(), (key, queue) -> {
			first.set(queue.remove(acquisition));
			return (queue.head != null) ? queue : null;
		});
		Watch watch = this.watches.get(acquisition.queueKey());
		if (watch != null && first.get() == null && !this.queues.containsKey(acquisition.queueKey())) {
			watch.left();
		}
		return first.get();
	}

	private Watch watch(List<String> key) {
		Watch watch = this.watches.get(key);
		if (watch == null) {
			Watch created = new Watch(key);
			watch = this.watches.putIfAbsent(key, created);
			if (watch == null) {
				watch = created;
				if (this.closed) {
					created.end();
				}
			}
		}
		return watch;
	}

	/**
	 * How often releases were heard of so far.
	 */
	int notices(Acquisition acquisition) {
		Watch watch = watchIfAny(acquisition.queueKey());
		return (watch != null) ? watch.notices.get() : 0;
	}

	private @Nullable Watch watchIfAny(List<String> key) {
		return this.watches.isEmpty() ? null : this.watches.get(key);
	}

	/**
	 * How many others listened when the lock was released here for the last time.
	 */
	int listeners(List<String> resources) {
		Watch watch = watchIfAny(key(resources));
		return (watch != null) ? watch.others : 0;
	}

	/**
	 * The lock was released here.
	 * @param listeners how many others were told of it
	 */
	void released(List<String> resources, int listeners) {
		Watch watch = watchIfAny(key(resources));
		if (watch != null) {
			watch.others = listeners;
		}
	}

	/**
	 * Others wait for what was released here: they get their chance before anybody of
	 * this process tries.
	 */
	void yieldToOthers(List<String> resources, long nanos) {
		List<String> key = key(resources);
		Long until = this.nodes.time().nanoTime() + nanos;
		this.yields.put(key, until);
		this.nodes.time().schedule(nanos, () -> this.yields.remove(key, until));
	}

	/**
	 * How much longer to leave it to others.
	 */
	long yieldNanos(Acquisition acquisition) {
		Long until = this.yields.isEmpty() ? null : this.yields.get(acquisition.queueKey());
		return (until != null) ? until - this.nodes.time().nanoTime() : 0;
	}

	/**
	 * Whom to ask first where many compete: for everybody the same node, as long as it
	 * answers, so that they do not split the votes.
	 */
	int firstToAsk() {
		for (int index : this.order) {
			if (!this.nodes.guards().get(index).isFailing()) {
				return index;
			}
		}
		return this.order.get(0);
	}

	/**
	 * Listen to nothing any more.
	 */
	void close() {
		this.closed = true;
		this.watches.values().forEach(Watch::end);
	}

	/**
	 * Who is the first of those who wait.
	 * @return {@code null} if nobody waits
	 */
	@Nullable Acquisition first(List<String> resources) {
		LocalQueue queue = this.queues.isEmpty() ? null : this.queues.get(key(resources));
		return (queue != null) ? queue.head : null;
	}

	/**
	 * Whether nobody is in front.
	 */
	boolean isFirst(Acquisition acquisition) {
		LocalQueue queue = this.queues.get(acquisition.queueKey());
		return queue == null || acquisition.equals(queue.head);
	}

	/**
	 * Listens to the releases that one queue waits for, and for a while after.
	 */
	private final class Watch {

		private final List<String> key;

		/** By node. */
		private final Map<Integer, List<Cancellable>> subscriptions = new HashMap<>();

		private @Nullable Cancellable timer;

		private final AtomicInteger notices = new AtomicInteger();

		private volatile int others;

		private long lastUsed;

		private boolean ended;

		private Watch(List<String> key) {
			this.key = key;
		}

		/**
		 * Listen to the node that is asked first: where it is down, to the next one.
		 */
		private void listen() {
			int index = firstToAsk();
			if (!this.subscriptions.containsKey(index)) {
				List<Cancellable> subscriptions = new ArrayList<>();
				this.subscriptions.put(index, subscriptions);
				for (String resource : this.key) {
					subscriptions
						.add(LocalQueues.this.nodes.guards().get(index).onRelease(resource, () -> hear(index)));
				}
			}
		}

		private void hear(int index) {
			synchronized (this) {
				if (this.ended || (index != firstToAsk() && this.subscriptions.containsKey(firstToAsk()))) {
					return;
				}
				this.notices.incrementAndGet();
			}
			Acquisition first = first(this.key);
			if (first != null) {
				first.hear();
			}
		}

		/**
		 * Somebody waits.
		 * @return {@code false} if it is too late for that
		 */
		private synchronized boolean listenOn() {
			if (this.ended) {
				return LocalQueues.this.closed;
			}
			listen();
			return true;
		}

		/**
		 * Perhaps nobody waits any more. Somebody may again soon.
		 */
		private synchronized void left() {
			this.lastUsed = LocalQueues.this.nodes.time().nanoTime();
			if (this.timer == null && !this.ended) {
				this.timer = LocalQueues.this.nodes.time().schedule(LINGER_NANOS, this::look);
			}
		}

		private synchronized void look() {
			this.timer = null;
			if (this.ended || LocalQueues.this.queues.containsKey(this.key)) {
				return;
			}
			long left = this.lastUsed + LINGER_NANOS - LocalQueues.this.nodes.time().nanoTime();
			if (left <= 0) {
				end();
			}
			else {
				this.timer = LocalQueues.this.nodes.time().schedule(left, this::look);
			}
		}

		private synchronized void end() {
			this.ended = true;
			LocalQueues.this.watches.remove(this.key, this);
			if (this.timer != null) {
				this.timer.cancel();
			}
			this.subscriptions.values().forEach((all) -> all.forEach(Cancellable::cancel));
		}

	}

	/**
	 * One queue. Changed by one thread at a time, looked at by any.
	 */
	private static final class LocalQueue {

		private final Deque<Acquisition> waiting = new ArrayDeque<>();

		private volatile @Nullable Acquisition head;

		private LocalQueue add(Acquisition acquisition) {
			this.waiting.add(acquisition);
			this.head = this.waiting.peek();
			return this;
		}

		private @Nullable Acquisition remove(Acquisition acquisition) {
			boolean first = acquisition.equals(this.head);
			this.waiting.remove(acquisition);
			this.head = this.waiting.peek();
			return first ? this.head : null;
		}

	}

}
