package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/**
 * The nodes of one lock and the connection factories behind them, which are deliberately
 * not beans: Spring Boot configures an application's own Redis connection only as long as
 * there is no other bean of type {@link RedisConnectionFactory}.
 *
 * @since 0.1.0
 */
public final class RedisLockNodes implements AutoCloseable {

	private final String keyPrefix;

	private final Duration fenceRetention;

	private final List<RedisLockNode> nodes = new ArrayList<>();

	private final List<Runnable> ownFactories = new ArrayList<>();

	/**
	 * Begin with no nodes.
	 * @param keyPrefix put in front of every resource to make its key
	 * @param fenceRetention how long a fence key outlives its lock key
	 */
	public RedisLockNodes(String keyPrefix, Duration fenceRetention) {
		this.keyPrefix = keyPrefix;
		this.fenceRetention = fenceRetention;
	}

	/**
	 * The nodes.
	 * @return the nodes in the order in which they were added
	 */
	public List<RedisLockNode> nodes() {
		return List.copyOf(this.nodes);
	}

	/**
	 * Add a node that uses a connection factory of somebody else, who also closes it.
	 * @param name the node's name
	 * @param connectionFactory how to reach it, with any driver
	 */
	public void add(String name, RedisConnectionFactory connectionFactory) {
		this.nodes.add(new RedisLockNode(name, connectionFactory, this.keyPrefix, this.fenceRetention));
	}

	/**
	 * Add a node reached through Jedis. Nothing is connected before its first request.
	 * @param settings where it is and how to log in
	 * @param connectTimeout how long to wait for a connection
	 * @param commandTimeout how long to wait for an answer
	 */
	public void add(RedisNodeSettings settings, Duration connectTimeout, Duration commandTimeout) {
		JedisConnectionFactory factory = JedisConnections.create(settings, connectTimeout, commandTimeout);
		this.ownFactories.add(factory::destroy);
		this.nodes.add(new RedisLockNode(settings.name(), factory, this.keyPrefix, this.fenceRetention, true));
	}

	/**
	 * Close the nodes and the connection factories made here. Closing twice is harmless.
	 */
	@Override
	public void close() {
		this.nodes.forEach(RedisLockNode::close);
		this.ownFactories.forEach(Runnable::run);
		this.ownFactories.clear();
	}

}
