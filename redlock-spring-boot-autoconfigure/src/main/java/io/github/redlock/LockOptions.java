package io.github.redlock;

import java.time.Duration;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

/**
 * Settings of one lock that differ from those of the {@link Redlock}. They hold for its
 * whole life: wait time and retry count bound the acquisition; delay and jitter set the
 * pauses between attempts to acquire and to extend; the drift factor counts for every
 * validity. A release is sent again until it is confirmed, whatever the options. What is
 * not set is inherited.
 * <p>
 * Immutable, thread-safe, meant to be shared. <pre>{@code
 * LockOptions patient = LockOptions.builder().waitTime(Duration.ofSeconds(10)).build();
 * }</pre>
 *
 * @since 0.1.0
 */
public final class LockOptions {

	/**
	 * The largest drift factor accepted; at 0.5, half of every ttl would be thrown away.
	 */
	public static final double MAX_DRIFT_FACTOR = 0.5;

	private static final LockOptions DEFAULTS = builder().build();

	private final @Nullable String name;

	private final @Nullable Duration waitTime;

	private final @Nullable Integer retryCount;

	private final @Nullable Duration retryDelay;

	private final @Nullable Duration retryJitter;

	private final @Nullable Double driftFactor;

	private final @Nullable Boolean autoExtend;

	private final @Nullable Duration holdAtLeast;

	private final @Nullable Duration maxHold;

	private LockOptions(Builder builder) {
		this.name = builder.name;
		this.waitTime = builder.waitTime;
		this.retryCount = builder.retryCount;
		this.retryDelay = builder.retryDelay;
		this.retryJitter = builder.retryJitter;
		this.driftFactor = builder.driftFactor;
		this.autoExtend = builder.autoExtend;
		this.holdAtLeast = builder.holdAtLeast;
		this.maxHold = builder.maxHold;
	}

	/**
	 * Inherit everything.
	 * @return options in which nothing is set
	 */
	public static LockOptions defaults() {
		return DEFAULTS;
	}

	/**
	 * Start with nothing set.
	 * @return a new builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Start with what is set here.
	 * @return a new builder
	 */
	public Builder toBuilder() {
		Builder builder = new Builder();
		builder.name = this.name;
		builder.waitTime = this.waitTime;
		builder.retryCount = this.retryCount;
		builder.retryDelay = this.retryDelay;
		builder.retryJitter = this.retryJitter;
		builder.driftFactor = this.driftFactor;
		builder.autoExtend = this.autoExtend;
		builder.holdAtLeast = this.holdAtLeast;
		builder.maxHold = this.maxHold;
		return builder;
	}

	/**
	 * What the lock is for, for metrics and status: one name for many resources.
	 * @return the name, if set
	 */
	public Optional<String> name() {
		return Optional.ofNullable(this.name);
	}

	/**
	 * How long an acquisition may wait.
	 * @return the wait time, if set
	 */
	public Optional<Duration> waitTime() {
		return Optional.ofNullable(this.waitTime);
	}

	/**
	 * How often a failed attempt is repeated.
	 * @return the retry count, if set
	 */
	public Optional<Integer> retryCount() {
		return Optional.ofNullable(this.retryCount);
	}

	/**
	 * How long to pause between two attempts.
	 * @return the retry delay, if set
	 */
	public Optional<Duration> retryDelay() {
		return Optional.ofNullable(this.retryDelay);
	}

	/**
	 * By how much the pause varies.
	 * @return the retry jitter, if set
	 */
	public Optional<Duration> retryJitter() {
		return Optional.ofNullable(this.retryJitter);
	}

	/**
	 * The part of the ttl that is given up for clocks of different speed.
	 * @return the drift factor, if set
	 */
	public Optional<Double> driftFactor() {
		return Optional.ofNullable(this.driftFactor);
	}

	/**
	 * Whether the lock is extended until it is released.
	 * @return the switch, if set
	 */
	public Optional<Boolean> autoExtend() {
		return Optional.ofNullable(this.autoExtend);
	}

	/**
	 * How long the resource stays locked even if the lock is released earlier.
	 * @return the minimum, if set
	 */
	public Optional<Duration> holdAtLeast() {
		return Optional.ofNullable(this.holdAtLeast);
	}

	/**
	 * When the lock ends however often it is extended.
	 * @return the maximum, if set
	 */
	public Optional<Duration> maxHold() {
		return Optional.ofNullable(this.maxHold);
	}

	/**
	 * Collects the settings and checks each one as it is given. Not thread-safe.
	 */
	public static final class Builder {

		private @Nullable String name;

		private @Nullable Duration waitTime;

		private @Nullable Integer retryCount;

		private @Nullable Duration retryDelay;

		private @Nullable Duration retryJitter;

		private @Nullable Double driftFactor;

		private @Nullable Boolean autoExtend;

		private @Nullable Duration holdAtLeast;

		private @Nullable Duration maxHold;

		private Builder() {
		}

		/**
		 * What the lock is for. It is a tag of each metric, so the same name is to be
		 * used for all resources of a kind: {@code pay}, and not {@code pay order 42}.
		 * @param name not blank; none by default, and for annotated methods their class
		 * and name
		 * @return this
		 */
		public Builder name(String name) {
			if (name.isBlank()) {
				throw new IllegalArgumentException(
						"name \"" + name + "\" is blank; leave it out, or say what is locked");
			}
			this.name = name;
			return this;
		}

		/**
		 * How long an acquisition may wait, whatever the retry count says. With zero
		 * there is exactly one attempt.
		 * @param waitTime zero or more
		 * @return this
		 */
		public Builder waitTime(Duration waitTime) {
			this.waitTime = LockRules.require("waitTime", waitTime, LockRules::waitTime);
			return this;
		}

		/**
		 * How many more attempts follow a failed one. Without effect where a wait time is
		 * set, here or in the defaults.
		 * @param retryCount zero or more, or -1 to go on without limit
		 * @return this
		 */
		public Builder retryCount(int retryCount) {
			this.retryCount = LockRules.require("retryCount", retryCount, LockRules::retryCount);
			return this;
		}

		/**
		 * How long to pause before the next attempt. Where the nodes tell of releases,
		 * that is the first pause; each one after it is twice as long, up to 5 s or this
		 * delay, and ends with the ttl of the holder. The time is bounded then, by what
		 * the retries would have taken.
		 * @param retryDelay zero or more
		 * @return this
		 */
		public Builder retryDelay(Duration retryDelay) {
			this.retryDelay = LockRules.require("retryDelay", retryDelay, LockRules::retryPause);
			return this;
		}

		/**
		 * The most by which a pause is made longer or shorter, at random, so that
		 * competitors do not stay in step.
		 * @param retryJitter zero or more
		 * @return this
		 */
		public Builder retryJitter(Duration retryJitter) {
			this.retryJitter = LockRules.require("retryJitter", retryJitter, LockRules::retryPause);
			return this;
		}

		/**
		 * The part of the ttl that is given up because clocks run at different speed.
		 * @param driftFactor from 0 to {@value LockOptions#MAX_DRIFT_FACTOR}
		 * @return this
		 */
		public Builder driftFactor(double driftFactor) {
			this.driftFactor = LockRules.require("driftFactor", driftFactor, LockRules::driftFactor);
			return this;
		}

		/**
		 * Whether the lock is extended, again and again, until it is released. By default
		 * {@code acquire} and {@code tryAcquire} do not, {@code using} and the annotation
		 * do. A handle that nobody releases is extended for as long as the process lives,
		 * unless there is a {@link #maxHold maxHold}.
		 * @param autoExtend the switch
		 * @return this
		 */
		public Builder autoExtend(boolean autoExtend) {
			this.autoExtend = autoExtend;
			return this;
		}

		/**
		 * Keep the resource locked for at least this long, counted from the acquisition:
		 * a lock that is released earlier is not deleted on the nodes, but expires there
		 * when the time is over. For jobs that may be done before the clock of another
		 * machine has reached the time at which they are due. The release does not wait;
		 * a lock that was lost, or whose process died, is not kept.
		 * <p>
		 * Longer than the ttl only with auto-extension.
		 * @param holdAtLeast zero or more, at most {@link Redlock#MAX_TTL}; by default
		 * the release deletes the lock
		 * @return this
		 */
		public Builder holdAtLeast(Duration holdAtLeast) {
			this.holdAtLeast = LockRules.require("holdAtLeast", holdAtLeast, LockRules::holdAtLeast);
			return this;
		}

		/**
		 * The longest that a lock may be held, counted from the acquisition. No extension
		 * carries it further: the lock is lost then, which is reported as every loss is,
		 * and others can have the resource although its holder may be stuck.
		 * @param maxHold positive, not less than holdAtLeast; without limit by default
		 * @return this
		 */
		public Builder maxHold(Duration maxHold) {
			this.maxHold = LockRules.require("maxHold", maxHold, LockRules::maxHold);
			return this;
		}

		/**
		 * Build the options.
		 * @return immutable options
		 * @throws IllegalArgumentException if maxHold is less than holdAtLeast
		 */
		public LockOptions build() {
			Duration minimum = this.holdAtLeast;
			if (this.maxHold != null && minimum != null) {
				LockRules.require("maxHold", this.maxHold, (maximum) -> LockRules.maxHold(maximum, minimum));
			}
			return new LockOptions(this);
		}

	}

}
