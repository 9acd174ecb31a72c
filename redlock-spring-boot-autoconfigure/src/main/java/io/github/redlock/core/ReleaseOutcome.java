package io.github.redlock.core;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockReleaseException;

/**
 * How a release ended.
 *
 * @param wasValid {@code false} if the lock had been lost before
 * @param error set if no quorum confirmed
 */
record ReleaseOutcome(boolean wasValid, @Nullable LockReleaseException error) {

	/**
	 * The answer for a caller; the exception is made by the calling thread, so that its
	 * stack trace shows the caller.
	 */
	boolean wasValidOrThrow() {
		LockReleaseException first = this.error;
		if (first != null) {
			throw new LockReleaseException(first.getResources(), first.getAttempt(), String.valueOf(first.getMessage()),
					first);
		}
		return this.wasValid;
	}

}
