package io.github.redlock.redis;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * A node that is asked by scripts: which script, which KEYS, which ARGV. How a call gets
 * there is left to the transport.
 */
abstract class ScriptLockNode implements LockNode {

	private final String name;

	private final LockKeys keys;

	private final long fenceRetentionMillis;

	ScriptLockNode(String name, String keyPrefix, Duration fenceRetention) {
		this.name = name;
		this.keys = new LockKeys(keyPrefix);
		this.fenceRetentionMillis = fenceRetention.toMillis();
	}

	/**
	 * Send a call, after those that were handed over before.
	 * @return its vote
	 */
	abstract CompletionStage<Vote> send(ScriptCall call);

	@Override
	public String name() {
		return this.name;
	}

	@Override
	public CompletionStage<Vote> acquire(LockRequest request) {
		return send(withTtl(LockScript.ACQUIRE, request));
	}

	@Override
	public CompletionStage<Vote> extend(LockRequest request) {
		return send(withTtl(LockScript.EXTEND, request));
	}

	@Override
	public CompletionStage<Vote> heal(LockRequest request) {
		return send(withTtl(LockScript.HEAL, request));
	}

	@Override
	public CompletionStage<Vote> release(LockRequest request) {
		return send(new ScriptCall(LockScript.RELEASE, this.keys.of(request.resources(), false),
				LockKeys.bytes(request.value())));
	}

	@Override
	public CompletionStage<Vote> releaseLater(LockRequest request) {
		return send(withTtl(LockScript.RELEASE_LATER, request));
	}

	@Override
	public CompletionStage<Vote> ping() {
		return send(ScriptCall.ping());
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
