package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.RedlockListener;

/**
 * Tells the listeners of one lock what happens, each through a {@link ListenerQueue} of
 * its own, away from the threads that keep locks alive. An event that no listener does
 * anything with is not queued at all.
 * <p>
 * Thread-safe. May be called in the monitor of a lock.
 */
final class EventDispatcher {

	/** Those who do something with an event of that kind. */
	private final Map<EventKind, List<ListenerQueue>> heardBy = new EnumMap<>(EventKind.class);

	private final Observers observers;

	EventDispatcher(List<RedlockListener> listeners, Executor executor) {
		this(listeners, executor, new Observers(List.of()));
	}

	EventDispatcher(List<RedlockListener> listeners, Executor executor, Observers observers) {
		this.observers = observers;
		for (RedlockListener listener : listeners) {
			ListenerQueue queue = new ListenerQueue(listener, executor);
			EventKind.heardBy(listener)
				.forEach((kind) -> this.heardBy.computeIfAbsent(kind, (first) -> new ArrayList<>()).add(queue));
		}
		this.heardBy.replaceAll((kind, queues) -> List.copyOf(queues));
	}

	/**
	 * Those who are told at once.
	 */
	Observers observers() {
		return this.observers;
	}

	void acquired(LockHandle lock) {
		fire(EventKind.ACQUIRED, (listener) -> listener.acquired(lock));
	}

	/**
	 * An acquisition failed.
	 * @param error makes the exception, where a listener wants it
	 */
	void acquireFailed(List<String> resources, Supplier<LockNotAcquiredException> error) {
		fire(EventKind.ACQUIRE_FAILED, (listener) -> listener.acquireFailed(resources, error.get()));
	}

	void extended(LockHandle lock, Duration remaining) {
		fire(EventKind.EXTENDED, (listener) -> listener.extended(lock, remaining));
	}

	void lost(LockHandle lock, LockLostException error) {
		fire(EventKind.LOST, (listener) -> listener.lost(lock, error));
	}

	void released(LockHandle lock, boolean wasValid) {
		fire(EventKind.RELEASED, (listener) -> listener.released(lock, wasValid));
	}

	void releaseFailed(LockHandle lock, LockReleaseException error) {
		fire(EventKind.RELEASE_FAILED, (listener) -> listener.releaseFailed(lock, error));
	}

	void nodeError(String node, Throwable error) {
		fire(EventKind.NODE_ERROR, (listener) -> listener.nodeError(node, error));
	}

	void nodeDown(String node, Throwable error) {
		fire(EventKind.NODE_DOWN, (listener) -> listener.nodeDown(node, error));
	}

	void nodeUp(String node) {
		fire(EventKind.NODE_UP, (listener) -> listener.nodeUp(node));
	}

	void quorumLost(int voting, int quorum) {
		fire(EventKind.QUORUM_LOST, (listener) -> listener.quorumLost(voting, quorum));
	}

	void quorumRegained(int voting, int quorum) {
		fire(EventKind.QUORUM_REGAINED, (listener) -> listener.quorumRegained(voting, quorum));
	}

	private void fire(EventKind kind, Consumer<RedlockListener> event) {
		List<ListenerQueue> queues = this.heardBy.getOrDefault(kind, List.of());
		for (int i = 0; i < queues.size(); i++) {
			queues.get(i).add(kind.importance(), event);
		}
	}

}
