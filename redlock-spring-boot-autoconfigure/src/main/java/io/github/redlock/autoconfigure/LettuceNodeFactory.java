package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.List;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration.LettuceClientConfigurationBuilder;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import io.github.redlock.autoconfigure.RedlockConnectionDetails.Cluster;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Sentinel;

/**
 * Connections of Lettuce to any kind of node. A class of its own, so that an application
 * without Lettuce never loads it.
 * <p>
 * A command is refused while there is no connection: Lettuce would keep it and send it
 * later, when nobody waits for the lock any more.
 */
final class LettuceNodeFactory {

	/** How often to ask a cluster who has which slots, besides after each redirection. */
	private static final Duration REFRESH = Duration.ofSeconds(2);

	private LettuceNodeFactory() {
	}

	/**
	 * Make a factory that is ready for use. May ask servers; blocks.
	 */
	static RedisConnectionFactory create(String set, Node node, Duration connectTimeout, Duration readTimeout,
			List<RedlockLettuceClientCustomizer> customizers) {
		LettuceClientConfigurationBuilder builder = LettuceClientConfiguration.builder()
			.clientName("redlock")
			.commandTimeout(readTimeout)
			.shutdownQuietPeriod(Duration.ZERO)
			.clientOptions(options(node, connectTimeout));
		if (node.sslBundle() != null) {
			builder.useSsl();
		}
		customizers.forEach((customizer) -> customizer.customize(set, node.name(), builder));
		LettuceConnectionFactory factory = factory(node, builder.build());
		factory.setShareNativeConnection(false);
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

	private static LettuceConnectionFactory factory(Node node, LettuceClientConfiguration client) {
		if (node.topology() instanceof Sentinel sentinel) {
			return new LettuceConnectionFactory(NodeTopology.sentinel(node, sentinel), client);
		}
		if (node.topology() instanceof Cluster cluster) {
			return new LettuceConnectionFactory(NodeTopology.cluster(node, cluster), client);
		}
		return new LettuceConnectionFactory(NodeTopology.standalone(node), client);
	}

	private static ClientOptions options(Node node, Duration connectTimeout) {
		ClientOptions.Builder options = (node.topology() instanceof Cluster) ? ClusterClientOptions.builder()
			.topologyRefreshOptions(ClusterTopologyRefreshOptions.builder().enablePeriodicRefresh(REFRESH).build())
				: ClientOptions.builder();
		options.disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
			.socketOptions(SocketOptions.builder().connectTimeout(connectTimeout).build())
			.timeoutOptions(TimeoutOptions.enabled());
		SslBundle bundle = node.sslBundle();
		if (bundle != null) {
			options.sslOptions(ssl(bundle));
		}
		return options.build();
	}

	private static SslOptions ssl(SslBundle bundle) {
		SslOptions.Builder options = SslOptions.builder()
			.jdkSslProvider()
			.keyManager(bundle.getManagers().getKeyManagerFactory())
			.trustManager(bundle.getManagers().getTrustManagerFactory());
		String[] ciphers = bundle.getOptions().getCiphers();
		if (ciphers != null) {
			options.cipherSuites(ciphers);
		}
		String[] protocols = bundle.getOptions().getEnabledProtocols();
		if (protocols != null) {
			options.protocols(protocols);
		}
		return options.build();
	}

}
