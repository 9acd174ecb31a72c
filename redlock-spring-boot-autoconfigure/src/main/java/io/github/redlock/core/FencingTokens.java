package io.github.redlock.core;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Proposes fencing tokens: larger than every token issued or seen by this client, and at
 * least the wall clock in microseconds plus what that is known to be behind.
 * <p>
 * Why tokens grow from holder to holder: two quorums share a node, and a node accepts a
 * token only above the highest it has stored. The wall clock is a start value. Where
 * fence keys were lost, it still orders tokens as long as clocks differ by less than the
 * time between the two holders.
 * <p>
 * Many resources share a fence, so a client whose clock is behind that of another would
 * be refused for resources that nobody has locked for long. It adds to its clock the most
 * by which a token that it saw was ahead, so that being refused once is enough: a hybrid
 * logical clock.
 *
 * @see <a href="https://cse.buffalo.edu/tech-reports/2014-04.pdf">Kulkarni, Demirbas et
 * al., "Logical Physical Clocks and Consistent Snapshots in Globally Distributed
 * Databases" (2014)</a>
 */
final class FencingTokens {

	/**
	 * Lua compares numbers as doubles, which are exact up to here: in microseconds, the
	 * year 2255.
	 */
	static final long MAX_TOKEN = (1L << 53) - 1;

	private final LongSupplier wallClockMicros;

	private final AtomicLong highest = new AtomicLong();

	/** How far the clock of this client is behind, in microseconds, as far as known. */
	private final AtomicLong behind = new AtomicLong();

	/**
	 * Begin without any knowledge of other clients.
	 * @param wallClockMicros microseconds since 1970
	 */
	FencingTokens(LongSupplier wallClockMicros) {
		this.wallClockMicros = wallClockMicros;
	}

	long next() {
		return next(1);
	}

	/**
	 * Reserve a block of tokens.
	 * @return the last one
	 * @throws IllegalStateException if no node could store it
	 */
	long next(int block) {
		long now = this.wallClockMicros.getAsLong() + this.behind.get();
		long token = this.highest.updateAndGet((last) -> Math.max(last + 1, now) + block - 1);
		if (token > MAX_TOKEN) {
			throw new IllegalStateException("The next fencing token would be " + token + ", above " + MAX_TOKEN
					+ ", the largest that Redis keeps exactly. Some client had a clock far in the future. Correct it,"
					+ " delete the fence keys (<prefix>fence:*) on all nodes while no lock is held, and restart the clients.");
		}
		return token;
	}

	/**
	 * Never propose the given token or a smaller one. A number out of range cannot have
	 * come from a lock and is ignored.
	 */
	void learn(long token) {
		if (token < MAX_TOKEN) {
			this.highest.accumulateAndGet(token, Math::max);
			this.behind.accumulateAndGet(token - this.wallClockMicros.getAsLong(), Math::max);
		}
	}

}
