package io.github.redlock.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * One Lua script and the SHA-1 by which Redis knows it.
 */
enum LockScript {

	ACQUIRE("acquire.lua"),

	EXTEND("extend.lua"),

	EXTEND_ALL("extend-all.lua"),

	HEAL("heal.lua"),

	RELEASE("release.lua"),

	RELEASE_LATER("release-later.lua"),

	TRANSFER("transfer.lua"),

	PING("ping.lua"),

	PROBE("probe.lua");

	/** More than a name, two lengths and four line ends. */
	private static final int HEAD_RESERVE = 64;

	private static final Map<LockScript, byte[]> HEADS_BY_SHA = heads("EVALSHA", LockScript::sha);

	private static final Map<LockScript, byte[]> HEADS_BY_TEXT = heads("EVAL", LockScript::text);

	private final String text;

	private final String sha;

	LockScript(String resource) {
		this.text = load(resource);
		this.sha = sha1(this.text);
	}

	private static Map<LockScript, byte[]> heads(String command, Function<LockScript, byte[]> script) {
		Map<LockScript, byte[]> heads = new EnumMap<>(LockScript.class);
		for (LockScript each : values()) {
			heads.put(each, head(command, script.apply(each)));
		}
		return heads;
	}

	private static byte[] head(String command, byte[] script) {
		byte[] name = command.getBytes(StandardCharsets.US_ASCII);
		ByteBuffer buffer = ByteBuffer.allocate(HEAD_RESERVE + script.length);
		Arguments.append(buffer, name);
		Arguments.append(buffer, script);
		return Arrays.copyOf(buffer.array(), buffer.position());
	}

	/**
	 * The first two arguments of a call as they travel: the command and this script.
	 * @param bySha whether to name the script or to send its text
	 */
	byte[] head(boolean bySha) {
		return Objects.requireNonNull((bySha ? HEADS_BY_SHA : HEADS_BY_TEXT).get(this));
	}

	/**
	 * Whether it answers with a list.
	 */
	boolean answersWithList() {
		return this == EXTEND_ALL;
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
