package io.github.redlock.autoconfigure;

import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;

import io.github.redlock.Redlock;
import io.github.redlock.RedlockListener;
import io.github.redlock.RedlockObserver;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.autoconfigure.RedlockProperties.Mode;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.SystemTime;
import io.github.redlock.memory.InMemoryLocks;
import io.github.redlock.redis.RedisLockNodes;

/**
 * Auto-configuration of the nodes and the {@link Redlock} bean. It backs off if the
 * application has a {@link Redlock} of its own.
 *
 * @since 0.1.0
 */
@AutoConfiguration(afterName = { "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration",
		"org.springframework.boot.autoconfigure.data.redis.RedisAutoConfiguration",
		"org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration" })
@ConditionalOnClass(RedisConnectionFactory.class)
@ConditionalOnBooleanProperty(name = "redlock.enabled", matchIfMissing = true)
@EnableConfigurationProperties(RedlockProperties.class)
@Import({ RedlockAutoConfiguration.InMemory.class, RedlockAutoConfiguration.PrimaryLock.class, NodeSetRegistrar.class })
@ImportRuntimeHints(RedlockRuntimeHints.class)
public final class RedlockAutoConfiguration {

	private static final Logger logger = LoggerFactory.getLogger(RedlockAutoConfiguration.class);

	/**
	 * Made by Spring Boot.
	 */
	public RedlockAutoConfiguration() {
	}

	/**
	 * Before any bean can complain of what a misspelt property has left out.
	 */
	@Bean
	static BeanFactoryPostProcessor redlockPropertyNames(Environment environment) {
		return (beanFactory) -> UnknownProperties.check(environment);
	}

	@Bean
	RedlockFactory redlockFactory(RedlockProperties properties, ObjectProvider<RedlockListener> listeners,
			ObjectProvider<RedlockObserver> observers, ObjectProvider<RedlockBuilderCustomizer> customizers,
			ObjectProvider<InMemoryLocks> inMemoryLocks, Environment environment, BeanFactory beanFactory) {
		properties.getSets()
			.keySet()
			.forEach((set) -> NodeListSources.check(environment, "redlock.sets." + set + ".nodes"));
		RedlockSettingsValidator.check(properties);
		String owner = properties.isOwnerInValues() ? ProcessName.of(environment) : "";
		return new RedlockFactory(properties, listeners, observers, customizers, owner, beanFactory,
				inMemoryLocks.getIfAvailable());
	}

	@Bean
	RedlockEventPublisher redlockEventPublisher(ApplicationEventPublisher eventPublisher) {
		return new RedlockEventPublisher(eventPublisher);
	}

	@Bean
	@ConditionalOnBooleanProperty("redlock.lock-events")
	LockEventPublisher lockEventPublisher(ApplicationEventPublisher eventPublisher) {
		return new LockEventPublisher(eventPublisher);
	}

	@Bean
	RedlockLifecycle redlockLifecycle(ConfigurableApplicationContext context,
			RedlockEventPublisher redlockEventPublisher, RedlockFactory redlockFactory) {
		return new RedlockLifecycle(() -> context.getBeansOfType(Redlock.class, true, false).values(),
				redlockEventPublisher, redlockFactory::checkServers, context);
	}

	/**
	 * The lock on {@code redlock.nodes}.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnMissingBean(Redlock.class)
	static final class PrimaryLock {

		@Bean
		@ConditionalOnMissingBean(RedlockConnectionDetails.class)
		PropertiesRedlockConnectionDetails redlockConnectionDetails(RedlockProperties properties,
				ObjectProvider<SslBundles> sslBundles, Environment environment) {
			NodeListSources.check(environment, "redlock.nodes");
			return new PropertiesRedlockConnectionDetails("redlock.nodes", properties::getNodes,
					properties::getCredentials, sslBundles.getIfAvailable());
		}

		// Lazy, so that a test that puts a mock in the place of the lock needs no nodes.
		@Bean(destroyMethod = "close")
		@Lazy
		@ConditionalOnMode(Mode.REDIS)
		RedisLockNodes redlockNodes(RedlockFactory redlockFactory, ObjectProvider<RedlockConnectionDetails> beans,
				ObjectProvider<RedisConnectionFactory> connectionFactory) {
			RedlockConnectionDetails connectionDetails = ServiceConnectionDetails.join(beans);
			List<Node> configured = connectionDetails.getNodes();
			return configured.isEmpty() ? redlockFactory.nodes(connectionFactory) : redlockFactory
				.nodes(RedlockFactory.PRIMARY, "redlock.nodes", connectionDetails, configured, null);
		}

		@Bean(destroyMethod = "close")
		DefaultRedlock redlock(RedlockFactory redlockFactory, ObjectProvider<RedisLockNodes> redlockNodes) {
			return redlockFactory.create(RedlockFactory.PRIMARY, redlockNodes.getIfAvailable());
		}

	}

	/**
	 * Locks that only this application sees.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnMode(Mode.IN_MEMORY)
	@ConditionalOnMissingBean(InMemoryLocks.class)
	static final class InMemory {

		@Bean(destroyMethod = "close")
		SystemTime redlockTime() {
			return new SystemTime();
		}

		@Bean
		InMemoryLocks inMemoryLocks(SystemTime redlockTime, RedlockProperties properties) {
			logger.warn(
					"redlock.mode is in-memory: locks exclude nobody outside this application context. Use it for tests"
							+ " only.");
			return new InMemoryLocks(redlockTime::nanoTime);
		}

	}

}
