package io.github.redlock.core;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockOptions;
import io.github.redlock.LockRules;

/**
 * The settings of one lock, complete: per-call options on top of the defaults.
 *
 * @param name what the lock is for, empty for nothing in particular
 * @param waitTime bounds the waiting, {@code null} where the retry count does
 * @param retryCount attempts after the first, -1 for no limit
 * @param retry the pauses
 * @param driftFactor the share of the ttl given up for drift
 * @param autoExtend whether to extend until released
 * @param holdAtLeast how long the nodes keep the lock even if it is released earlier
 * @param maxHold when the lock ends however often it is extended, {@code null} for never
 */
record LockSettings(String name, @Nullable Duration waitTime, int retryCount, RetrySchedule retry, double driftFactor,
		boolean autoExtend, Duration holdAtLeast, @Nullable Duration maxHold) {

	/**
	 * Put per-call options on top of these settings. A wait time, wherever it was set,
	 * bounds the waiting instead of the retry count.
	 */
	LockSettings with(LockOptions options, boolean autoExtendByDefault) {
		return new LockSettings(options.name().orElse(this.name), options.waitTime().orElse(this.waitTime),
				options.retryCount().orElse(this.retryCount),
				new RetrySchedule(options.retryDelay().orElse(this.retry.delay()),
						options.retryJitter().orElse(this.retry.jitter())),
				options.driftFactor().orElse(this.driftFactor),
				options.autoExtend().orElse(autoExtendByDefault && this.autoExtend),
				options.holdAtLeast().orElse(this.holdAtLeast), options.maxHold().orElse(this.maxHold));
	}

	/**
	 * The options that these settings were made from, with nothing left open that has a
	 * default.
	 */
	LockOptions over(LockOptions options) {
		return options.toBuilder()
			.retryCount(this.retryCount)
			.retryDelay(this.retry.delay())
			.retryJitter(this.retry.jitter())
			.driftFactor(this.driftFactor)
			.autoExtend(this.autoExtend)
			.holdAtLeast(this.holdAtLeast)
			.build();
	}

	/**
	 * Refuse a ttl that does not go with these settings.
	 * @throws IllegalArgumentException with the values and the remedy
	 */
	void check(Duration ttl) {
		Validity.check(ttl, this.driftFactor);
		if (!this.autoExtend && this.holdAtLeast.compareTo(ttl) > 0) {
			throw new IllegalArgumentException("holdAtLeast " + this.holdAtLeast + " is longer than the ttl " + ttl
					+ ", and the lock is not extended: it could be over before; use a longer ttl or autoExtend");
		}
		if (this.maxHold != null) {
			LockRules.require("maxHold", this.maxHold, (maximum) -> LockRules.maxHold(maximum, this.holdAtLeast));
		}
	}

	/**
	 * Whether there may be more than one attempt.
	 */
	boolean mayWait() {
		return (this.waitTime != null) ? this.waitTime.compareTo(Duration.ZERO) > 0 : this.retryCount != 0;
	}

	/**
	 * How long to wait at most; without a wait time, as long as the retries would take.
	 */
	long patienceNanos() {
		if (this.waitTime != null) {
			return Nanos.of(this.waitTime);
		}
		long pause = Nanos.of(this.retry.delay()) + Nanos.of(this.retry.jitter());
		return (this.retryCount < 0 || pause > Nanos.FOREVER / Math.max(this.retryCount, 1)) ? Nanos.FOREVER
				: pause * this.retryCount;
	}

	/**
	 * The same settings for a single attempt.
	 */
	LockSettings once() {
		return new LockSettings(this.name, Duration.ZERO, 0, this.retry, this.driftFactor, this.autoExtend,
				this.holdAtLeast, this.maxHold);
	}

}
