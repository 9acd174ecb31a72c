package io.github.redlock.redis;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import redis.clients.jedis.Jedis;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockNodeContract;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.RedisServer;

/**
 * A node with a real Redis behind it.
 */
abstract class AbstractRedisLockNodeIT extends LockNodeContract {

	protected static RedisServer server;

	private RedisLockNodes nodes;

	protected Jedis jedis;

	/** Add the node. */
	protected abstract void connect(RedisLockNodes nodes, int port);

	/** Close what was made for it. */
	protected void disconnect() {
	}

	@BeforeAll
	static void startServer() {
		server = new RedisServer();
	}

	@AfterAll
	static void stopServer() {
		server.close();
	}

	@BeforeEach
	void connectNode() {
		this.jedis = server.connect();
		this.jedis.flushAll();
		this.nodes = new RedisLockNodes("redlock:");
		connect(this.nodes, server.port());
	}

	@AfterEach
	void disconnectNode() {
		this.nodes.close();
		disconnect();
		this.jedis.close();
	}

	@Override
	protected LockNode node() {
		return this.nodes.nodes().get(0);
	}

	@Override
	protected Vote await(CompletionStage<Vote> vote) {
		return vote.toCompletableFuture().join();
	}

	@Override
	protected void hold(String resource, String value, Duration ttl) {
		// Two commands: the class of the options of one is another in Jedis 6.
		this.jedis.set("redlock:" + resource, value);
		this.jedis.pexpire("redlock:" + resource, ttl.toMillis());
	}

	@Override
	protected void delete(String resource) {
		this.jedis.del("redlock:" + resource);
	}

	@Override
	protected String valueOf(String resource) {
		return this.jedis.get("redlock:" + resource);
	}

	@Override
	protected Duration ttlOf(String resource) {
		return Duration.ofMillis(this.jedis.pttl("redlock:" + resource));
	}

	@Override
	protected long fenceOf(String resource) {
		Double fence = this.jedis.zscore(new LockKeys("redlock:").fenceKey(resource), "t");
		return (fence != null) ? fence.longValue() : 0;
	}

	@Override
	protected void deleteFence(String resource) {
		this.jedis.del(new LockKeys("redlock:").fenceKey(resource));
	}

}
