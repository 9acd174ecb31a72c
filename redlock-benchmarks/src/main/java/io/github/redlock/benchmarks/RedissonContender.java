package io.github.redlock.benchmarks;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.RedissonRedLock;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/**
 * Redisson with its defaults: a {@code RedissonRedLock} on several servers, an
 * {@code RLock} on one.
 */
final class RedissonContender implements Contender {

	private final List<RedissonClient> clients;

	RedissonContender(List<Integer> ports, Duration ttl) {
		this.clients = ports.stream().map((port) -> client(port, ttl)).toList();
	}

	private static RedissonClient client(int port, Duration ttl) {
		Config config = new Config();
		config.setLockWatchdogTimeout(ttl.toMillis());
		config.useSingleServer().setAddress("redis://" + Nodes.HOST + ":" + port);
		return Redisson.create(config);
	}

	@SuppressWarnings("deprecation") // It is what Redisson has, and what people use.
	private RLock of(String resource) {
		RLock[] locks = this.clients.stream().map((client) -> client.getLock(resource)).toArray(RLock[]::new);
		return (locks.length > 1) ? new RedissonRedLock(locks) : locks[0];
	}

	@Override
	public @Nullable Object lock(String resource) throws InterruptedException {
		RLock lock = of(resource);
		return lock.tryLock(WAIT.toMillis(), TimeUnit.MILLISECONDS) ? lock : null;
	}

	@Override
	public void unlock(Object lock) {
		((RLock) lock).unlock();
	}

	@Override
	public void close() {
		this.clients.forEach(RedissonClient::shutdown);
	}

}
