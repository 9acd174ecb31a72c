package io.github.redlock;

import java.util.Optional;

/**
 * Tells a routine running under a lock that the lock was lost. Thread-safe.
 *
 * @since 0.1.0
 */
public interface AbortSignal {

	/**
	 * Whether the lock was lost. Reads the clock, so it is true at the latest when the
	 * validity has ended, even if no other thread had a chance to run.
	 * @return {@code true} once the routine should stop
	 */
	boolean isAborted();

	/**
	 * How the lock was lost.
	 * @return the loss, or empty while the lock is valid
	 */
	Optional<LockLostException> error();

	/**
	 * A checkpoint for the routine.
	 * @throws LockLostException if the lock was lost
	 */
	default void throwIfAborted() {
		error().ifPresent((error) -> {
			throw error;
		});
	}

}
