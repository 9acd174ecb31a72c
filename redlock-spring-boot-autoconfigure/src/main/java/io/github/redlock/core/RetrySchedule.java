package io.github.redlock.core;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Pauses between attempts: the delay, made longer or shorter by up to the jitter at
 * random. "The client should retry after a random delay in order to try to desynchronize
 * multiple clients" (Distributed Locks with Redis, section "Retry on Failure").
 *
 * @param delay the pause without jitter
 * @param jitter the most by which it varies
 */
record RetrySchedule(Duration delay, Duration jitter) {

	/**
	 * Keeps a retry delay of zero from turning into a busy loop where every node refuses
	 * at once.
	 */
	static final long MIN_PAUSE_NANOS = Duration.ofMillis(1).toNanos();

	/**
	 * The longest pause where the deciding node tells of releases, unless the delay is
	 * longer. A notice that is lost costs no more.
	 */
	static final long MAX_QUIET_NANOS = Duration.ofSeconds(5).toNanos();

	/** Long pauses end at multiples of this time. */
	private static final long TOGETHER_NANOS = Duration.ofMillis(50).toNanos();

	/** Enough for more than half an hour. */
	private static final int MAX_DOUBLINGS = 21;

	long nextPauseNanos(RandomGenerator random) {
		long spread = Nanos.of(this.jitter);
		long offset = (spread > 0) ? random.nextLong(-spread, spread + 1) : 0;
		return Math.max(Nanos.of(this.delay) + offset, MIN_PAUSE_NANOS);
	}

	/**
	 * The pause where the deciding node tells of releases, so that asking it is only for
	 * the case that a notice is lost. It doubles each time: a lost notice costs about as
	 * much again as the caller has waited already. Callers whose pauses end at about the
	 * same time ask together: that is much cheaper than to wake threads for each of them.
	 * @param usual the pause without notices
	 * @param count how many of them there were running before this one
	 * @param now the monotonic clock
	 */
	static long quietPauseNanos(long usual, int count, long now) {
		long pause = Math.min(usual << Math.min(count, MAX_DOUBLINGS), MAX_QUIET_NANOS);
		if (pause <= usual) {
			return usual;
		}
		return pause + TOGETHER_NANOS - Math.floorMod(now + pause, TOGETHER_NANOS);
	}

	/**
	 * The longest pause after an attempt that the deciding node granted and others did
	 * not: a release has reached that one and is on its way to the others, or they hold
	 * what it has lost. It doubles each time, in case it is the latter.
	 * @param count how many of them there were running, at least one
	 */
	static long splitPauseNanos(int count) {
		return MIN_PAUSE_NANOS << Math.min(count - 1, MAX_DOUBLINGS);
	}

}
