package io.github.redlock.redis;

import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/**
 * The same contract where the driver does the input and output: for an application's own
 * connection factory.
 */
class JedisFactoryLockNodeIT extends AbstractRedisLockNodeIT {

	private JedisConnectionFactory factory;

	@Override
	protected void connect(RedisLockNodes nodes, int port) {
		this.factory = new JedisConnectionFactory(new RedisStandaloneConfiguration("127.0.0.1", port));
		this.factory.afterPropertiesSet();
		this.factory.start();
		nodes.add("factory", this.factory);
	}

	@Override
	protected void disconnect() {
		this.factory.destroy();
	}

}
