package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.TimeSource.Cancellable;

/**
 * Sees to it that extensions that fall due together travel together: one request for many
 * locks, instead of a round of requests for each.
 * <p>
 * Locks of one ttl share a slot of time, a tenth of the part of the ttl that passes
 * before auto-extension. When the first of a slot is due, all of it is extended; from
 * then on they stay together. A lock that is alone is extended exactly when it is due.
 * Many locks of one slot are spread over at most a third of the time that is left until
 * the first of them would be lost, so that other requests are answered in between.
 * <p>
 * Thread-safe. May be called in the monitor of a lock; calls locks outside of its own.
 */
final class KeepAlive {

	/**
	 * How many locks share a request. A node does nothing else meanwhile: a hundred take
	 * it less than a millisecond.
	 */
	static final int MAX_TOGETHER = 100;

	private static final int SLOTS_PER_PERIOD = 10;

	private static final int SPREADS_PER_TIME_LEFT = 3;

	/** Between requests for locks of one slot, as long as these are few. */
	private static final long MAX_INTERVAL_NANOS = Duration.ofMillis(10).toNanos();

	/**
	 * A request takes less: its timeout, and perhaps another one until answers are read.
	 */
	private static final int TIMEOUTS_PER_REQUEST = 3;

	private static final Logger logger = LoggerFactory.getLogger(KeepAlive.class);

	private final NodeGroup nodes;

	private final long limitNanos;

	private final double extendAfter;

	/** Whether one request for many locks is one request for each node. */
	private final boolean together;

	@GuardedBy("this")
	private final Map<Key, Slot> slots = new HashMap<>();

	/**
	 * Start with no locks.
	 * @param commandTimeout after which a node that has not answered counts as failed
	 * @param extendAfter the share of the ttl after which auto-extension begins
	 */
	KeepAlive(NodeGroup nodes, Duration commandTimeout, double extendAfter) {
		this.nodes = nodes;
		this.extendAfter = extendAfter;
		this.limitNanos = TIMEOUTS_PER_REQUEST * Nanos.of(commandTimeout);
		this.together = nodes.guards().stream().allMatch(NodeGuard::extendsTogether);
	}

	/**
	 * When to extend a lock.
	 * @param start when the round began that a quorum granted
	 * @param deadline when the lock stops being valid
	 */
	long extendAt(long start, Duration ttl, long deadline) {
		long extendAt = start + (long) (ttl.toNanos() * this.extendAfter);
		if (extendAt - deadline >= 0) {
			// Only with a drift factor so large that it swallows what the share leaves.
			return start + (long) ((deadline - start) * this.extendAfter);
		}
		return extendAt;
	}

	/**
	 * Extend a lock at a time, or a little earlier.
	 * @param extendAt when, by the monotonic clock
	 * @param periodNanos how long after the last extension that is
	 */
	Cancellable schedule(ExtensionBatch.Member lock, long extendAt, long periodNanos) {
		if (!this.together) {
			return this.nodes.time().schedule(extendAt - this.nodes.time().nanoTime(), lock::timerFired);
		}
		long width = Math.max(periodNanos / SLOTS_PER_PERIOD, 1);
		Key key = new Key(lock.request().ttl().toNanos(), width, Math.floorDiv(extendAt, width));
		synchronized (this) {
			Slot slot = this.slots.get(key);
			if (slot == null) {
				slot = new Slot(key);
			}
			Entry entry = add(slot, lock, extendAt);
			this.slots.putIfAbsent(key, slot);
			return entry;
		}
	}

	@GuardedBy("this")
	private Entry add(Slot slot, ExtensionBatch.Member lock, long extendAt) {
		if (slot.timer == null || extendAt - slot.due < 0) {
			// Before the other one is cancelled: other locks rely on that.
			Cancellable timer = this.nodes.time().schedule(extendAt - this.nodes.time().nanoTime(), () -> fire(slot));
			if (slot.timer != null) {
				slot.timer.cancel();
			}
			slot.timer = timer;
			slot.due = extendAt;
		}
		// After the timer: where that cannot be set, the lock is in no slot.
		Entry entry = new Entry(slot, lock, slot.entries.size());
		slot.entries.add(entry);
		return entry;
	}

	private synchronized void remove(Entry entry) {
		Slot slot = entry.slot;
		if (this.slots.get(slot.key) != slot || slot.entries.get(entry.index) != entry) {
			return;
		}
		Entry last = slot.entries.remove(slot.entries.size() - 1);
		if (last != entry) {
			slot.entries.set(entry.index, last);
			last.index = entry.index;
		}
		if (slot.entries.isEmpty()) {
			this.slots.remove(slot.key);
			if (slot.timer != null) {
				slot.timer.cancel();
			}
		}
	}

	private void fire(Slot slot) {
		List<ExtensionBatch.Member> due = new ArrayList<>();
		synchronized (this) {
			if (this.slots.remove(slot.key, slot)) {
				slot.entries.forEach((entry) -> due.add(entry.lock));
			}
		}
		if (due.size() == 1) {
			due.get(0).timerFired();
			return;
		}
		int requests = (due.size() + MAX_TOGETHER - 1) / MAX_TOGETHER;
		long interval = Math.min(spreadNanos(slot.key.width) / Math.max(requests, 1), MAX_INTERVAL_NANOS);
		for (int i = 0; i < requests; i++) {
			int first = i * MAX_TOGETHER;
			extend(due.subList(first, Math.min(first + MAX_TOGETHER, due.size())), slot.key.ttlNanos, i * interval);
		}
	}

	private long spreadNanos(long slotWidth) {
		double left = SLOTS_PER_PERIOD * slotWidth * (1 - this.extendAfter) / this.extendAfter;
		return (long) (left / SPREADS_PER_TIME_LEFT);
	}

	private void extend(List<ExtensionBatch.Member> locks, long ttlNanos, long delayNanos) {
		try {
			if (delayNanos > 0) {
				this.nodes.time().schedule(delayNanos, () -> extend(locks, ttlNanos, 0));
			}
			else {
				new ExtensionBatch(this.nodes, ttlNanos, this.limitNanos).send(locks);
			}
		}
		catch (RuntimeException | Error ex) {
			logger.error("Extending {} locks together failed; they are watched one by one", locks.size(), ex);
			locks.forEach(ExtensionBatch.Member::timerFired);
		}
	}

	/**
	 * Locks that are extended together.
	 *
	 * @param ttlNanos their ttl
	 * @param width how long a slot lasts
	 * @param number which one it is
	 */
	private record Key(long ttlNanos, long width, long number) {

		@Override
		public boolean equals(@Nullable Object other) {
			return other instanceof Key key && this.number == key.number && this.width == key.width
					&& this.ttlNanos == key.ttlNanos;
		}

		@Override
		public int hashCode() {
			return Long.hashCode(this.number) ^ Long.hashCode(this.width);
		}

	}

	/**
	 * One slot of time. Used in the monitor of the one that made it.
	 */
	private static final class Slot {

		private final Key key;

		private final List<Entry> entries = new ArrayList<>();

		private @Nullable Cancellable timer;

		private long due;

		private Slot(Key key) {
			this.key = key;
		}

	}

	/**
	 * One lock in its slot.
	 */
	private final class Entry implements Cancellable {

		private final Slot slot;

		private final ExtensionBatch.Member lock;

		private int index;

		private Entry(Slot slot, ExtensionBatch.Member lock, int index) {
			this.slot = slot;
			this.lock = lock;
			this.index = index;
		}

		@Override
		public void cancel() {
			remove(this);
		}

	}

}
