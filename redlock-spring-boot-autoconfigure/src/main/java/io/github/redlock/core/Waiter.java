package io.github.redlock.core;

import java.util.List;

/**
 * One that waits in a queue of this process.
 */
interface Waiter {

	/**
	 * The queue: the resources, the same for any order of them.
	 */
	List<String> queueKey();

	/**
	 * When it began to wait, by the monotonic clock.
	 */
	long waitingSince();

	/**
	 * The holder before, in this process, offers its lock; take it or refuse.
	 */
	TakeOver takeOver(Handover handover);

	/**
	 * The waiter in front has left the queue.
	 * @param free whether to try at once: what the other had asked for was just released
	 */
	void becomeFirst(boolean free);

	/**
	 * A client has released the resource, or may have.
	 */
	void noticed();

	/**
	 * A holder of this process begins to release. The notices that follow are about that
	 * release, until it is known whether other processes wait.
	 */
	void localReleaseBegins();

	/**
	 * A holder of this process has released.
	 * @param remoteWaiters how many other processes were told of it, negative if unknown
	 * @param othersFirstNanos how long to let them try first
	 */
	void localReleaseEnds(int remoteWaiters, long othersFirstNanos);

	/**
	 * What becomes of a lock that is offered.
	 */
	enum TakeOver {

		/** The waiter has it, or nodes are asked whether it can have it. */
		DONE,

		/** This waiter does not take it. */
		REFUSED,

		/** Nodes may have been asked, and then something failed. */
		FAILED

	}

}
