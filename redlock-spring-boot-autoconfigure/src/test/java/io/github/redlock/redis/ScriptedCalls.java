package io.github.redlock.redis;

import java.lang.reflect.Proxy;
import java.time.Duration;

import org.springframework.data.redis.connection.RedisConnection;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * Requests to a {@link ScriptedRedis} that are carried out at once, by the scripts and
 * with the keys that {@link RedisLockNode} uses.
 */
public final class ScriptedCalls {

	private final ScriptCalls calls;

	private final LockKeys keys = new LockKeys("");

	private final RedisConnection connection;

	public ScriptedCalls(ScriptedRedis server, Duration fenceRetention) {
		this.calls = new ScriptCalls("", fenceRetention);
		this.connection = connectionTo(server);
	}

	/** A connection that does nothing but run scripts. */
	static RedisConnection connectionTo(ScriptedRedis server) {
		return (RedisConnection) Proxy.newProxyInstance(ScriptedCalls.class.getClassLoader(),
				new Class<?>[] { RedisConnection.class }, (proxy, method, args) -> server);
	}

	public String fenceKey(String resource) {
		return this.keys.fenceKey(resource);
	}

	public Vote acquire(LockRequest request) {
		return run(this.calls.acquire(request));
	}

	public Vote extend(LockRequest request) {
		return run(this.calls.extend(request));
	}

	public Vote heal(LockRequest request) {
		return run(this.calls.heal(request));
	}

	public Vote release(LockRequest request) {
		return run(this.calls.release(request));
	}

	private Vote run(ScriptCall call) {
		Object answer;
		try {
			answer = call.send(this.connection, false);
		}
		catch (RuntimeException ex) {
			answer = ex;
		}
		call.complete(answer);
		return call.vote().join();
	}

}
