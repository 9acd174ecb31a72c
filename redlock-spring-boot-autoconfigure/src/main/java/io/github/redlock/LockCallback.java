package io.github.redlock;

import org.jspecify.annotations.Nullable;

/**
 * A routine that runs while a lock is held.
 *
 * @param <T> what it returns
 * @param <X> what it may throw
 * @since 0.1.0
 */
@FunctionalInterface
public interface LockCallback<T extends @Nullable Object, X extends Throwable> {

	/**
	 * Run. The lock is released when this returns or throws.
	 * @param lock the lock that is held
	 * @param signal set when the lock is lost while the routine runs
	 * @return the result
	 * @throws X whatever the routine throws; it reaches the caller unchanged
	 */
	T call(LockHandle lock, AbortSignal signal) throws X;

}
