package io.github.redlock.core;

import java.util.concurrent.atomic.AtomicLong;

import io.github.redlock.spi.TimeSource;

/**
 * Proposes fencing tokens: larger than every token issued or seen by this client, and at
 * least the wall clock in microseconds.
 * <p>
 * Why tokens grow from holder to holder: two quorums share a node, and a node accepts a
 * token only above the highest it has stored. The wall clock matters only where the fence
 * keys were lost; it then still orders tokens as long as clocks differ by less than the
 * time between the two holders.
 */
final class FencingTokens {

	/**
	 * Lua compares numbers as doubles, which are exact up to here: in microseconds, the
	 * year 2255.
	 */
	static final long MAX_TOKEN = (1L << 53) - 1;

	private final TimeSource time;

	private final AtomicLong highest = new AtomicLong();

	FencingTokens(TimeSource time) {
		this.time = time;
	}

	long next() {
		return next(1);
	}

	/**
	 * Reserve a block of tokens.
	 * @return the last one
	 */
	long next(int block) {
		long now = this.time.wallClockMicros();
		return this.highest.updateAndGet((last) -> Math.max(last + 1, now) + block - 1);
	}

	/**
	 * Never propose the given token or a smaller one. A number out of range cannot have
	 * come from a lock and is ignored.
	 */
	void learn(long token) {
		if (token < MAX_TOKEN) {
			this.highest.accumulateAndGet(token, Math::max);
		}
	}

}
