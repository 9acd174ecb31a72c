package io.github.redlock.core;

import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Random owner values of 128 bits. A value that could be guessed would let somebody else
 * release the lock; one that repeats would make two holders one.
 */
final class LockValues implements Supplier<String> {

	private static final int BYTES = 16;

	private static final int MAX_OWNER = 100;

	private static final int VALUES_AT_ONCE = 64;

	/** A generator takes nearly as long for one value as for many. */
	private final byte[] pool = new byte[VALUES_AT_ONCE * BYTES];

	private final String prefix;

	private int used = this.pool.length;

	/**
	 * To seed one takes a while, and there is something else to do meanwhile.
	 */
	private final CompletableFuture<SecureRandom> random = CompletableFuture.supplyAsync(LockValues::generator,
			(task) -> DaemonThreads.create("redlock-random", task).start());

	/**
	 * Values that name an owner.
	 * @param owner put in front of each value, empty for nothing
	 */
	LockValues(String owner) {
		String readable = owner.replaceAll("[^!-~]", "-");
		this.prefix = readable.isEmpty() ? "" : readable.substring(0, Math.min(readable.length(), MAX_OWNER)) + ":";
	}

	/**
	 * One that reads from the system once. The usual one of Linux opens a file for every
	 * value, which an event loop must not wait for.
	 */
	private static SecureRandom generator() {
		try {
			SecureRandom random = SecureRandom.getInstance("DRBG");
			// It reads when it is used for the first time: now.
			random.nextBytes(new byte[BYTES]);
			return random;
		}
		catch (NoSuchAlgorithmException ex) {
			return new SecureRandom();
		}
	}

	/**
	 * Wait for the seed now, so that no caller and no event loop has to later.
	 */
	void prepare() {
		this.random.join();
	}

	@Override
	public String get() {
		byte[] value = new byte[BYTES];
		synchronized (this) {
			if (this.used == this.pool.length) {
				this.random.join().nextBytes(this.pool);
				this.used = 0;
			}
			System.arraycopy(this.pool, this.used, value, 0, BYTES);
			// What was given away is remembered nowhere.
			Arrays.fill(this.pool, this.used, this.used + BYTES, (byte) 0);
			this.used += BYTES;
		}
		return this.prefix + HexFormat.of().formatHex(value);
	}

}
