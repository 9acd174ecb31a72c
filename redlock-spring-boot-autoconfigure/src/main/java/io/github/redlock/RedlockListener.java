package io.github.redlock;

import java.time.Duration;
import java.util.List;

/**
 * Hears what happens to locks and nodes. Every method does nothing by default.
 * <p>
 * All events of one {@link Redlock} are delivered one after the other, in order, on a
 * thread of their own, so a listener may block without delaying a lock; but a slow one
 * delays the events behind it. What it throws is logged and ignored.
 *
 * @since 0.1.0
 */
public interface RedlockListener {

	/**
	 * A lock was acquired.
	 * @param lock the lock
	 */
	default void acquired(LockHandle lock) {
	}

	/**
	 * An acquisition failed for good.
	 * @param resources what was to be locked
	 * @param error why there is no lock
	 */
	default void acquireFailed(List<String> resources, LockNotAcquiredException error) {
	}

	/**
	 * A lock was extended by a quorum.
	 * @param lock the lock
	 * @param remaining its new validity at that moment
	 */
	default void extended(LockHandle lock, Duration remaining) {
	}

	/**
	 * A lock was lost before its release. Delivered once per lock.
	 * @param lock the lock, invalid by now
	 * @param error how it was lost
	 */
	default void lost(LockHandle lock, LockLostException error) {
	}

	/**
	 * A release was confirmed by a quorum.
	 * @param lock the lock, invalid by now
	 * @param wasValid {@code false} if the lock had been lost before
	 */
	default void released(LockHandle lock, boolean wasValid) {
	}

	/**
	 * A release was not confirmed by a quorum.
	 * @param lock the lock, invalid by now
	 * @param error every node's vote
	 */
	default void releaseFailed(LockHandle lock, LockReleaseException error) {
	}

	/**
	 * A node that was asked did not give a usable answer, even if the quorum made it
	 * harmless. Requests that are refused because the node is already known to be down
	 * are not reported one by one.
	 * @param node the node's name
	 * @param error what went wrong
	 */
	default void nodeError(String node, Throwable error) {
	}

	/**
	 * A node was marked down; it does not vote until it answers a probe.
	 * @param node the node's name
	 * @param error the last error
	 */
	default void nodeDown(String node, Throwable error) {
	}

	/**
	 * A node that was down votes again.
	 * @param node the node's name
	 */
	default void nodeUp(String node) {
	}

}
