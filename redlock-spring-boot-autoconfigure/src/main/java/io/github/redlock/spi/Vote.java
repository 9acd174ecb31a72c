package io.github.redlock.spi;

import java.io.Serializable;
import java.time.Duration;

/**
 * One node's answer to one request. "Somebody else has it" and "the node is broken" are
 * different votes and are never mixed up.
 * <p>
 * All implementations are immutable.
 *
 * @since 0.1.0
 */
public sealed interface Vote extends Serializable {

	/**
	 * The node did what was asked: it granted, extended, healed or deleted every key.
	 *
	 * @param listeners of a release, how many others wait for one and were told of it;
	 * {@link #UNKNOWN} if the node could not tell anybody, 0 for everything else
	 */
	record Granted(int listeners) implements Vote {

		/** The node could not tell anybody. */
		public static final int UNKNOWN = -1;

		/** Nobody was told of anything. */
		public static final Granted INSTANCE = new Granted(0);

	}

	/**
	 * At least one key holds a value that is not ours. Nothing was changed, except by a
	 * release, which deletes those keys that are ours, and by
	 * {@link LockNode#acquireFree}, which may raise the fence.
	 *
	 * @param remaining the largest remaining time to live among the foreign keys, never
	 * negative
	 */
	record Held(Duration remaining) implements Vote {

		/**
		 * What is left of a key that has no time to live, which no lock leaves behind:
		 * 2^40 ms, longer than anybody waits.
		 */
		public static final Duration WITHOUT_EXPIRY = Duration.ofMillis(1L << 40);

		/**
		 * The answer of a node that was not asked for how long. Its remaining time is
		 * longer than anybody waits.
		 */
		public static final Held FOR_UNKNOWN_TIME = new Held(WITHOUT_EXPIRY.plusMillis(1));

	}

	/**
	 * The keys are free, but the node has already granted this fencing token or a larger
	 * one. Nothing was changed, except by {@link LockNode#acquireFree}, which may have
	 * set the key. Only an acquisition or a transfer can get this answer.
	 *
	 * @param highest the highest fencing token the node has stored, or a smaller one that
	 * is not below that of the request
	 */
	record Stale(long highest) implements Vote {
	}

	/**
	 * At least one key is not there (and none holds a foreign value). Nothing was
	 * changed, except by a release, which deletes those keys that are ours.
	 */
	record Missing() implements Vote {

		/** The only value worth having: a missing vote carries no data. */
		public static final Missing INSTANCE = new Missing();

	}

	/**
	 * The node did not answer, or not with anything that could be counted. Whether it
	 * carried out the request is unknown, unless the reason is {@link Reason#DOWN}.
	 *
	 * @param reason what kind of failure it was
	 * @param error the failure itself
	 */
	record Failed(Reason reason, Throwable error) implements Vote {

		/**
		 * Whether the node has said nothing at all, and may have done what was asked, or
		 * do it yet.
		 * @return {@code true} for {@link Reason#UNREACHABLE} and {@link Reason#TIMEOUT}
		 */
		public boolean isUnanswered() {
			return this.reason == Reason.UNREACHABLE || this.reason == Reason.TIMEOUT;
		}

		/**
		 * Why a node's answer does not count.
		 */
		public enum Reason {

			/** The connection could not be opened or broke before the answer came. */
			UNREACHABLE,

			/** No answer within the command timeout. */
			TIMEOUT,

			/**
			 * The node answered with an error that nothing is known about, or with
			 * something unintelligible.
			 */
			ERROR_REPLY,

			/**
			 * The node refuses this request and may serve others: its keys lie in
			 * different slots, or hold what no lock has written.
			 */
			REFUSED,

			/**
			 * The node answers, but cannot serve now: a read-only replica, full, loading,
			 * busy, without a right or a login. It is asked again when a probe that
			 * writes succeeds.
			 */
			UNABLE,

			/**
			 * The server was restarted too recently ({@code redlock.restart-quarantine}),
			 * and may have forgotten who holds its locks.
			 */
			QUARANTINED,

			/** The node is marked down; the request was not sent. */
			DOWN

		}

	}

}
