package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.util.ClassUtils;
import org.springframework.util.function.SingletonSupplier;

import io.github.redlock.LockOptions;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.RedlockListener;
import io.github.redlock.RedlockObserver;
import io.github.redlock.actuate.RedlockSet;
import io.github.redlock.aop.ObservedUsing;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Cluster;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Server;
import io.github.redlock.autoconfigure.RedlockProperties.ClientType;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.memory.InMemoryLocks;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.spi.LockNode;

/**
 * Makes locks as the properties say, for one set of nodes or another.
 */
final class RedlockFactory {

	private static final Logger logger = LoggerFactory.getLogger(RedlockFactory.class);

	/** The name of the lock on {@code redlock.nodes}. */
	static final String PRIMARY = "redlock";

	/** A class whose presence shows that the driver is there. */
	static final String JEDIS = "redis.clients.jedis.Connection";

	private static final String LETTUCE = "io.lettuce.core.RedisClient";

	/** How long the start waits for connections that are being opened. */
	private static final Duration FIRST_CONNECTIONS = Duration.ofMillis(300);

	private final List<RedisLockNodes> made = new CopyOnWriteArrayList<>();

	private final List<RedlockSet> sets = new CopyOnWriteArrayList<>();

	private final RedlockProperties properties;

	private final ObjectProvider<RedlockListener> listeners;

	private final ObjectProvider<RedlockBuilderCustomizer> customizers;

	private final ObjectProvider<RedlockObserver> observers;

	private final String owner;

	private final BeanFactory beanFactory;

	private final @Nullable InMemoryLocks inMemoryLocks;

	/**
	 * Create a factory.
	 * @param properties checked before
	 * @param owner put in front of owner values, empty for nothing
	 * @param beanFactory has customizers of clients
	 * @param inMemoryLocks makes the nodes instead, {@code null} for real ones
	 */
	RedlockFactory(RedlockProperties properties, ObjectProvider<RedlockListener> listeners,
			ObjectProvider<RedlockObserver> observers, ObjectProvider<RedlockBuilderCustomizer> customizers,
			String owner, BeanFactory beanFactory, @Nullable InMemoryLocks inMemoryLocks) {
		this.beanFactory = beanFactory;
		this.observers = observers;
		this.owner = owner;
		this.properties = properties;
		this.listeners = listeners;
		this.customizers = customizers;
		this.inMemoryLocks = inMemoryLocks;
	}

	/**
	 * The clients that were made so far, the primary one first.
	 */
	List<RedlockSet> sets() {
		return List.copyOf(this.sets);
	}

	boolean isInMemory() {
		return this.inMemoryLocks != null;
	}

	private RedisLockNodes newNodes(@Nullable String keyPrefix) {
		RedisLockNodes nodes = new RedisLockNodes((keyPrefix != null) ? keyPrefix : this.properties.getKeyPrefix(),
				this.properties.getRestartQuarantine());
		this.made.add(nodes);
		return nodes;
	}

	/**
	 * Find two nodes that are one server, where that is known by now or within a short
	 * time. A node that is down is not waited for; later, the log says it.
	 * @throws RedlockConfigurationException if there are two
	 */
	void checkServers() {
		for (RedisLockNodes nodes : this.made) {
			nodes.findSharedServer(FIRST_CONNECTIONS).ifPresent((problem) -> {
				throw new RedlockConfigurationException(
						"The nodes cannot be a quorum of independent servers: " + problem + ".",
						"List each independent Redis server once, under one of its names.");
			});
		}
	}

	/**
	 * Nodes of our own.
	 * @param set the name of their set
	 * @param property where they are listed
	 * @param connectionDetails asked again for each connection
	 * @param configured what they say now
	 * @param keyPrefix {@code null} for that of the properties
	 */
	RedisLockNodes nodes(String set, String property, RedlockConnectionDetails connectionDetails, List<Node> configured,
			@Nullable String keyPrefix) {
		RedlockSettingsValidator.check(property, configured);
		ClientType clientType = clientType(property);
		RedisLockNodes nodes = newNodes(keyPrefix);
		CurrentNodeSettings settings = new CurrentNodeSettings(property, connectionDetails, configured);
		for (Node node : configured) {
			if (clientType == ClientType.JEDIS && node.topology() instanceof Server) {
				nodes.add(node.name(), () -> settings.get(node.name()), this.properties.getConnectTimeout(),
						this.properties.getCommandTimeout());
			}
			else {
				nodes.add(node.name(), () -> connect(set, node, clientType), !(node.topology() instanceof Cluster),
						node.topology() instanceof Server, this.properties.getConnectTimeout().multipliedBy(2));
			}
		}
		return nodes;
	}

	private ClientType clientType(String property) {
		ClassLoader classLoader = ClassUtils.getDefaultClassLoader();
		boolean jedis = ClassUtils.isPresent(JEDIS, classLoader);
		boolean lettuce = ClassUtils.isPresent(LETTUCE, classLoader);
		ClientType wanted = this.properties.getClientType();
		if (wanted == null && (jedis || lettuce)) {
			return jedis ? ClientType.JEDIS : ClientType.LETTUCE;
		}
		if (wanted == ClientType.LETTUCE && lettuce) {
			return wanted;
		}
		if (wanted == ClientType.JEDIS && jedis) {
			return wanted;
		}
		String missing = (wanted == ClientType.LETTUCE) ? "Lettuce" : "Jedis";
		throw new RedlockConfigurationException(property + " is set, but " + missing + " is not on the class path.",
				(wanted == ClientType.LETTUCE) ? "Add io.lettuce:lettuce-core, or leave redlock.client-type out."
						: "Depend on io.github.redlock:redlock-spring-boot-starter, or add redis.clients:jedis.");
	}

	/**
	 * A factory of Spring Data Redis. A command is given up by its caller first; the
	 * driver's own timeout ends a connection that stays silent.
	 */
	private RedisConnectionFactory connect(String set, Node node, ClientType clientType) {
		Duration connectTimeout = this.properties.getConnectTimeout();
		Duration readTimeout = this.properties.getCommandTimeout().multipliedBy(2);
		return (clientType == ClientType.LETTUCE)
				? LettuceNodeFactory.create(set, node, connectTimeout, readTimeout,
						this.beanFactory.getBeanProvider(RedlockLettuceClientCustomizer.class).orderedStream().toList())
				: JedisNodeFactory.create(set, node, connectTimeout, readTimeout,
						this.beanFactory.getBeanProvider(RedlockJedisClientCustomizer.class).orderedStream().toList());
	}

	/**
	 * The application's own connection as the only node.
	 */
	RedisLockNodes nodes(ObjectProvider<RedisConnectionFactory> connectionFactory) {
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
							spring-boot-starter-data-redis), or, in tests, use redlock.mode=in-memory, or switch the lock off with redlock.enabled=false.""");
		}
		logger.warn("redlock.nodes is empty: the application's own Redis connection is used as the only node. One node"
				+ " is no quorum, and its failure or restart can break a lock.");
		RedisLockNodes nodes = newNodes(null);
		nodes.add("spring.data.redis", own);
		return nodes;
	}

	/**
	 * Make a lock.
	 * @param name of its set of nodes
	 * @param redisNodes its nodes, {@code null} where they are in memory
	 */
	DefaultRedlock create(String name, @Nullable RedisLockNodes redisNodes) {
		DefaultRedlock redlock = build(name, (this.inMemoryLocks != null) ? this.inMemoryLocks.newNodes()
				: (redisNodes != null) ? redisNodes.nodes() : List.of());
		if (this.inMemoryLocks != null) {
			this.inMemoryLocks.register(redlock);
		}
		this.sets.add(name.equals(PRIMARY) ? 0 : this.sets.size(), new RedlockSet(name, redlock, redisNodes));
		return redlock;
	}

	private DefaultRedlock build(String name, List<? extends LockNode> nodes) {
		RedlockBuilder builder = new RedlockBuilder().nodes(nodes)
			.name(name)
			.owner(this.owner)
			.defaultTtl(this.properties.getTtl())
			.commandTimeout(this.properties.getCommandTimeout())
			.extendAfter(this.properties.getAutoExtend().getAfter())
			.fencing(this.properties.getFencing().isEnabled())
			.releaseHeldOnClose(this.properties.isReleaseHeldOnClose())
			.interceptor(new ObservedUsing(SingletonSupplier.of(this::observations)))
			.defaults(defaults(this.properties));
		this.listeners.orderedStream().map(RedlockFactory::ofOneSet).forEach(builder::listener);
		this.observers.orderedStream().forEach(builder::observer);
		this.customizers.orderedStream().forEach((customizer) -> customizer.customize(builder));
		try {
			return builder.build();
		}
		catch (IllegalArgumentException ex) {
			// Everything else was checked before.
			throw new RedlockConfigurationException(
					"redlock.ttl = " + this.properties.getTtl() + ": " + ex.getMessage() + ".",
					"Use a ttl of some seconds, such as 30s.", ex);
		}
	}

	/**
	 * Asked for when the first block runs, because much of an application may hang on it.
	 */
	private ObservationRegistry observations() {
		return this.beanFactory.getBeanProvider(ObservationRegistry.class)
			.getIfAvailable(() -> ObservationRegistry.NOOP);
	}

	private static RedlockListener ofOneSet(RedlockListener listener) {
		return (listener instanceof RedlockEventPublisher publisher) ? publisher.forAnotherSet() : listener;
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
		if (properties.getMaxHold() != null) {
			options.maxHold(properties.getMaxHold());
		}
		return options.build();
	}

}
