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

	long nextPauseNanos(RandomGenerator random) {
		long spread = Nanos.of(this.jitter);
		long offset = (spread > 0) ? random.nextLong(-spread, spread + 1) : 0;
		return Math.max(Nanos.of(this.delay) + offset, MIN_PAUSE_NANOS);
	}

}
