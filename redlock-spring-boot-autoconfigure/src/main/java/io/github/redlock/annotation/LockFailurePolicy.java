package io.github.redlock.annotation;

/**
 * What a call does when there is no lock to be had. In none of the cases does the method
 * itself run.
 *
 * @since 0.1.0
 */
public enum LockFailurePolicy {

	/** Throw the {@link io.github.redlock.LockNotAcquiredException}. */
	THROW,

	/**
	 * Return nothing: {@code null}, an empty {@code Optional}, collection, map or array,
	 * a future completed with that, or an empty publisher. Not possible where the result
	 * cannot be nothing: of a primitive type, a {@code Single}, a type of Kotlin that is
	 * not nullable.
	 */
	SKIP,

	/** Call the {@link DistributedLock#fallback()} method instead. */
	FALLBACK

}
