package io.github.redlock.redis;

import java.time.Duration;

import io.github.redlock.spi.LockRequest;

/**
 * Turns requests into script calls: which script, which KEYS, which ARGV.
 */
final class ScriptCalls {

	private final LockKeys keys;

	private final long fenceRetentionMillis;

	ScriptCalls(String keyPrefix, Duration fenceRetention) {
		this.keys = new LockKeys(keyPrefix);
		this.fenceRetentionMillis = fenceRetention.toMillis();
	}

	ScriptCall acquire(LockRequest request) {
		return withTtl(LockScript.ACQUIRE, request);
	}

	ScriptCall extend(LockRequest request) {
		return withTtl(LockScript.EXTEND, request);
	}

	ScriptCall heal(LockRequest request) {
		return withTtl(LockScript.HEAL, request);
	}

	ScriptCall release(LockRequest request) {
		return new ScriptCall(LockScript.RELEASE, this.keys.of(request.resources(), false),
				LockKeys.bytes(request.value()));
	}

	ScriptCall ping() {
		return new ScriptCall(LockScript.PING, new byte[0][]);
	}

	private ScriptCall withTtl(LockScript script, LockRequest request) {
		byte[][] keys = this.keys.of(request.resources(), request.isFenced());
		byte[] value = LockKeys.bytes(request.value());
		long ttl = request.ttl().toMillis();
		if (!request.isFenced()) {
			return new ScriptCall(script, keys, value, number(ttl));
		}
		return new ScriptCall(script, keys, value, number(ttl), number(request.token()),
				number(ttl + this.fenceRetentionMillis));
	}

	private static byte[] number(long number) {
		return LockKeys.bytes(Long.toString(number));
	}

}
