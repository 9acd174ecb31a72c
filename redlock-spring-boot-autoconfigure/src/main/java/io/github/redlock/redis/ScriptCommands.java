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

	private volatile @Nullable Last<LockRequest> lastTransfer;

	private volatile @Nullable Last<LockRequest> lastWithdrawal;

	ScriptCommands(String keyPrefix, Duration fenceRetention) {
		this.keys = new LockKeys(keyPrefix);
		this.fenceRetentionMillis = fenceRetention.toMillis();
	}

	/**
	 * The name of the channel where releases of the resource are told of.
	 */
	String channel(String resource) {
		return this.keys.channel(resource);
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

	/**
	 * The command that hands a lock over.
	 * @param before the value of the holder before
	 */
	ScriptCommand transfer(LockRequest request, String before) {
		Last<LockRequest> last = this.lastTransfer;
		// The value is fresh: the same request has the same holder before.
		if (last == null || !last.requested.equals(request)) {
			byte[][] keys = this.keys.of(request.resources(), request.isFenced());
			byte[] value = LockKeys.bytes(request.value());
			byte[] ttl = Arguments.number(request.ttl().toMillis());
			byte[][] args = request.isFenced()
					? new byte[][] { value, LockKeys.bytes(before), ttl, Arguments.number(request.token()),
							Arguments.number(request.ttl().toMillis() + this.fenceRetentionMillis),
							Arguments.number(request.firstToken()) }
					: new byte[][] { value, LockKeys.bytes(before), ttl };
			last = new Last<>(request, new ScriptCommand(LockScript.TRANSFER, keys, args));
			this.lastTransfer = last;
		}
		return last.command;
	}

	/**
	 * The command that releases and tells nobody.
	 */
	ScriptCommand withdraw(LockRequest request) {
		Last<LockRequest> last = this.lastWithdrawal;
		if (last == null || !last.requested.equals(request)) {
			last = new Last<>(request, new ScriptCommand(LockScript.RELEASE, this.keys.of(request.resources(), false),
					LockKeys.bytes(request.value())));
			this.lastWithdrawal = last;
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
		List<String> resources = request.resources();
		byte[][] args = new byte[1 + resources.size()][];
		args[0] = LockKeys.bytes(request.value());
		for (int i = 0; i < resources.size(); i++) {
			args[1 + i] = LockKeys.bytes(this.keys.channel(resources.get(i)));
		}
		return new ScriptCommand(LockScript.RELEASE, this.keys.of(resources, false), args);
	}

	private ScriptCommand withTtl(LockScript script, LockRequest request) {
		byte[][] keys = this.keys.of(request.resources(), request.isFenced());
		byte[] value = LockKeys.bytes(request.value());
		long ttl = request.ttl().toMillis();
		if (!request.isFenced()) {
			return new ScriptCommand(script, keys, value, Arguments.number(ttl));
		}
		byte[] token = Arguments.number(request.token());
		byte[] fenceTtl = Arguments.number(ttl + this.fenceRetentionMillis);
		return (script == LockScript.ACQUIRE && request.block() > 1)
				? new ScriptCommand(script, keys, value, Arguments.number(ttl), token, fenceTtl,
						Arguments.number(request.firstToken()))
				: new ScriptCommand(script, keys, value, Arguments.number(ttl), token, fenceTtl);
	}

	private record Last<R>(R requested, ScriptCommand command) {
	}

}
