package io.github.redlock.redis;

import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;

/**
 * Turns requests into commands: which script, which KEYS, which ARGV. Thread-safe.
 */
final class ScriptCommands {

	private static final byte[] NONE = {};

	private final LockKeys keys;

	private final long fenceRetentionMillis;

	/** A request goes to all nodes, one after the other. */
	private volatile @Nullable Last<LockRequest> last;

	private volatile @Nullable Last<List<LockRequest>> lastOfAll;

	ScriptCommands(String keyPrefix, Duration fenceRetention) {
		this.keys = new LockKeys(keyPrefix);
		this.fenceRetentionMillis = fenceRetention.toMillis();
	}

	ScriptCommand of(LockScript script, LockRequest request) {
		Last<LockRequest> last = this.last;
		if (last == null || last.command.script() != script || !last.requested.equals(request)) {
			last = new Last<>(request, (script == LockScript.RELEASE) ? release(request) : withTtl(script, request));
			this.last = last;
		}
		return last.command;
	}

	/**
	 * One command for the extension of many locks.
	 * @param requests of one resource each
	 */
	ScriptCommand ofAll(List<LockRequest> requests) {
		Last<List<LockRequest>> last = this.lastOfAll;
		if (last == null || !last.requested.equals(requests)) {
			last = new Last<>(requests, extendAll(requests));
			this.lastOfAll = last;
		}
		return last.command;
	}

	private ScriptCommand extendAll(List<LockRequest> requests) {
		LockRequest first = requests.get(0);
		boolean fenced = first.isFenced();
		int n = requests.size();
		byte[][] keys = new byte[fenced ? 2 * n : n][];
		byte[][] args = new byte[2 + keys.length][];
		long ttl = first.ttl().toMillis();
		args[0] = Arguments.number(ttl);
		args[1] = fenced ? Arguments.number(ttl + this.fenceRetentionMillis) : NONE;
		for (int i = 0; i < n; i++) {
			LockRequest request = requests.get(i);
			String resource = request.resources().get(0);
			keys[i] = LockKeys.bytes(this.keys.lockKey(resource));
			args[2 + i] = LockKeys.bytes(request.value());
			if (fenced) {
				keys[n + i] = LockKeys.bytes(this.keys.fenceKey(resource));
				args[2 + n + i] = Arguments.number(request.token());
			}
		}
		return new ScriptCommand(LockScript.EXTEND_ALL, keys, args);
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

	private record Last<R>(R requested, ScriptCommand command) {
	}

}
