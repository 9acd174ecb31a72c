package io.github.redlock.aop;

import java.util.Optional;

import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

import io.github.redlock.LockHandle;
import io.github.redlock.annotation.LockLossPolicy;

/**
 * Releases a lock when a transaction ends that was begun outside its method. Before that,
 * the next holder could read what is not committed yet. If the lock is lost before the
 * commit, there is no commit.
 */
final class TransactionRelease implements TransactionSynchronization {

	private final HeldLock held;

	private final LockLossPolicy onLost;

	private volatile boolean ended;

	private TransactionRelease(HeldLock held, LockLossPolicy onLost) {
		this.held = held;
		this.onLost = onLost;
	}

	/**
	 * Whether the current thread is inside a transaction; asked when the method, and a
	 * transaction of its own, are over.
	 */
	static boolean isWanted(LockedCall call) {
		return call.attributes().releaseAfterTransaction()
				&& TransactionSynchronizationManager.isActualTransactionActive()
				&& TransactionSynchronizationManager.isSynchronizationActive();
	}

	/**
	 * Keep the lock until the transaction ends. Nested calls on this thread join it.
	 */
	static void register(LockHandle lock, LockedCall call) {
		TransactionRelease release = new TransactionRelease(new HeldLock(call.redlock(), lock),
				call.attributes().reactions().onLost());
		TransactionSynchronizationManager.registerSynchronization(release);
		CurrentLock.keep(release);
	}

	/**
	 * The lock, unless it has been released.
	 */
	Optional<HeldLock> lockIfHeld() {
		return this.ended ? Optional.empty() : Optional.of(this.held);
	}

	@Override
	public void beforeCommit(boolean readOnly) {
		if (this.onLost != LockLossPolicy.LOG) {
			this.held.lock().signal().throwIfAborted();
		}
	}

	@Override
	public void afterCompletion(int status) {
		this.ended = true;
		CurrentLock.forgetReleased();
		// What goes wrong here is logged and published; the transaction is over.
		LockedCall.release(this.held.lock());
	}

}
