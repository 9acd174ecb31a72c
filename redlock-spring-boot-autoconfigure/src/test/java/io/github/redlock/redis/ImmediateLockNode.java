package io.github.redlock.redis;

import java.lang.reflect.Proxy;
import java.util.concurrent.CompletionStage;

import org.springframework.data.redis.connection.RedisConnection;

import io.github.redlock.spi.Vote;

/**
 * A {@link ScriptedRedis} whose answers are there at once.
 */
public final class ImmediateLockNode extends ScriptLockNode {

	private final RedisConnection connection;

	public ImmediateLockNode(String name, ScriptedRedis server) {
		super(name, new ScriptCommands(""), true, null);
		this.connection = connectionTo(server);
	}

	/** A connection that does nothing but run scripts. */
	static RedisConnection connectionTo(ScriptedRedis server) {
		return (RedisConnection) Proxy.newProxyInstance(ImmediateLockNode.class.getClassLoader(),
				new Class<?>[] { RedisConnection.class }, (proxy, method, args) -> server);
	}

	/** The answer of a server, an error included. */
	static Object answer(ScriptCall call, RedisConnection connection, boolean bySha) {
		try {
			return call.command().send(connection, bySha);
		}
		catch (RuntimeException ex) {
			return ex;
		}
	}

	public static String fenceKey(String resource) {
		return new LockKeys("").fenceKey(resource);
	}

	@Override
	boolean canBeHeard() {
		return true;
	}

	@Override
	CompletionStage<Vote> send(ScriptCall call) {
		call.complete(answer(call, this.connection, false));
		return call.vote();
	}

	@Override
	public void close() {
	}

}
