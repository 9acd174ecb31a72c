package io.github.redlock.annotation;

/**
 * What happens when a lock is lost while its method runs. Events and a warning in the log
 * come in every case.
 *
 * @since 0.1.0
 */
public enum LockLossPolicy {

	/**
	 * Let the method finish, then throw a {@link io.github.redlock.LockLostException}
	 * instead of returning; to an exception of the method the loss is attached as
	 * suppressed.
	 */
	FAIL,

	/**
	 * Interrupt the thread that runs the method, or cancel the future, subscription or
	 * coroutine it returned, then throw a {@link io.github.redlock.LockLostException},
	 * whatever the method does about it; an exception of the method is attached to that
	 * as suppressed. The interrupt never outlives the method.
	 */
	INTERRUPT,

	/** Only log the loss, and return what the method returns. */
	LOG

}
