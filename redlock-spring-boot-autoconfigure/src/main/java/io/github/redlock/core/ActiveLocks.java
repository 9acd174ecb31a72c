package io.github.redlock.core;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.redlock.LockNotAcquiredException.Reason;

/**
 * Who waits and what is held, so that closing leaves nobody hanging.
 */
final class ActiveLocks {

	private final Set<Acquisition> waiting = ConcurrentHashMap.newKeySet();

	private final Set<DefaultLockHandle> held = ConcurrentHashMap.newKeySet();

	private final List<CompletableFuture<Void>> idle = new CopyOnWriteArrayList<>();

	private volatile boolean closed;

	void began(Acquisition acquisition) {
		this.waiting.add(acquisition);
		if (this.closed) {
			close();
		}
	}

	void ended(Acquisition acquisition) {
		this.waiting.remove(acquisition);
		checkIdle();
	}

	void began(DefaultLockHandle lock) {
		this.held.add(lock);
		if (this.closed) {
			close();
		}
	}

	void ended(DefaultLockHandle lock) {
		this.held.remove(lock);
		checkIdle();
	}

	private void checkIdle() {
		if (!this.idle.isEmpty() && this.waiting.isEmpty() && this.held.isEmpty()) {
			this.idle.forEach((future) -> future.complete(null));
			this.idle.clear();
		}
	}

	/**
	 * Completes when nobody waits and nothing is held.
	 */
	CompletableFuture<Void> whenIdle() {
		CompletableFuture<Void> future = new CompletableFuture<>();
		this.idle.add(future);
		checkIdle();
		return future;
	}

	/**
	 * End everything that waits, and give up everything that is held.
	 */
	void close() {
		this.closed = true;
		this.waiting.forEach((acquisition) -> acquisition.abort(Reason.CLOSED, "the Redlock is closed"));
		this.held.forEach(DefaultLockHandle::abandon);
	}

}
