package io.github.redlock.benchmarks;

import java.time.Duration;
import java.time.Instant;

import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.provider.redis.spring.RedisLockProvider;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * ShedLock on one server, through Lettuce. It never waits, so it is measured only where
 * nobody has to.
 */
final class ShedLockContender implements Contender {

	private final LettuceConnectionFactory connections;

	private final RedisLockProvider provider;

	ShedLockContender(int port) {
		this.connections = connections(port);
		this.provider = new RedisLockProvider(this.connections, "shedlock");
	}

	static LettuceConnectionFactory connections(int port) {
		LettuceConnectionFactory connections = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration(Nodes.HOST, port));
		connections.afterPropertiesSet();
		connections.start();
		return connections;
	}

	@Override
	public @Nullable Object lock(String resource) {
		return this.provider.lock(new LockConfiguration(Instant.now(), resource, TTL, Duration.ZERO)).orElse(null);
	}

	@Override
	public void unlock(Object lock) {
		((SimpleLock) lock).unlock();
	}

	@Override
	public void close() {
		this.connections.destroy();
	}

}
