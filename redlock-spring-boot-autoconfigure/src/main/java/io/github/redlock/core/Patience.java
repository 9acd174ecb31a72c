package io.github.redlock.core;

import java.util.random.RandomGenerator;

/**
 * How long one caller goes on trying, and how long it pauses between attempts; arithmetic
 * only, in nanoseconds.
 * <p>
 * A wait time bounds the time. Without one, the number of retries is bounded, as long as
 * each of them has had its full pause. Once a pause was cut short, or the caller waited
 * in a queue without trying, that number says nothing about the time that has passed; the
 * time is bounded then by what the retries would have taken.
 * <p>
 * Not thread-safe.
 */
final class Patience {

	/**
	 * How often an attempt is repeated at once with a larger token. Each repetition has
	 * learnt every token seen so far; more are needed only while other clients keep
	 * issuing tokens from a clock that is ahead.
	 */
	static final int MAX_REPEATS_AT_ONCE = 5;

	private final LockSettings settings;

	private final long startedAt;

	private boolean boundedByTime;

	private int retries;

	private int repeatsAtOnce;

	/**
	 * Consecutive attempts that the deciding node granted and the quorum did not: its
	 * notice can overtake the release elsewhere.
	 */
	private int splits;

	/** Consecutive pauses that were to be ended by a notice, and were not. */
	private int quietPauses;

	Patience(LockSettings settings, long startedAt) {
		this.settings = settings;
		this.startedAt = startedAt;
		this.boundedByTime = settings.waitTime() != null;
	}

	/**
	 * Whether the attempt that has just failed was the last one.
	 */
	boolean isOver(long now) {
		if (this.boundedByTime) {
			return now - this.startedAt >= this.settings.patienceNanos();
		}
		return this.settings.retryCount() >= 0 && this.retries >= this.settings.retryCount();
	}

	/**
	 * Whether there is no end to it.
	 */
	boolean isEndless() {
		return this.settings.patienceNanos() >= Nanos.FOREVER;
	}

	/**
	 * How long to wait behind other waiters, without trying.
	 */
	long remainingNanos(long now) {
		return this.settings.patienceNanos() - (now - this.startedAt);
	}

	/**
	 * Bound the time from now on: a pause was cut short, or there was none.
	 */
	void boundByTime() {
		this.boundedByTime = true;
		this.quietPauses = 0;
	}

	/**
	 * The pause before the next retry.
	 * @param nanosUntilFree when a quorum will be free, as far as the last votes tell;
	 * zero or less if unknown
	 * @param told whether a notice is to be expected that ends the pause
	 */
	long retryPauseNanos(long nanosUntilFree, boolean told, long now, RandomGenerator random) {
		this.retries++;
		long usual = this.settings.retry().nextPauseNanos(random);
		long pause = usual;
		if (this.splits > 0) {
			this.boundedByTime = true;
			pause = Math.min(usual, RetrySchedule.splitPauseNanos(this.splits));
		}
		else if (told) {
			pause = RetrySchedule.quietPauseNanos(usual, this.quietPauses++, now);
			this.boundedByTime |= pause > usual;
		}
		return bounded(pause, nanosUntilFree, now);
	}

	/**
	 * A pause like that before a retry, which it is not.
	 */
	long pauseNanos(long nanosUntilFree, long now, RandomGenerator random) {
		return bounded(this.settings.retry().nextPauseNanos(random), nanosUntilFree, now);
	}

	private long bounded(long nanos, long nanosUntilFree, long now) {
		long pause = nanos;
		if (nanosUntilFree > 0 && nanosUntilFree < pause) {
			// Redis expires with a precision of a millisecond.
			pause = nanosUntilFree + RetrySchedule.MIN_PAUSE_NANOS;
		}
		return this.boundedByTime ? Math.min(pause, remainingNanos(now)) : pause;
	}

	/**
	 * An attempt has failed.
	 * @param split whether the deciding node granted it, and tells of releases
	 */
	void failed(boolean split) {
		this.splits = split ? this.splits + 1 : 0;
	}

	/**
	 * Whether the last attempt was granted by the deciding node only.
	 */
	boolean isSplit() {
		return this.splits > 0;
	}

	/**
	 * Whether the last pause was one that a notice was to end.
	 */
	boolean isQuiet() {
		return this.quietPauses > 0;
	}

	/**
	 * Whether to repeat an attempt at once, which does not count as a retry.
	 * @param promising whether a larger token would have changed its outcome, or it did
	 * not show for how long somebody else holds the resource
	 */
	boolean repeatsAtOnce(boolean promising) {
		this.repeatsAtOnce = (promising && this.repeatsAtOnce < MAX_REPEATS_AT_ONCE) ? this.repeatsAtOnce + 1 : 0;
		return this.repeatsAtOnce > 0;
	}

}
