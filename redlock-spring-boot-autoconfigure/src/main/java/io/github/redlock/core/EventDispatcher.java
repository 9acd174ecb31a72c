package io.github.redlock.core;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.RedlockListener;

/**
 * Delivers events to the listeners one after the other, in order, away from the threads
 * that keep locks alive: a listener that blocks must not cost somebody a lock.
 */
final class EventDispatcher {

	private static final Logger logger = LoggerFactory.getLogger(EventDispatcher.class);

	private final List<RedlockListener> listeners;

	private final Executor executor;

	private final Queue<Consumer<RedlockListener>> queue = new ConcurrentLinkedQueue<>();

	private final AtomicInteger waiting = new AtomicInteger();

	EventDispatcher(List<RedlockListener> listeners, Executor executor) {
		this.listeners = List.copyOf(listeners);
		this.executor = executor;
	}

	void fire(Consumer<RedlockListener> event) {
		if (this.listeners.isEmpty()) {
			return;
		}
		this.queue.add(event);
		if (this.waiting.getAndIncrement() == 0) {
			this.executor.execute(this::drain);
		}
	}

	private void drain() {
		do {
			Consumer<RedlockListener> event = this.queue.poll();
			if (event != null) {
				this.listeners.forEach((listener) -> deliver(event, listener));
			}
		}
		while (this.waiting.decrementAndGet() > 0);
	}

	private static void deliver(Consumer<RedlockListener> event, RedlockListener listener) {
		try {
			event.accept(listener);
		}
		catch (RuntimeException | Error ex) {
			// An Error too: it must not silence the listener, or the others, for good.
			logger.warn("Listener {} failed; the event is lost for it, the lock is not affected",
					listener.getClass().getName(), ex);
		}
	}

}
