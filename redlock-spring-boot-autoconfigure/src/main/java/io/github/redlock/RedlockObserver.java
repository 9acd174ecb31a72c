package io.github.redlock;

import java.time.Duration;

import io.github.redlock.spi.Vote;

/**
 * Measures locks and nodes. Unlike a {@link RedlockListener} it is told at once, on the
 * thread in question and perhaps inside a monitor: it must not block, and should do no
 * more than count. What it throws is logged once and ignored. Every method does nothing
 * by default; without an observer, nothing is measured.
 * <p>
 * Thread-safe implementations only.
 *
 * @since 0.1.0
 */
public interface RedlockObserver {

	/**
	 * The observer of one client, asked for once when the client is made.
	 * @param name the name of the client, such as that of its set of nodes
	 * @return by default this one, for all clients
	 */
	default RedlockObserver forClient(String name) {
		return this;
	}

	/**
	 * A lock was acquired.
	 * @param name the name of the section ({@link LockOptions#name}), empty for none
	 * @param lock the lock
	 * @param took from the call to the lock
	 * @param queued how much of that time the caller had a place in the queue of this
	 * process; zero if it found the resource free
	 */
	default void acquired(String name, LockHandle lock, Duration took, Duration queued) {
	}

	/**
	 * An acquisition failed for good.
	 * @param name the name of the section, empty for none
	 * @param reason why
	 * @param took from the call to its end
	 * @param queued how much of that time the caller had a place in the queue
	 */
	default void notAcquired(String name, LockNotAcquiredException.Reason reason, Duration took, Duration queued) {
	}

	/**
	 * No quorum confirmed an extension. It is tried again as long as the lock is valid.
	 * @param name the name of the section, empty for none
	 */
	default void extensionFailed(String name) {
	}

	/**
	 * A lock is not held any more.
	 * @param name the name of the section, empty for none
	 * @param end how it ended
	 * @param held from the round that won it to its end
	 */
	default void ended(String name, End end, Duration held) {
	}

	/**
	 * A node that was asked did not give a usable answer.
	 * @param node the name of the node
	 * @param reason what kind of failure it was
	 */
	default void nodeFailed(String node, Vote.Failed.Reason reason) {
	}

	/**
	 * How a lock ends.
	 */
	enum End {

		/** A quorum confirmed the release, or the next holder of this process has it. */
		RELEASED,

		/** The release was not confirmed by a quorum. */
		UNCONFIRMED,

		/** It was lost before its release. */
		LOST

	}

}
