package io.github.redlock.core;

import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.RedlockStatus.LockStatus;
import io.github.redlock.RedlockStatus.WaiterStatus;

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

	private final Watch idle = new Watch(() -> this.waiting.isEmpty() && this.held.isEmpty());

	private final Watch released = new Watch(this.held::isEmpty);

	private final Executor executor;

	private final boolean releaseOnClose;

	private volatile boolean closed;

	/**
	 * Begin with nothing.
	 * @param executor tells who waits for the end
	 * @param releaseOnClose whether nodes are told of locks that are still held then
	 */
	ActiveLocks(Executor executor, boolean releaseOnClose) {
		this.executor = executor;
		this.releaseOnClose = releaseOnClose;
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
			lock.abandon(this.releaseOnClose);
		}
	}

	void ended(DefaultLockHandle lock) {
		this.held.remove(lock);
		checkIdle();
	}

	private void checkIdle() {
		this.idle.check();
		this.released.check();
	}

	/**
	 * What is held at this moment.
	 */
	List<LockHandle> held() {
		return List.copyOf(this.held);
	}

	int countHeld() {
		return this.held.size();
	}

	int countWaiting() {
		return this.waiting.size();
	}

	List<LockStatus> locks() {
		return this.held.stream().map(DefaultLockHandle::status).toList();
	}

	List<WaiterStatus> waiters() {
		return this.waiting.stream().map(Acquisition::status).toList();
	}

	/**
	 * Completes when no acquisition waits and no lock is held.
	 */
	CompletableFuture<Void> whenIdle() {
		return this.idle.add();
	}

	/**
	 * Completes when no lock is held.
	 */
	CompletableFuture<Void> whenReleased() {
		return this.released.add();
	}

	/**
	 * End everything that waits, and give up everything that is held.
	 */
	void close() {
		this.closed = true;
		this.waiting.forEach(ActiveLocks::end);
		this.held.forEach((lock) -> lock.abandon(this.releaseOnClose));
	}

	private static void end(Acquisition acquisition) {
		acquisition.abort(Reason.CLOSED, "the Redlock is closed");
	}

	/**
	 * Those who want to be told of one thing.
	 */
	private final class Watch {

		private final BooleanSupplier isOver;

		private final Queue<CompletableFuture<Void>> futures = new ConcurrentLinkedQueue<>();

		private Watch(BooleanSupplier isOver) {
			this.isOver = isOver;
		}

		private CompletableFuture<Void> add() {
			CompletableFuture<Void> future = new CompletableFuture<>();
			this.futures.add(future);
			check();
			return future;
		}

		private void check() {
			if (!this.futures.isEmpty() && this.isOver.getAsBoolean()) {
				// One by one: another may be added meanwhile.
				CompletableFuture<Void> next = this.futures.poll();
				while (next != null && complete(next)) {
					next = this.futures.poll();
				}
			}
		}

		/**
		 * Complete it, but not here: the caller may be inside the monitor of a lock.
		 * @return {@code false} if that failed; the next check tries again
		 */
		private boolean complete(CompletableFuture<Void> future) {
			try {
				ActiveLocks.this.executor.execute(() -> future.complete(null));
				return true;
			}
			catch (Throwable ex) {
				this.futures.add(future);
				logger.warn("Who waits until no lock is in use is told later than it is true", ex);
				return false;
			}
		}

	}

}
