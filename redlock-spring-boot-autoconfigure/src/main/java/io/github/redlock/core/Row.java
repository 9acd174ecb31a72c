package io.github.redlock.core;

import java.time.Duration;

/**
 * Holders of one process who got the lock from each other, without anybody else having
 * had a chance. A row is bounded in number and in time, so that others get their turn.
 *
 * @param length how many holders there have been
 * @param since when the first of them got the lock, by the monotonic clock
 */
record Row(int length, long since) {

	static final int MAX_LENGTH = 16;

	static final long MAX_NANOS = Duration.ofMillis(100).toNanos();

	static Row begin(long now) {
		return new Row(1, now);
	}

	boolean mayGoOn(long now) {
		return this.length < MAX_LENGTH && now - this.since < MAX_NANOS;
	}

	Row next() {
		return new Row(this.length + 1, this.since);
	}

}
