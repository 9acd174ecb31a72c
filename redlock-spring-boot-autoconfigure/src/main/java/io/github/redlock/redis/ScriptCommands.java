package io.github.redlock.redis;

import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;

/**
 * Turns requests into commands: which script, which KEYS, which ARGV. Thread-safe.
 */
final class ScriptCommands {

	private static final byte[] PROBE_VALUE = LockKeys.bytes("probe");

	private static final byte[] PROBE_TTL_MILLIS = Arguments.number(1000);

	private final LockKeys keys;

	private final ScriptCommand probe;

	private final Memo<LockRequest> last = new Memo<>();

	private final Memo<List<LockRequest>> lastOfAll = new Memo<>();

	private final Memo<LockRequest> lastTransfer = new Memo<>();

	private final Memo<LockRequest> lastWithdrawal = new Memo<>();

	ScriptCommands(String keyPrefix) {
		this.keys = new LockKeys(keyPrefix);
		this.probe = new ScriptCommand(LockScript.PROBE, new byte[][] { LockKeys.bytes(this.keys.probeKey()) },
				PROBE_VALUE, PROBE_TTL_MILLIS);
	}

	/**
	 * The name of the channel where releases of the resource are told of.
	 */
	String channel(String resource) {
		return this.keys.channel(resource);
	}

	/**
	 * The command that finds out whether the node can do what a lock needs.
	 */
	ScriptCommand probe() {
		return this.probe;
	}

	ScriptCommand of(LockScript script, LockRequest request) {
		ScriptCommand command = this.last.get(script, request);
		return (command != null) ? command : this.last.put(request, make(script, request));
	}

	private ScriptCommand make(LockScript script, LockRequest request) {
		return switch (script) {
			case RELEASE -> release(script, request, LockKeys.bytes(request.value()));
			case RELEASE_LATER ->
				release(script, request, LockKeys.bytes(request.value()), Arguments.number(request.ttl().toMillis()));
			default -> withTtl(script, request);
		};
	}

	/**
	 * One command for the extension of many locks.
	 * @param requests of one resource each
	 */
	ScriptCommand ofAll(List<LockRequest> requests) {
		ScriptCommand command = this.lastOfAll.get(LockScript.EXTEND_ALL, requests);
		return (command != null) ? command : this.lastOfAll.put(requests, extendAll(requests));
	}

	/**
	 * The command that hands a lock over.
	 * @param before the value of the holder before
	 */
	ScriptCommand transfer(LockRequest request, String before) {
		// The value is fresh: the same request has the same holder before.
		ScriptCommand command = this.lastTransfer.get(LockScript.TRANSFER, request);
		return (command != null) ? command : this.lastTransfer.put(request, handOver(request, before));
	}

	/**
	 * The command that releases and tells nobody.
	 */
	ScriptCommand withdraw(LockRequest request) {
		ScriptCommand command = this.lastWithdrawal.get(LockScript.RELEASE, request);
		return (command != null) ? command : this.lastWithdrawal.put(request, new ScriptCommand(LockScript.RELEASE,
				this.keys.of(request.resources(), false), LockKeys.bytes(request.value())));
	}

	private ScriptCommand handOver(LockRequest request, String before) {
		byte[][] keys = this.keys.of(request.resources(), request.isFenced());
		byte[] value = LockKeys.bytes(request.value());
		byte[] old = LockKeys.bytes(before);
		long ttl = request.ttl().toMillis();
		return request.isFenced()
				? new ScriptCommand(LockScript.TRANSFER, keys, value, old, Arguments.number(ttl),
						Arguments.number(request.token()), Arguments.number(request.resources().size()),
						Arguments.number(request.firstToken()))
				: new ScriptCommand(LockScript.TRANSFER, keys, value, old, Arguments.number(ttl));
	}

	private ScriptCommand extendAll(List<LockRequest> requests) {
		LockRequest first = requests.get(0);
		boolean fenced = first.isFenced();
		int n = requests.size();
		byte[][] keys = new byte[fenced ? 2 * n : n][];
		byte[][] args = new byte[2 + keys.length][];
		args[0] = Arguments.number(first.ttl().toMillis());
		args[1] = Arguments.number(n);
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

	/**
	 * A command that tells those who wait.
	 */
	private ScriptCommand release(LockScript script, LockRequest request, byte[]... first) {
		List<String> resources = request.resources();
		byte[][] args = Arrays.copyOf(first, first.length + resources.size());
		for (int i = 0; i < resources.size(); i++) {
			args[first.length + i] = LockKeys.bytes(this.keys.channel(resources.get(i)));
		}
		return new ScriptCommand(script, this.keys.of(resources, false), args);
	}

	private ScriptCommand withTtl(LockScript script, LockRequest request) {
		boolean fenced = request.isFenced();
		byte[][] keys = this.keys.of(request.resources(), fenced);
		byte[] value = LockKeys.bytes(request.value());
		byte[] ttl = Arguments.number(request.ttl().toMillis());
		if (!fenced) {
			return new ScriptCommand(script, keys, value, ttl);
		}
		byte[] token = Arguments.number(request.token());
		byte[] lockKeys = Arguments.number(request.resources().size());
		return (script == LockScript.ACQUIRE && request.block() > 1)
				? new ScriptCommand(script, keys, value, ttl, token, lockKeys, Arguments.number(request.firstToken()))
				: new ScriptCommand(script, keys, value, ttl, token, lockKeys);
	}

	/**
	 * The last command that was made: a request goes to all nodes, one after the other.
	 */
	private static final class Memo<R> {

		private volatile @Nullable Entry<R> last;

		private @Nullable ScriptCommand get(LockScript script, R requested) {
			Entry<R> last = this.last;
			return (last != null && last.command.script() == script && last.requested.equals(requested)) ? last.command
					: null;
		}

		private ScriptCommand put(R requested, ScriptCommand command) {
			this.last = new Entry<>(requested, command);
			return command;
		}

		private record Entry<R>(R requested, ScriptCommand command) {
		}

	}

}
