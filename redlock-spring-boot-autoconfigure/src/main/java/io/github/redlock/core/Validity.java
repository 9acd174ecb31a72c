package io.github.redlock.core;

import java.time.Duration;

import io.github.redlock.LockRules;

/**
 * Ttl, drift and deadline; arithmetic only, in nanoseconds.
 * <p>
 * The drift is the part of a ttl that we do not rely on. A share of the ttl (1 % by
 * default) covers clocks that run at different speed; 1 ms covers the precision of expiry
 * on the node and 1 ms our own rounding. Source: "Distributed Locks with Redis", section
 * "The Redlock Algorithm", which speaks of the clock drift and "just a few milliseconds";
 * the 2 ms are those of the reference implementations.
 */
final class Validity {

	private static final long FIXED_DRIFT_NANOS = Duration.ofMillis(2).toNanos();

	private Validity() {
	}

	static long driftNanos(Duration ttl, double driftFactor) {
		return (long) Math.ceil(ttl.toNanos() * driftFactor) + FIXED_DRIFT_NANOS;
	}

	/**
	 * When a lock stops being valid.
	 * @param start the monotonic time before the first request was sent
	 */
	static long deadline(long start, Duration ttl, double driftFactor) {
		return start + ttl.toNanos() - driftNanos(ttl, driftFactor);
	}

	/**
	 * Refuse a ttl that cannot work.
	 * @throws IllegalArgumentException with the value and the remedy
	 */
	static void check(Duration ttl, double driftFactor) {
		LockRules.require("ttl", ttl, LockRules::ttl);
		if (ttl.toNanos() <= driftNanos(ttl, driftFactor)) {
			throw new IllegalArgumentException(
					"ttl " + ttl + " leaves no validity: drift takes " + Duration.ofNanos(driftNanos(ttl, driftFactor))
							+ " of it (2 ms and " + driftFactor + " of the ttl); use a longer ttl");
		}
	}

}
