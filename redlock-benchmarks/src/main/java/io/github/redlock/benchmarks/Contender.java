package io.github.redlock.benchmarks;

import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A lock to be measured, with the settings that its own documentation recommends.
 */
interface Contender extends AutoCloseable {

	/** How long a lock is kept by the servers. */
	Duration TTL = Duration.ofSeconds(30);

	/** How long to wait for a lock. */
	Duration WAIT = Duration.ofSeconds(30);

	/**
	 * Wait for a lock, and have it kept alive by its library if that can do so.
	 * @return the lock, {@code null} if the time is over
	 */
	@Nullable Object lock(String resource) throws Exception;

	void unlock(Object lock) throws Exception;

	@Override
	void close();

	/**
	 * Connect a contender.
	 * @param name one of the names of this package
	 * @param ports of the servers; those of one server take the first
	 * @param ttl how long a lock that is kept alive lives without it
	 */
	static Contender create(String name, List<Integer> ports, Duration ttl) {
		return switch (name) {
			case "redlock" -> new RedlockContender(ports, ttl, true);
			case "redlock-without-tokens" -> new RedlockContender(ports, ttl, false);
			case "redlock-tls" -> TlsContender.create(ports, ttl, false);
			case "redlock-tls-driver" -> TlsContender.create(ports, ttl, true);
			case "redisson-redlock" -> new RedissonContender(ports, ttl);
			case "redisson-rlock" -> new RedissonContender(ports.subList(0, 1), ttl);
			case "spring-integration-spin" -> new SpringIntegrationContender(ports.get(0), false, ttl);
			case "spring-integration-pubsub" -> new SpringIntegrationContender(ports.get(0), true, ttl);
			case "shedlock" -> new ShedLockContender(ports.get(0));
			case "jedis" -> new JedisContender(ports.get(0));
			default -> throw new IllegalArgumentException("There is no contender named " + name);
		};
	}

}
