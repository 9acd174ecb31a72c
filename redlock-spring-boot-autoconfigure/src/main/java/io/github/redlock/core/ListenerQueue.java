package io.github.redlock.core;

import java.util.EnumMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.RedlockListener;
import io.github.redlock.core.EventKind.Importance;

/**
 * The events that wait for one listener. They are delivered in order, one after the
 * other, on the executor: a listener that blocks must delay neither a lock nor another
 * listener.
 * <p>
 * At most {@value #CAPACITY} events wait. Where one more comes, the oldest of the least
 * important ones is dropped, which may be the new one. The log says when dropping begins,
 * and how many were dropped once the listener has caught up.
 * <p>
 * Thread-safe. May be called in the monitor of a lock; calls the listener and the
 * executor outside of its own.
 */
final class ListenerQueue {

	/**
	 * An event keeps its lock in memory, which takes about 600 bytes.
	 */
	static final int CAPACITY = 10_000;

	private static final Logger logger = LoggerFactory.getLogger(ListenerQueue.class);

	private final RedlockListener listener;

	private final Executor executor;

	/**
	 * The least important first. An error in the middle of adding to such a queue leaves
	 * it as it was.
	 */
	private final Map<Importance, Queue<Event>> queues = new EnumMap<>(Importance.class);

	private int size;

	/** The number of the next event. */
	private long number;

	/** Events dropped since the queue was empty for the last time. */
	private long dropped;

	/** Takes events out, now or soon; {@code null} if nobody does. */
	private @Nullable Delivery delivery;

	ListenerQueue(RedlockListener listener, Executor executor) {
		this.listener = listener;
		this.executor = executor;
	}

	/**
	 * Deliver an event, behind those that wait.
	 */
	void add(Importance importance, Consumer<RedlockListener> action) {
		Delivery started = null;
		boolean beginsToDrop;
		synchronized (this) {
			beginsToDrop = enqueue(importance, action);
			if (this.delivery == null) {
				started = new Delivery();
				this.delivery = started;
			}
		}
		if (started != null) {
			try {
				this.executor.execute(started);
			}
			catch (Throwable ex) {
				// The next event tries again.
				synchronized (this) {
					if (started.equals(this.delivery) && !started.begun) {
						this.delivery = null;
					}
				}
				logger.warn("Events for listener {} wait until the next one comes: there is no thread for them", name(),
						ex);
			}
		}
		if (beginsToDrop) {
			logger.warn(
					"Listener {} does not keep up: {} events wait for it, and more are dropped, the least important"
							+ " first. No lock is affected. Let it hand over what takes long to threads of its own.",
					name(), CAPACITY);
		}
	}

	/**
	 * Put an event into the queue, or drop one.
	 * @return whether it is the first one that is dropped
	 */
	private boolean enqueue(Importance importance, Consumer<RedlockListener> action) {
		boolean full = this.size >= CAPACITY;
		if (!full || dropOneUpTo(importance)) {
			this.queues.computeIfAbsent(importance, (first) -> new ConcurrentLinkedQueue<>())
				.add(new Event(this.number, action));
			this.number++;
			this.size++;
		}
		if (!full) {
			return false;
		}
		this.dropped++;
		return this.dropped == 1;
	}

	/**
	 * Drop the oldest of the least important events.
	 * @return {@code false} if all are more important than this
	 */
	private boolean dropOneUpTo(Importance importance) {
		for (Map.Entry<Importance, Queue<Event>> entry : this.queues.entrySet()) {
			if (entry.getKey().compareTo(importance) > 0) {
				return false;
			}
			if (entry.getValue().poll() != null) {
				this.size--;
				return true;
			}
		}
		return false;
	}

	/**
	 * Take the oldest event out.
	 * @return {@code null} if there is none, or another delivery takes them
	 */
	private @Nullable Event next(Delivery delivery) {
		long missed;
		synchronized (this) {
			if (!delivery.equals(this.delivery)) {
				return null;
			}
			delivery.begun = true;
			Event next = poll();
			if (next != null) {
				return next;
			}
			this.delivery = null;
			missed = this.dropped;
			this.dropped = 0;
		}
		if (missed > 0) {
			logger.info("Listener {} has caught up; {} events were dropped for it", name(), missed);
		}
		return null;
	}

	private @Nullable Event poll() {
		Queue<Event> oldest = null;
		long number = this.number;
		for (Queue<Event> queue : this.queues.values()) {
			Event first = queue.peek();
			if (first != null && first.number < number) {
				oldest = queue;
				number = first.number;
			}
		}
		if (oldest == null) {
			return null;
		}
		this.size--;
		return oldest.poll();
	}

	private void deliver(Event event) {
		try {
			event.action.accept(this.listener);
		}
		catch (Throwable ex) {
			// An Error too: it must not silence the listener for good.
			logger.warn("Listener {} failed; the event is lost for it, the lock is not affected", name(), ex);
		}
	}

	private String name() {
		return this.listener.getClass().getName();
	}

	/**
	 * Something for the listener to hear.
	 *
	 * @param number counted in the order of events
	 * @param action calls the listener
	 */
	private record Event(long number, Consumer<RedlockListener> action) {
	}

	/**
	 * Delivers events until there are none. One that an executor has refused, and that
	 * runs nevertheless after another was started, does nothing.
	 */
	private final class Delivery implements Runnable {

		/** Used in the monitor of the queue. */
		private boolean begun;

		@Override
		public void run() {
			boolean over = false;
			try {
				for (Event event = next(this); event != null; event = next(this)) {
					deliver(event);
				}
				over = true;
			}
			finally {
				if (!over) {
					end();
				}
			}
		}

		/**
		 * Not even the failure of the listener could be logged. The next event goes on.
		 */
		private void end() {
			synchronized (ListenerQueue.this) {
				if (this.equals(ListenerQueue.this.delivery)) {
					ListenerQueue.this.delivery = null;
				}
			}
		}

	}

}
