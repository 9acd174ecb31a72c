package io.github.redlock;

import java.time.Duration;
import java.util.List;

/**
 * Hears what happens to locks and nodes. Every method does nothing by default.
 * <p>
 * A listener hears the events of one {@link Redlock} one after the other, in order, on a
 * callback thread. It may block without delaying a lock or another listener; it delays
 * its own later events. A listener of several {@link Redlock}s is called by each of them,
 * perhaps at the same time. What it throws is logged and ignored.
 * <p>
 * At most 10,000 events wait for a listener. Where one more comes, the oldest of the
 * least important ones is dropped: first of acquisitions, extensions and confirmed
 * releases, then of failed acquisitions and node errors, and only then of losses,
 * unconfirmed releases, and nodes that are down or up or a quorum no more. The log has a
 * warning when that begins, and the number of dropped events once the listener has caught
 * up. A method that a listener does not override costs nothing.
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

	/**
	 * Fewer nodes vote than a quorum: nothing can be acquired or extended until some vote
	 * again.
	 * @param voting how many vote
	 * @param quorum how many have to
	 */
	default void quorumLost(int voting, int quorum) {
	}

	/**
	 * As many nodes vote again as a quorum needs.
	 * @param voting how many vote
	 * @param quorum how many have to
	 */
	default void quorumRegained(int voting, int quorum) {
	}

}
