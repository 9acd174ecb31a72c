package io.github.redlock.redis;

import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisScriptingCommands;
import org.springframework.data.redis.connection.ReturnType;

/**
 * A script with its KEYS and ARGV, the same for every node that is asked. Immutable, once
 * encoded for all of them.
 */
final class ScriptCommand {

	static final ScriptCommand PING = new ScriptCommand(LockScript.PING, new byte[0][]);

	private static final byte[] SET = LockKeys.bytes("SET");

	private static final byte[] PX = LockKeys.bytes("PX");

	private static final byte[] NX = LockKeys.bytes("NX");

	private static final byte[] ZADD = LockKeys.bytes("ZADD");

	private static final byte[] GT = LockKeys.bytes("GT");

	private static final byte[] CH = LockKeys.bytes("CH");

	/** The member of the sorted set that a fence is. */
	private static final byte[] MEMBER = LockKeys.bytes("t");

	private final LockScript script;

	private final int keyCount;

	private final byte[][] keysAndArgs;

	/** Written by whoever needs it first; several would write the same. */
	private volatile byte @Nullable [] encoded;

	/** The same for the form without a script. */
	private volatile byte @Nullable [] encodedWithoutScript;

	ScriptCommand(LockScript script, byte[][] keys, byte[]... args) {
		this.script = script;
		this.keyCount = keys.length;
		this.keysAndArgs = new byte[keys.length + args.length][];
		System.arraycopy(keys, 0, this.keysAndArgs, 0, keys.length);
		System.arraycopy(args, 0, this.keysAndArgs, keys.length, args.length);
	}

	LockScript script() {
		return this.script;
	}

	/**
	 * Send this command through a driver.
	 * @param bySha whether to name the script or to send its text
	 * @return the answer, or nothing if the connection collects it for later
	 */
	@Nullable Object send(RedisConnection connection, boolean bySha) {
		RedisScriptingCommands scripting = connection.scriptingCommands();
		ReturnType type = this.script.answersWithList() ? ReturnType.MULTI : ReturnType.INTEGER;
		return bySha ? scripting.evalSha(this.script.sha(), type, this.keyCount, this.keysAndArgs)
				: scripting.eval(this.script.text(), type, this.keyCount, this.keysAndArgs);
	}

	/**
	 * This command as it travels, naming its script by the digest. Not to be written to.
	 */
	byte[] encoded() {
		byte[] bytes = this.encoded;
		if (bytes == null) {
			bytes = encoded(true);
			this.encoded = bytes;
		}
		return bytes;
	}

	/**
	 * An acquisition of one resource as two commands instead of its script: take the key,
	 * raise the fence. The key comes first, so that a fence which was raised by a request
	 * for a free key belongs to its holder. Without a token there is no second command.
	 */
	byte[] encodedWithoutScript() {
		byte[] bytes = this.encodedWithoutScript;
		if (bytes == null) {
			byte[][] from = this.keysAndArgs;
			byte[][] take = { SET, from[0], from[this.keyCount], PX, from[this.keyCount + 1], NX };
			bytes = (this.keyCount == 1) ? Arguments.commands(take)
					: Arguments.commands(take, new byte[][] { ZADD, from[1], GT, CH, from[this.keyCount + 2], MEMBER });
			this.encodedWithoutScript = bytes;
		}
		return bytes;
	}

	/**
	 * This command as it travels, with the text of its script.
	 */
	byte[] encodedWithText() {
		return encoded(false);
	}

	private byte[] encoded(boolean bySha) {
		return encode(this.script.head(bySha), 2, Arguments.number(this.keyCount), this.keysAndArgs);
	}

	/**
	 * A command as it travels.
	 * @param head what comes first, encoded already
	 * @param inHead how many arguments that is
	 * @param next the argument after that
	 * @param rest the other arguments
	 */
	private static byte[] encode(byte[] head, int inHead, byte[] next, byte[]... rest) {
		int count = inHead + 1 + rest.length;
		int size = 1 + Arguments.number(count).length + Arguments.CR_LF.length + head.length + Arguments.sizeOf(next)
				+ Arguments.sizeOf(rest);
		ByteBuffer buffer = ByteBuffer.allocate(size);
		Arguments.appendCount(buffer, count);
		buffer.put(head);
		Arguments.append(buffer, next);
		Arguments.append(buffer, rest);
		return buffer.array();
	}

}
