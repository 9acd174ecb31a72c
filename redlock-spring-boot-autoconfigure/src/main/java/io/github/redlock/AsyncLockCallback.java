package io.github.redlock;

import java.util.concurrent.CompletionStage;

/**
 * An asynchronous routine that runs while a lock is held.
 *
 * @param <T> what it completes with
 * @since 0.1.0
 */
@FunctionalInterface
public interface AsyncLockCallback<T> {

	/**
	 * Start. The lock is released when the returned stage completes, or when this throws.
	 * @param lock the lock that is held
	 * @param signal set when the lock is lost while the routine runs
	 * @return the routine's end
	 * @throws Exception whatever the routine throws; it completes the caller's future
	 */
	CompletionStage<T> call(LockHandle lock, AbortSignal signal) throws Exception;

}
