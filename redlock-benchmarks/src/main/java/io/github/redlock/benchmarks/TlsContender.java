package io.github.redlock.benchmarks;

import java.time.Duration;
import java.util.List;

import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.redis.TlsSettings;

/**
 * The lock of this project on encrypted connections.
 */
final class TlsContender {

	private static final TlsSettings TLS = new TlsSettings(Certificate.OWN.trusting());

	private TlsContender() {
	}

	/**
	 * Connect.
	 * @param driver whether the driver does the input and output, as for an application's
	 * own connection factory
	 */
	static RedlockContender create(List<Integer> ports, Duration ttl, boolean driver) {
		RedisLockNodes nodes = new RedisLockNodes("redlock:");
		for (int port : ports) {
			String name = Nodes.HOST + ":" + port;
			if (driver) {
				nodes.add(name, () -> factory(port), true, true, Duration.ofSeconds(2));
			}
			else {
				nodes.add(new RedisNodeSettings(name, Nodes.HOST, port, null, null, 0, TLS), Duration.ofSeconds(1),
						Duration.ofMillis(200));
			}
		}
		return new RedlockContender(nodes, ttl, true);
	}

	private static RedisConnectionFactory factory(int port) {
		JedisConnectionFactory factory = new JedisConnectionFactory(new RedisStandaloneConfiguration(Nodes.HOST, port),
				JedisClientConfiguration.builder()
					.useSsl()
					.sslSocketFactory(TLS.context().getSocketFactory())
					.sslParameters(TLS.parameters())
					.build());
		factory.afterPropertiesSet();
		factory.start();
		return factory;
	}

}
