package io.github.redlock.core;

import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.function.Supplier;

/**
 * Random owner values of 128 bits. A value that could be guessed would let somebody else
 * release the lock; one that repeats would make two holders one.
 */
final class LockValues implements Supplier<String> {

	private static final int BYTES = 16;

	private final SecureRandom random = generator();

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

	@Override
	public String get() {
		byte[] value = new byte[BYTES];
		this.random.nextBytes(value);
		return HexFormat.of().formatHex(value);
	}

}
