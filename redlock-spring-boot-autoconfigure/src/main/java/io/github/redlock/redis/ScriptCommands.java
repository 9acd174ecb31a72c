package io.github.redlock.redis;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;

/**
 * Turns requests into commands: which script, which KEYS, which ARGV. Thread-safe.
 */
final class ScriptCommands {

	private final LockKeys keys;

	private final long fenceRetentionMillis;

	/** A request goes to all nodes, one after the other. */
	private volatile @Nullable Last last;

	ScriptCommands(String keyPrefix, Duration fenceRetention) {
		this.keys = new LockKeys(keyPrefix);
		this.fenceRetentionMillis = fenceRetention.toMillis();
	}

	ScriptCommand of(LockScript script, LockRequest request) {
		Last last = this.last;
		if (last == null || last.command.script() != script || !isSame(last.request, request)) {
			last = new Last(request, (script == LockScript.RELEASE) ? release(request) : withTtl(script, request));
			this.last = last;
		}
		return last.command;
	}

	/**
	 * The very same object: to compare the contents would cost as much as it saves.
	 */
	@SuppressWarnings("ReferenceEquality")
	private static boolean isSame(LockRequest one, LockRequest other) {
		return one == other;
	}

	private ScriptCommand release(LockRequest request) {
		return new ScriptCommand(LockScript.RELEASE, this.keys.of(request.resources(), false),
				LockKeys.bytes(request.value()));
	}

	private ScriptCommand withTtl(LockScript script, LockRequest request) {
		byte[][] keys = this.keys.of(request.resources(), request.isFenced());
		byte[] value = LockKeys.bytes(request.value());
		long ttl = request.ttl().toMillis();
		if (!request.isFenced()) {
			return new ScriptCommand(script, keys, value, Arguments.number(ttl));
		}
		return new ScriptCommand(script, keys, value, Arguments.number(ttl), Arguments.number(request.token()),
				Arguments.number(ttl + this.fenceRetentionMillis));
	}

	private record Last(LockRequest request, ScriptCommand command) {
	}

}
