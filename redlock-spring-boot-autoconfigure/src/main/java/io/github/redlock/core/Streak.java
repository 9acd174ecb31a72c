package io.github.redlock.core;

import java.time.Duration;

/**
 * A row of holders of one process who got the lock from each other, without any other
 * process having had a chance. It is bounded in number and in time, so that other
 * processes get their turn.
 *
 * @param length how many holders there have been
 * @param since when the first of them got the lock, by the monotonic clock
 */
record Streak(int length, long since) {

	static final int MAX_LENGTH = 16;

	static final long MAX_NANOS = Duration.ofMillis(100).toNanos();

	static Streak begin(long now) {
		return new Streak(1, now);
	}

	boolean mayGoOn(long now) {
		return this.length < MAX_LENGTH && now - this.since < MAX_NANOS;
	}

	Streak next() {
		return new Streak(this.length + 1, this.since);
	}

}
