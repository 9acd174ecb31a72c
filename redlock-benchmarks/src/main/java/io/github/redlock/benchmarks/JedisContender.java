package io.github.redlock.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.SetParams;

/**
 * What people write by hand: {@code SET NX PX} and a compare-and-delete script on one
 * server, with a connection for each thread. No quorum, no waiting, no extension.
 */
final class JedisContender implements Contender {

	private static final String RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

	private final int port;

	private final Map<Thread, Jedis> connections = new ConcurrentHashMap<>();

	private final String release;

	JedisContender(int port) {
		this.port = port;
		this.release = connection().scriptLoad(RELEASE);
	}

	private Jedis connection() {
		return this.connections.computeIfAbsent(Thread.currentThread(), (thread) -> new Jedis(Nodes.HOST, this.port));
	}

	@Override
	public @Nullable Object lock(String resource) {
		String value = UUID.randomUUID().toString();
		SetParams ifFree = SetParams.setParams().nx().px(TTL.toMillis());
		return (connection().set(resource, value, ifFree) != null) ? new Held(resource, value) : null;
	}

	@Override
	public void unlock(Object lock) {
		Held held = (Held) lock;
		connection().evalsha(this.release, List.of(held.resource), List.of(held.value));
	}

	@Override
	public void close() {
		this.connections.values().forEach(Jedis::close);
	}

	private record Held(String resource, String value) {
	}

}
