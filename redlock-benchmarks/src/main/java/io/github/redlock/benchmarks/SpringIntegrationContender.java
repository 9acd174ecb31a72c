package io.github.redlock.benchmarks;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

import org.jspecify.annotations.Nullable;

import org.springframework.dao.CannotAcquireLockException;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.integration.redis.util.RedisLockRegistry;
import org.springframework.integration.redis.util.RedisLockRegistry.RedisLockType;

/**
 * The lock registry of Spring Integration on one server, through Lettuce.
 */
final class SpringIntegrationContender implements Contender {

	private final LettuceConnectionFactory connections;

	private final RedisLockRegistry registry;

	SpringIntegrationContender(int port, boolean notices, Duration ttl) {
		this.connections = ShedLockContender.connections(port);
		this.registry = new RedisLockRegistry(this.connections, "registry", ttl.toMillis());
		// Every resource is a fresh one; the registry keeps an object for each.
		this.registry.setCacheCapacity(10_000_000);
		this.registry.setRedisLockType(notices ? RedisLockType.PUB_SUB_LOCK : RedisLockType.SPIN_LOCK);
	}

	@Override
	public @Nullable Object lock(String resource) throws InterruptedException {
		while (true) {
			Lock lock = this.registry.obtain(resource);
			try {
				return lock.tryLock(WAIT.toMillis(), TimeUnit.MILLISECONDS) ? lock : null;
			}
			catch (CannotAcquireLockException ex) {
				if (!(ex.getCause() instanceof IllegalStateException)) {
					throw ex;
				}
				// With many threads it takes locks for evicted that are not, and advises
				// to obtain another one.
			}
		}
	}

	@Override
	public void unlock(Object lock) {
		((Lock) lock).unlock();
	}

	@Override
	public void close() {
		this.registry.destroy();
		this.connections.destroy();
	}

}
