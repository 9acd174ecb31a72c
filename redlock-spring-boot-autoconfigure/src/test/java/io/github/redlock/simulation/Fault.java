package io.github.redlock.simulation;

/**
 * What can go wrong in a run. Each run draws which of them occur: runs with few kinds
 * reach states that runs with all of them do not.
 */
enum Fault {

	/** A link is slow for a while, slower than the command timeout or the ttl. */
	SLOW_LINK,

	/** A connection breaks: requests, or replies to requests that were done, are lost. */
	BROKEN_CONNECTION,

	/** What was sent before a connection broke may arrive later than its successors. */
	LATE_DELIVERY,

	/** A driver sends again by itself what was unanswered when a connection broke. */
	DUPLICATE_DELIVERY,

	/** A link lets nothing through for a while, without a word. */
	PARTITION,

	/** A server is down for a while and keeps its data. */
	CRASH,

	/** A server is stopped for a while. */
	FREEZE,

	/** A server forgets its scripts. */
	SCRIPT_FLUSH,

	/** A server answers with errors for a while. */
	ERROR_REPLIES,

	/** Clocks run at different speed, within the assumed bound. */
	CLOCK_DRIFT,

	/** The wall clock of a process jumps. */
	WALL_CLOCK_JUMP,

	/** A process stands still for a while. */
	PAUSE,

	/** A process may stand still whenever it reads a clock or sends. */
	PAUSE_ANYWHERE,

	/** A caller is interrupted. */
	INTERRUPT,

	/** A future is cancelled. */
	CANCEL,

	/** A lock is released by another thread than its owner's. */
	FOREIGN_RELEASE,

	/** A {@code Redlock} is closed while it is in use. */
	CLOSE,

	/** A process ends without a word. */
	KILL,

	/** A server loses its data. Breaks an assumption. */
	DATA_LOSS,

	/** Clocks run at speeds further apart than assumed. Breaks an assumption. */
	CLOCK_DRIFT_BEYOND_BOUND,

	/** The clock of a server jumps. Breaks an assumption. */
	SERVER_CLOCK_JUMP;

	/** Whether mutual exclusion is promised nevertheless. */
	boolean isAssumedAway() {
		return ordinal() >= DATA_LOSS.ordinal();
	}

	/** Whether it happens at a time of its own; the others are there all the time. */
	boolean isEvent() {
		return this != CLOCK_DRIFT && this != CLOCK_DRIFT_BEYOND_BOUND && this != PAUSE_ANYWHERE;
	}

	/** Whether no node and no message is affected, so that nothing may fail. */
	boolean isHarmless() {
		return switch (this) {
			case SCRIPT_FLUSH, CLOCK_DRIFT, WALL_CLOCK_JUMP, INTERRUPT, CANCEL, FOREIGN_RELEASE -> true;
			default -> false;
		};
	}

}
