package io.github.redlock.testing;

import java.util.List;
import java.util.stream.IntStream;

import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.SetParams;

/**
 * Several independent Redis servers.
 */
public final class RedisServers implements AutoCloseable {

	private final List<RedisServer> servers;

	public RedisServers(int size, String... arguments) {
		this.servers = IntStream.range(0, size).mapToObj((i) -> new RedisServer(arguments)).toList();
	}

	public RedisServer server(int index) {
		return this.servers.get(index);
	}

	public List<RedisServer> servers() {
		return this.servers;
	}

	/** Properties {@code redlock.nodes[i].host} and {@code .port} for all servers. */
	public String[] properties() {
		return IntStream.range(0, this.servers.size())
			.boxed()
			.flatMap((i) -> java.util.stream.Stream.of("redlock.nodes[" + i + "].host=127.0.0.1",
					"redlock.nodes[" + i + "].port=" + server(i).port()))
			.toArray(String[]::new);
	}

	/** How many servers have the key. */
	public long holding(String key) {
		return this.servers.stream().filter((server) -> {
			try (Jedis jedis = server.connect()) {
				return jedis.exists(key);
			}
		}).count();
	}

	/** Somebody else takes the key everywhere. */
	public void holdAll(String key, String value, long millis) {
		for (RedisServer server : this.servers) {
			try (Jedis jedis = server.connect()) {
				jedis.set(key, value, SetParams.setParams().px(millis));
			}
		}
	}

	/** Forget everything, scripts excepted. */
	public void flushAll() {
		for (RedisServer server : this.servers) {
			try (Jedis jedis = server.connect()) {
				jedis.flushAll();
			}
		}
	}

	@Override
	public void close() {
		this.servers.forEach(RedisServer::close);
	}

}
