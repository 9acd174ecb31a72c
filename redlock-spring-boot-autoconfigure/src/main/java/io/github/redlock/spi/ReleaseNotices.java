package io.github.redlock.spi;

/**
 * A {@link LockNode} may implement this if it can tell of releases. It tells of
 * {@link LockNode#release}, not of {@link LockNode#withdraw}.
 *
 * @since 0.1.0
 */
public interface ReleaseNotices {

	/**
	 * Subscribe to releases of a resource by any client; best effort. Withdrawals are not
	 * announced. Does not wait for input or output.
	 * @param resource the resource
	 * @param listener told of each release, and when one may have been missed, on any
	 * thread; does not block
	 * @return ends the subscription
	 */
	TimeSource.Cancellable onRelease(String resource, Runnable listener);

	/**
	 * Whether, as far as is known, releases of a resource are told at this moment: the
	 * server has confirmed the subscription, and the connection has not ended since. A
	 * caller that waits asks less often then. By default it is not known.
	 * @param resource a resource that is subscribed to
	 * @return whether releases are told
	 */
	default boolean isTelling(String resource) {
		return false;
	}

}
