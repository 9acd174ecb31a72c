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

	private final LockScript script;

	private final int keyCount;

	private final byte[][] keysAndArgs;

	/** Written by whoever needs it first; several would write the same. */
	private volatile byte @Nullable [] encoded;

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
	 * This command as it travels, with the text of its script.
	 */
	byte[] encodedWithText() {
		return encoded(false);
	}

	private byte[] encoded(boolean bySha) {
		byte[] head = this.script.head(bySha);
		byte[] count = Arguments.number(this.keysAndArgs.length + 3);
		byte[] keys = Arguments.number(this.keyCount);
		int size = 1 + count.length + Arguments.CR_LF.length + head.length + Arguments.sizeOf(keys);
		for (byte[] argument : this.keysAndArgs) {
			size += Arguments.sizeOf(argument);
		}
		ByteBuffer buffer = ByteBuffer.allocate(size).put((byte) '*').put(count).put(Arguments.CR_LF).put(head);
		Arguments.append(buffer, keys);
		for (byte[] argument : this.keysAndArgs) {
			Arguments.append(buffer, argument);
		}
		return buffer.array();
	}

}
