package io.github.redlock;

import org.jspecify.annotations.Nullable;

/**
 * Root of everything the lock reports. One subclass per outcome:
 * {@link LockNotAcquiredException} (there is no lock), {@link LockLostException} (there
 * was one) and {@link LockReleaseException} (it may still be there).
 * <p>
 * All of them can be serialized with what they carry. Attempts are then what was known of
 * them at that moment, and an error of a node that cannot be serialized is replaced by an
 * exception with its text.
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

	/**
	 * What is serialized in place of this exception: itself, unless its cause or a
	 * suppressed exception stands in the way, which is then replaced by its text.
	 */
	Object writeReplace() {
		if (SerializableErrors.isTrying() || SerializableErrors.isSerializable(this)) {
			return this;
		}
		Throwable cause = getCause();
		RedlockException copy = withCause((cause != null) ? SerializableErrors.orText(cause) : null);
		copy.setStackTrace(getStackTrace());
		for (Throwable suppressed : getSuppressed()) {
			copy.addSuppressed(SerializableErrors.orText(suppressed));
		}
		return copy;
	}

	/**
	 * The same exception with another cause.
	 */
	RedlockException withCause(@Nullable Throwable cause) {
		return new RedlockException(String.valueOf(getMessage()), cause);
	}

}
