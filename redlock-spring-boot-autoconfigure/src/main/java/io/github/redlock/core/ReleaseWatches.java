package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.TimeSource.Cancellable;

/**
 * Listens to the releases that waiters of this process wait for, and for a while after
 * the last of them: the deciding node tells of each release. A notice may be lost; the
 * first waiter asks from time to time anyway.
 * <p>
 * Thread-safe. Calls nobody in its monitors but nodes and the source of time.
 */
final class ReleaseWatches {

	/** How long to listen after the last waiter. */
	static final long LINGER_NANOS = Duration.ofSeconds(1).toNanos();

	private final NodeGroup nodes;

	private final DecidingNode decidingNode;

	private final Predicate<List<String>> isWaitedFor;

	private final Consumer<List<String>> onNotice;

	private final Map<List<String>, Watch> watches = new ConcurrentHashMap<>();

	private volatile boolean closed;

	/**
	 * Listen to nothing yet.
	 * @param isWaitedFor whether a queue has a waiter
	 * @param onNotice told of the queue that a notice is for
	 */
	ReleaseWatches(NodeGroup nodes, DecidingNode decidingNode, Predicate<List<String>> isWaitedFor,
			Consumer<List<String>> onNotice) {
		this.nodes = nodes;
		this.decidingNode = decidingNode;
		this.isWaitedFor = isWaitedFor;
		this.onNotice = onNotice;
	}

	/**
	 * Listen to the deciding node, which may be another one than before.
	 */
	void listen(List<String> key) {
		while (!watch(key).listenOn()) {
			// This watch has just ended; the next one is new.
		}
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
	 * Whether, as far as is known, the deciding node tells of the next release.
	 */
	boolean isTold(List<String> key) {
		NodeGuard decidingNode = this.nodes.guards().get(this.decidingNode.index());
		for (String resource : key) {
			if (!decidingNode.isTelling(resource)) {
				return false;
			}
		}
		return true;
	}

	/**
	 * How many notices there have been so far.
	 */
	int count(List<String> key) {
		Watch watch = watchIfAny(key);
		return (watch != null) ? watch.notices.get() : 0;
	}

	private @Nullable Watch watchIfAny(List<String> key) {
		return this.watches.isEmpty() ? null : this.watches.get(key);
	}

	/**
	 * How many other processes listened when the lock was released here for the last
	 * time.
	 */
	int remoteWaiters(List<String> key) {
		Watch watch = watchIfAny(key);
		return (watch != null) ? watch.remoteWaiters : 0;
	}

	/**
	 * The lock was released here, and so many other processes were told of it.
	 */
	void released(List<String> key, int remoteWaiters) {
		Watch watch = watchIfAny(key);
		if (watch != null) {
			watch.remoteWaiters = remoteWaiters;
		}
	}

	/**
	 * The last waiter has left. Another one may come soon.
	 */
	void nobodyWaits(List<String> key) {
		Watch watch = this.watches.get(key);
		if (watch != null) {
			watch.left();
		}
	}

	/**
	 * Listen to nothing any more.
	 */
	void close() {
		this.closed = true;
		this.watches.values().forEach(Watch::end);
	}

	/**
	 * Listens for one queue.
	 */
	private final class Watch {

		private final List<String> key;

		private final AtomicInteger notices = new AtomicInteger();

		private volatile int remoteWaiters;

		/** By node. */
		@GuardedBy("this")
		private final Map<Integer, List<Cancellable>> subscriptions = new HashMap<>();

		@GuardedBy("this")
		private @Nullable Cancellable timer;

		@GuardedBy("this")
		private long lastUsed;

		@GuardedBy("this")
		private boolean ended;

		private Watch(List<String> key) {
			this.key = key;
		}

		/**
		 * A waiter has come, or goes on waiting.
		 * @return {@code false} if this watch has ended
		 */
		private synchronized boolean listenOn() {
			if (this.ended) {
				return ReleaseWatches.this.closed;
			}
			int index = ReleaseWatches.this.decidingNode.index();
			if (!this.subscriptions.containsKey(index)) {
				List<Cancellable> subscriptions = new ArrayList<>();
				this.subscriptions.put(index, subscriptions);
				for (String resource : this.key) {
					subscriptions
						.add(ReleaseWatches.this.nodes.guards().get(index).onRelease(resource, () -> released(index)));
				}
			}
			return true;
		}

		/**
		 * A node tells of a release. Only the deciding node counts where it is listened
		 * to.
		 */
		private void released(int index) {
			synchronized (this) {
				int decidingNode = ReleaseWatches.this.decidingNode.index();
				if (this.ended || (index != decidingNode && this.subscriptions.containsKey(decidingNode))) {
					return;
				}
				this.notices.incrementAndGet();
			}
			ReleaseWatches.this.onNotice.accept(this.key);
		}

		private synchronized void left() {
			this.lastUsed = ReleaseWatches.this.nodes.time().nanoTime();
			if (this.timer == null && !this.ended) {
				this.timer = ReleaseWatches.this.nodes.time().scheduleForWaiter(LINGER_NANOS, this::endIfUnused);
			}
		}

		private synchronized void endIfUnused() {
			this.timer = null;
			if (this.ended || ReleaseWatches.this.isWaitedFor.test(this.key)) {
				return;
			}
			long left = this.lastUsed + LINGER_NANOS - ReleaseWatches.this.nodes.time().nanoTime();
			if (left <= 0) {
				end();
			}
			else {
				this.timer = ReleaseWatches.this.nodes.time().scheduleForWaiter(left, this::endIfUnused);
			}
		}

		private synchronized void end() {
			this.ended = true;
			ReleaseWatches.this.watches.remove(this.key, this);
			if (this.timer != null) {
				this.timer.cancel();
			}
			this.subscriptions.values().forEach((all) -> all.forEach(Cancellable::cancel));
		}

	}

}
