package io.github.redlock;

import org.jspecify.annotations.Nullable;

/**
 * Root of everything the lock reports. One subclass per outcome:
 * {@link LockNotAcquiredException} (there is no lock), {@link LockLostException} (there
 * was one) and {@link LockReleaseException} (it may still be there).
 *
 * @since 0.1.0
 */
public class RedlockException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message what happened to which resource, and what happens next
	 * @param cause what caused it, if anything did
	 */
	public RedlockException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
