package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

import io.github.redlock.spi.LockNode;

/**
 * The nodes of one lock and the connection factories behind them, which are deliberately
 * not beans: Spring Boot configures an application's own Redis connection only as long as
 * there is no other bean of type {@link RedisConnectionFactory}.
 *
 * @since 0.1.0
 */
public final class RedisLockNodes implements AutoCloseable {

	private final ScriptCommands commands;

	private final List<LockNode> nodes = new ArrayList<>();

	private @Nullable NodeChannels channels;

	private final List<Runnable> ownFactories = new ArrayList<>();

	private final ThreadPoolExecutor noticesExecutor = noticesExecutor();

	/**
	 * Begin with no nodes.
	 * @param keyPrefix put in front of every resource to make its key
	 * @param fenceRetention how long a fence key outlives its lock key
	 */
	public RedisLockNodes(String keyPrefix, Duration fenceRetention) {
		this.commands = new ScriptCommands(keyPrefix, fenceRetention);
	}

	/**
	 * One thread, while there is something to do.
	 */
	private static ThreadPoolExecutor noticesExecutor() {
		ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				(task) -> {
					Thread thread = new Thread(task, "redlock-notices");
					thread.setDaemon(true);
					return thread;
				});
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

	/**
	 * The nodes.
	 * @return the nodes in the order in which they were added
	 */
	public List<LockNode> nodes() {
		return List.copyOf(this.nodes);
	}

	/**
	 * Add a node that uses a connection factory of somebody else, who also closes it.
	 * @param name the node's name
	 * @param connectionFactory how to reach it, with any driver
	 */
	public void add(String name, RedisConnectionFactory connectionFactory) {
		this.nodes.add(new RedisLockNode(name, connectionFactory, this.commands, false, null));
	}

	/**
	 * Add a node reached through Jedis. Nothing is connected before its first request.
	 * @param settings where it is and how to log in
	 * @param connectTimeout how long to wait for a connection
	 * @param commandTimeout how long to wait for an answer
	 */
	public void add(RedisNodeSettings settings, Duration connectTimeout, Duration commandTimeout) {
		ReleaseSubscription notices = new ReleaseSubscription(settings.name(),
				() -> JedisConnections.openForNotices(settings, connectTimeout, commandTimeout), this.noticesExecutor);
		if (settings.ssl() == null) {
			this.nodes.add(new ChannelLockNode(settings.name(), this.commands, channels(settings, commandTimeout),
					() -> JedisConnections.open(settings, connectTimeout, commandTimeout), notices));
			return;
		}
		JedisConnectionFactory factory = JedisConnections.create(settings, connectTimeout, commandTimeout);
		this.ownFactories.add(factory::destroy);
		this.nodes.add(new RedisLockNode(settings.name(), factory, this.commands, true, notices));
	}

	private NodeChannels channels(RedisNodeSettings first, Duration commandTimeout) {
		NodeChannels channels = this.channels;
		if (channels == null) {
			channels = new NodeChannels(first.name(), commandTimeout);
			this.channels = channels;
		}
		return channels;
	}

	/**
	 * Close the nodes and the connection factories made here. Closing twice is harmless.
	 */
	@Override
	public void close() {
		this.nodes.forEach(LockNode::close);
		this.noticesExecutor.shutdown();
		this.ownFactories.forEach(Runnable::run);
		this.ownFactories.clear();
	}

}
