package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.List;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration.JedisClientConfigurationBuilder;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

import io.github.redlock.autoconfigure.RedlockConnectionDetails.Cluster;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Sentinel;
import io.github.redlock.redis.TlsSettings;

/**
 * Connections of Jedis to a master that Sentinel manages, or to a Redis Cluster. A class
 * of its own, so that an application without Jedis never loads it.
 */
final class JedisNodeFactory {

	private JedisNodeFactory() {
	}

	/**
	 * Make a factory that is ready for use. Asks servers; blocks.
	 */
	static RedisConnectionFactory create(String set, Node node, Duration connectTimeout, Duration readTimeout,
			List<RedlockJedisClientCustomizer> customizers) {
		JedisClientConfigurationBuilder builder = JedisClientConfiguration.builder()
			.clientName("redlock")
			.connectTimeout(connectTimeout)
			.readTimeout(readTimeout);
		SslBundle bundle = node.sslBundle();
		if (bundle != null) {
			TlsSettings tls = CurrentNodeSettings.tls(bundle);
			builder.useSsl().sslSocketFactory(tls.context().getSocketFactory()).sslParameters(tls.parameters());
		}
		customizers.forEach((customizer) -> customizer.customize(set, node.name(), builder));
		JedisConnectionFactory factory = factory(node, builder.build());
		try {
			factory.afterPropertiesSet();
			factory.start();
			return factory;
		}
		catch (RuntimeException ex) {
			// It is made again and again as long as its servers are down.
			factory.destroy();
			throw ex;
		}
	}

	private static JedisConnectionFactory factory(Node node, JedisClientConfiguration client) {
		if (node.topology() instanceof Sentinel sentinel) {
			return new JedisConnectionFactory(NodeTopology.sentinel(node, sentinel), client);
		}
		if (node.topology() instanceof Cluster cluster) {
			return new JedisConnectionFactory(NodeTopology.cluster(node, cluster), client);
		}
		return new JedisConnectionFactory(NodeTopology.standalone(node), client);
	}

}
