package io.github.redlock.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * One Lua script and the SHA-1 by which Redis knows it.
 */
enum LockScript {

	ACQUIRE("acquire.lua"),

	EXTEND("extend.lua"),

	HEAL("heal.lua"),

	RELEASE("release.lua"),

	RELEASE_LATER("release-later.lua"),

	PING("ping.lua");

	private final String text;

	private final String sha;

	LockScript(String resource) {
		this.text = load(resource);
		this.sha = sha1(this.text);
	}

	/**
	 * The text, for EVAL.
	 */
	byte[] text() {
		return this.text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * The digest, for EVALSHA.
	 */
	byte[] sha() {
		return this.sha.getBytes(StandardCharsets.US_ASCII);
	}

	private static String load(String resource) {
		try (InputStream stream = LockScript.class.getResourceAsStream(resource)) {
			if (stream == null) {
				throw new IllegalStateException(resource + " is missing from the jar of Redlock for Spring Boot");
			}
			return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String sha1(String text) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
			return HexFormat.of().formatHex(digest);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-1", ex);
		}
	}

}
