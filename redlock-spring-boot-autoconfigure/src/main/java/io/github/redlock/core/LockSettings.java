package io.github.redlock.core;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockOptions;

/**
 * The settings of one lock, complete: per-call options on top of the defaults.
 *
 * @param waitTime bounds the waiting, {@code null} where the retry count does
 * @param retryCount attempts after the first, -1 for no limit
 * @param retry the pauses
 * @param driftFactor the share of the ttl given up for drift
 * @param autoExtend whether to extend until released
 */
record LockSettings(@Nullable Duration waitTime, int retryCount, RetrySchedule retry, double driftFactor,
		boolean autoExtend) {

	/**
	 * Put per-call options on top of these settings. A wait time, wherever it was set,
	 * bounds the waiting instead of the retry count.
	 */
	LockSettings with(LockOptions options, boolean autoExtendByDefault) {
		return new LockSettings(options.waitTime().orElse(this.waitTime), options.retryCount().orElse(this.retryCount),
				new RetrySchedule(options.retryDelay().orElse(this.retry.delay()),
						options.retryJitter().orElse(this.retry.jitter())),
				options.driftFactor().orElse(this.driftFactor),
				options.autoExtend().orElse(autoExtendByDefault && this.autoExtend));
	}

	/**
	 * The same settings for a single attempt.
	 */
	LockSettings once() {
		return new LockSettings(Duration.ZERO, 0, this.retry, this.driftFactor, this.autoExtend);
	}

}
