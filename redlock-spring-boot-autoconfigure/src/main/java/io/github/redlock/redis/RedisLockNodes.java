package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLParameters;

import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisPassword;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/**
 * The nodes of one lock and the connection factories behind them, which are deliberately
 * not beans: Spring Boot configures an application's own Redis connection only as long as
 * there is no other bean of type {@link RedisConnectionFactory}.
 *
 * @since 0.1.0
 */
public final class RedisLockNodes implements AutoCloseable {

	private static final String CLIENT_NAME = "redlock";

	private final String keyPrefix;

	private final Duration fenceRetention;

	private final List<RedisLockNode> nodes = new ArrayList<>();

	private final List<JedisConnectionFactory> ownFactories = new ArrayList<>();

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
		RedisStandaloneConfiguration address = new RedisStandaloneConfiguration(settings.host(), settings.port());
		address.setDatabase(settings.database());
		address.setUsername(settings.username());
		address.setPassword(RedisPassword.of(settings.password()));
		JedisConnectionFactory factory = new JedisConnectionFactory(address,
				clientConfiguration(settings, connectTimeout, commandTimeout));
		factory.afterPropertiesSet();
		factory.start();
		this.ownFactories.add(factory);
		add(settings.name(), factory);
	}

	private static JedisClientConfiguration clientConfiguration(RedisNodeSettings settings, Duration connectTimeout,
			Duration commandTimeout) {
		JedisClientConfiguration.JedisClientConfigurationBuilder builder = JedisClientConfiguration.builder()
			.clientName(CLIENT_NAME)
			.connectTimeout(connectTimeout)
			.readTimeout(commandTimeout);
		if (settings.ssl() != null) {
			SSLParameters parameters = settings.ssl().getDefaultSSLParameters();
			// Without this Jedis accepts any valid certificate, whomever it names.
			parameters.setEndpointIdentificationAlgorithm("HTTPS");
			builder.useSsl().sslSocketFactory(settings.ssl().getSocketFactory()).sslParameters(parameters);
		}
		return builder.usePooling().poolConfig(oneConnection()).build();
	}

	/**
	 * One connection, kept for as long as it works: the node's dispatcher is its only
	 * user, sends the next pipeline when it has read the answers to the last one, and
	 * looks after idle connections itself.
	 */
	private static GenericObjectPoolConfig<Object> oneConnection() {
		GenericObjectPoolConfig<Object> pool = new GenericObjectPoolConfig<>();
		pool.setMaxTotal(1);
		pool.setMaxIdle(1);
		pool.setJmxEnabled(false);
		return pool;
	}

	/**
	 * Close the nodes and the connection factories made here. Closing twice is harmless.
	 */
	@Override
	public void close() {
		this.nodes.forEach(RedisLockNode::close);
		this.ownFactories.forEach(JedisConnectionFactory::destroy);
		this.ownFactories.clear();
	}

}
