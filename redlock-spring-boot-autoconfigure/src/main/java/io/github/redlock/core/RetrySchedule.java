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

	/** Enough for more than half an hour. */
	private static final int MAX_DOUBLINGS = 21;

	long nextPauseNanos(RandomGenerator random) {
		long spread = Nanos.of(this.jitter);
		long offset = (spread > 0) ? random.nextLong(-spread, spread + 1) : 0;
		return Math.max(Nanos.of(this.delay) + offset, MIN_PAUSE_NANOS);
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
