package io.github.redlock.redis;

import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * An application's own connection may be one of Lettuce; the node keeps the contract.
 */
class LettuceLockNodeIT extends AbstractRedisLockNodeIT {

	private LettuceConnectionFactory factory;

	@Override
	protected void connect(RedisLockNodes nodes, int port) {
		this.factory = new LettuceConnectionFactory("127.0.0.1", port);
		this.factory.afterPropertiesSet();
		this.factory.start();
		nodes.add("lettuce", this.factory);
	}

	@Override
	protected void disconnect() {
		this.factory.destroy();
	}

}
