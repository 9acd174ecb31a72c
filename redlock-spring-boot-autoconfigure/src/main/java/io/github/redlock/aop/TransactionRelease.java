package io.github.redlock.aop;

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

	private final LockHandle lock;

	private final KeptLock kept;

	private final LockLossPolicy onLost;

	private TransactionRelease(LockHandle lock, KeptLock kept, LockLossPolicy onLost) {
		this.lock = lock;
		this.kept = kept;
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
		KeptLock kept = new KeptLock(new HeldLock(call.redlock(), lock));
		TransactionSynchronizationManager
			.registerSynchronization(new TransactionRelease(lock, kept, call.attributes().reactions().onLost()));
		CurrentLock.keep(kept);
	}

	@Override
	public void beforeCommit(boolean readOnly) {
		if (this.onLost != LockLossPolicy.LOG) {
			this.lock.signal().throwIfAborted();
		}
	}

	@Override
	public void afterCompletion(int status) {
		this.kept.released();
		CurrentLock.forgetReleased();
		// What goes wrong here is logged and published; the transaction is over.
		LockedCall.release(this.lock);
	}

}
