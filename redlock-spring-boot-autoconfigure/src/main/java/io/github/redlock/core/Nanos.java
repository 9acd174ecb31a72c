package io.github.redlock.core;

import java.time.Duration;

/**
 * Durations in the unit of the monotonic clock. "For ever", written as some enormous
 * number, becomes a time long enough and short enough to be added to a clock reading.
 */
final class Nanos {

	/** About 73 years. */
	static final long FOREVER = Long.MAX_VALUE / 4;

	private static final Duration LONGEST = Duration.ofNanos(FOREVER);

	private Nanos() {
	}

	static long of(Duration duration) {
		return (duration.compareTo(LONGEST) < 0) ? duration.toNanos() : FOREVER;
	}

}
