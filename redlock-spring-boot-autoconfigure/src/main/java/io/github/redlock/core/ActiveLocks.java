package io.github.redlock.core;

import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException.Reason;

/**
 * The acquisitions that wait and the locks that are held, so that closing leaves no
 * caller hanging.
 * <p>
 * What begins after the closing ends only itself: to end others from inside its own
 * monitor would be a deadlock with those that do the same. Adding first and then looking
 * at the flag, against setting the flag first and then looking at the sets, misses none.
 */
final class ActiveLocks {

	private static final Logger logger = LoggerFactory.getLogger(ActiveLocks.class);

	private final Set<Acquisition> waiting = ConcurrentHashMap.newKeySet();

	private final Set<DefaultLockHandle> held = ConcurrentHashMap.newKeySet();

	private final Queue<CompletableFuture<Void>> idle = new ConcurrentLinkedQueue<>();

	private final Executor executor;

	private volatile boolean closed;

	ActiveLocks(Executor executor) {
		this.executor = executor;
	}

	void began(Acquisition acquisition) {
		this.waiting.add(acquisition);
		if (this.closed) {
			end(acquisition);
		}
	}

	void ended(Acquisition acquisition) {
		this.waiting.remove(acquisition);
		checkIdle();
	}

	void began(DefaultLockHandle lock) {
		this.held.add(lock);
		if (this.closed) {
			lock.abandon();
		}
	}

	void ended(DefaultLockHandle lock) {
		this.held.remove(lock);
		checkIdle();
	}

	private void checkIdle() {
		if (!this.idle.isEmpty() && this.waiting.isEmpty() && this.held.isEmpty()) {
			// One by one: another may be added meanwhile.
			CompletableFuture<Void> next = this.idle.poll();
			while (next != null && complete(next)) {
				next = this.idle.poll();
			}
		}
	}

	/**
	 * Complete it, but not here: the caller may be inside the monitor of a lock.
	 * @return {@code false} if that failed; the next check tries again
	 */
	private boolean complete(CompletableFuture<Void> future) {
		try {
			this.executor.execute(() -> future.complete(null));
			return true;
		}
		catch (Throwable ex) {
			this.idle.add(future);
			logger.warn("Who waits until no lock is in use is told later than it is true", ex);
			return false;
		}
	}

	/**
	 * What is held at this moment.
	 */
	List<LockHandle> held() {
		return List.copyOf(this.held);
	}

	/**
	 * Completes when no acquisition waits and no lock is held.
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
		this.waiting.forEach(ActiveLocks::end);
		this.held.forEach(DefaultLockHandle::abandon);
	}

	private static void end(Acquisition acquisition) {
		acquisition.abort(Reason.CLOSED, "the Redlock is closed");
	}

}
