package io.github.redlock.autoconfigure;

import java.util.List;

import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.util.ClassUtils;

import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.RedlockListener;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;

/**
 * Auto-configuration of the nodes and the {@link Redlock} bean. It backs off if the
 * application has a {@link Redlock} of its own.
 *
 * @since 0.1.0
 */
@AutoConfiguration(afterName = { "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration",
		"org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration" })
@ConditionalOnClass(RedisConnectionFactory.class)
@ConditionalOnBooleanProperty(name = "redlock.enabled", matchIfMissing = true)
@ConditionalOnMissingBean(Redlock.class)
@EnableConfigurationProperties(RedlockProperties.class)
public final class RedlockAutoConfiguration {

	private static final Logger logger = LoggerFactory.getLogger(RedlockAutoConfiguration.class);

	private static final String JEDIS = "redis.clients.jedis.Jedis";

	@Bean
	@ConditionalOnMissingBean(RedlockConnectionDetails.class)
	PropertiesRedlockConnectionDetails redlockConnectionDetails(RedlockProperties properties,
			ObjectProvider<SslBundles> sslBundles) {
		return new PropertiesRedlockConnectionDetails(properties, sslBundles.getIfAvailable());
	}

	@Bean(destroyMethod = "close")
	RedisLockNodes redlockNodes(RedlockProperties properties, RedlockConnectionDetails connectionDetails,
			ObjectProvider<RedisConnectionFactory> connectionFactory) {
		RedlockSettingsValidator.check(properties);
		List<Node> configured = connectionDetails.getNodes();
		RedlockSettingsValidator.check(configured);
		RedisLockNodes nodes = new RedisLockNodes(properties.getKeyPrefix(), properties.getFencing().getRetention());
		if (configured.isEmpty()) {
			addApplicationsOwn(nodes, connectionFactory);
			return nodes;
		}
		if (!ClassUtils.isPresent(JEDIS, ClassUtils.getDefaultClassLoader())) {
			throw new RedlockConfigurationException("redlock.nodes is set, but Jedis is not on the class path.",
					"Depend on io.github.redlock:redlock-spring-boot-starter, or add redis.clients:jedis.");
		}
		for (Node node : configured) {
			nodes.add(settings(node), properties.getConnectTimeout(), properties.getCommandTimeout());
		}
		return nodes;
	}

	private static void addApplicationsOwn(RedisLockNodes nodes,
			ObjectProvider<RedisConnectionFactory> connectionFactory) {
		RedisConnectionFactory own = connectionFactory.getIfUnique();
		if (own == null) {
			boolean several = connectionFactory.stream().findAny().isPresent();
			throw new RedlockConfigurationException(
					"No Redis node is configured: redlock.nodes is empty, and the application has "
							+ (several ? "several Redis connections, none of them primary." : "no Redis connection."),
					"""
							List the nodes, best three or five independent ones:

							    redlock:
							      nodes:
							        - host: redis1.example.com
							        - host: redis2.example.com
							          port: 6380
							        - url: rediss://user:password@redis3.example.com:6379

							or give the application a connection of its own (spring.data.redis.* needs
							spring-boot-starter-data-redis), or switch the lock off with redlock.enabled=false.""");
		}
		logger.warn("redlock.nodes is empty: the application's own Redis connection is used as the only node. One node"
				+ " is no quorum, and its failure or restart can break a lock.");
		nodes.add("spring.data.redis", own);
	}

	private static RedisNodeSettings settings(Node node) {
		return new RedisNodeSettings(node.name(), node.host(), node.port(), node.username(), node.password(),
				node.database(), sslContext(node.sslBundle()));
	}

	private static @Nullable SSLContext sslContext(@Nullable SslBundle bundle) {
		return (bundle != null) ? bundle.createSslContext() : null;
	}

	@Bean(destroyMethod = "close")
	DefaultRedlock redlock(RedlockProperties properties, RedisLockNodes redlockNodes,
			ObjectProvider<RedlockListener> listeners, ObjectProvider<RedlockBuilderCustomizer> customizers) {
		DefaultRedlock.Builder builder = DefaultRedlock.builder()
			.nodes(redlockNodes.nodes())
			.defaultTtl(properties.getTtl())
			.commandTimeout(properties.getCommandTimeout())
			.extendAfter(properties.getAutoExtend().getAfter())
			.fencing(properties.getFencing().isEnabled())
			.defaults(defaults(properties));
		listeners.orderedStream().forEach(builder::listener);
		customizers.orderedStream().forEach((customizer) -> customizer.customize(builder));
		try {
			return builder.build();
		}
		catch (IllegalArgumentException ex) {
			// Everything else was checked before.
			throw new RedlockConfigurationException(
					"redlock.ttl = " + properties.getTtl() + ": " + ex.getMessage() + ".",
					"Use a ttl of some seconds, such as 30s.", ex);
		}
	}

	private static LockOptions defaults(RedlockProperties properties) {
		LockOptions.Builder options = LockOptions.builder()
			.retryCount(properties.getRetry().getCount())
			.retryDelay(properties.getRetry().getDelay())
			.retryJitter(properties.getRetry().getJitter())
			.driftFactor(properties.getDriftFactor())
			.autoExtend(properties.getAutoExtend().isEnabled());
		if (properties.getWaitTime() != null) {
			options.waitTime(properties.getWaitTime());
		}
		return options.build();
	}

	@Bean
	RedlockEventPublisher redlockEventPublisher(ApplicationEventPublisher eventPublisher) {
		return new RedlockEventPublisher(eventPublisher);
	}

	@Bean
	RedlockLifecycle redlockLifecycle(Redlock redlock, RedlockEventPublisher redlockEventPublisher) {
		return new RedlockLifecycle(redlock, redlockEventPublisher);
	}

}
