package io.github.redlock.redis;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

import io.github.redlock.spi.LockNode;

/**
 * The nodes of one lock. Their connections are deliberately not made by beans: Spring
 * Boot configures an application's own Redis connection only as long as there is no other
 * bean of type {@link RedisConnectionFactory}.
 *
 * @since 0.1.0
 */
public final class RedisLockNodes implements AutoCloseable {

	/** Connecting, and the handshake with the login, each with that timeout. */
	private static final int STEPS_OF_A_CONNECT = 2;

	/** Of a connection factory of somebody else. */
	private static final Duration UNKNOWN_CONNECT_TIME = Duration.ofSeconds(2);

	private static final int COMMANDS_OF_AN_INSPECTION = 4;

	private final ScriptCommands commands;

	private final LockKeyInspector inspector;

	private final List<LockNode> nodes = new ArrayList<>();

	private final List<LazyConnectionFactory> factories = new ArrayList<>();

	private final ServerIdentities identities = new ServerIdentities();

	private final ServerCheck check;

	private final ServerCheck standaloneCheck;

	private @Nullable IoLoop io;

	private final ThreadPoolExecutor noticesExecutor = noticesExecutor();

	/**
	 * Begin with no nodes.
	 * @param keyPrefix put in front of every resource to make its key
	 */
	public RedisLockNodes(String keyPrefix) {
		this(keyPrefix, Duration.ZERO);
	}

	/**
	 * Begin with no nodes.
	 * @param keyPrefix put in front of every resource to make its key
	 * @param restartQuarantine how long a server must have been running before it votes;
	 * zero for at once
	 */
	public RedisLockNodes(String keyPrefix, Duration restartQuarantine) {
		this.commands = new ScriptCommands(keyPrefix);
		this.inspector = new LockKeyInspector(keyPrefix);
		RestartQuarantine quarantine = new RestartQuarantine(restartQuarantine);
		this.check = new ServerCheck(quarantine, this.identities, false);
		this.standaloneCheck = new ServerCheck(quarantine, this.identities, true);
	}

	/**
	 * One thread, while there is something to do.
	 */
	private static ThreadPoolExecutor noticesExecutor() {
		ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				(task) -> IoThreads.daemon(task, "redlock-subscribe"));
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

	/**
	 * The nodes.
	 * @return the nodes in the order in which they were added
	 */
	public List<LockNode> nodes() {
		return List.copyOf(this.nodes);
	}

	/**
	 * Add a node that uses a connection factory of somebody else, who also closes it.
	 * @param name the node's name
	 * @param connectionFactory how to reach it, with any driver
	 */
	public void add(String name, RedisConnectionFactory connectionFactory) {
		this.identities.expect(name);
		this.inspector.add(name, connectionFactory::getConnection, UNKNOWN_CONNECT_TIME);
		this.nodes.add(new RedisLockNode(name, connectionFactory::getConnection, this.commands, this.check,
				UNKNOWN_CONNECT_TIME));
	}

	/**
	 * Add a node that uses a connection factory of its own, which is made when it is
	 * needed and destroyed when the nodes are closed: a driver's connection to a server,
	 * to a master that Sentinel manages, or to a Redis Cluster.
	 * @param name the node's name
	 * @param connectionFactory makes a factory that is ready for use; may block, and be
	 * called again if it throws, which counts as a failure to connect
	 * @param singleServer whether all keys lie on one server, which is asked once for
	 * each connection whether it is another one than those of the other nodes
	 * @param standalone whether that server is to be none of Sentinel or a cluster
	 * @param connectTime how long connecting may take
	 */
	public void add(String name, Supplier<? extends RedisConnectionFactory> connectionFactory, boolean singleServer,
			boolean standalone, Duration connectTime) {
		LazyConnectionFactory factory = new LazyConnectionFactory(connectionFactory);
		this.factories.add(factory);
		this.inspector.add(name, factory, connectTime);
		if (singleServer) {
			this.identities.expect(name);
		}
		this.nodes.add(new RedisLockNode(name, factory, this.commands,
				standalone ? this.standaloneCheck : singleServer ? this.check : null, connectTime));
	}

	/**
	 * Add a node reached through Jedis, whose settings never change. Nothing is connected
	 * before its first request.
	 * @param settings where it is and how to log in
	 * @param connectTimeout how long to wait for a connection
	 * @param commandTimeout how long to wait for an answer
	 */
	public void add(RedisNodeSettings settings, Duration connectTimeout, Duration commandTimeout) {
		add(settings.name(), () -> settings, connectTimeout, commandTimeout);
	}

	/**
	 * Add a node reached through Jedis, whose settings are asked for now and then each
	 * time a connection is opened, so that a password, an address or a certificate may
	 * change while locks are in use. Connections that are open keep what they were opened
	 * with. Nothing is connected before the node's first request.
	 * <p>
	 * The database, and whether TLS is used, cannot change: a connection is refused then,
	 * and the node does not vote.
	 * @param name its name in statistics, events and logs, which counts instead of that
	 * of the settings
	 * @param settings where it is and how to log in; called by several threads, where it
	 * may block; what it throws counts as a failure to connect
	 * @param connectTimeout how long to wait for a connection
	 * @param commandTimeout how long to wait for an answer
	 */
	public void add(String name, Supplier<RedisNodeSettings> settings, Duration connectTimeout,
			Duration commandTimeout) {
		this.identities.expect(name);
		RedisNodeSettings first = settings.get();
		Duration connectTime = connectTimeout.multipliedBy(STEPS_OF_A_CONNECT);
		Supplier<RedisNodeSettings> current = () -> first.replacedBy(settings.get());
		ReleaseSubscription notices = new ReleaseSubscription(name,
				() -> JedisConnections.openForNotices(current.get(), connectTimeout), this.noticesExecutor);
		Supplier<RedisConnection> opener = () -> JedisConnections.openForInspection(current.get(), connectTimeout,
				commandTimeout);
		this.inspector.add(name, opener, connectTime.plus(commandTimeout.multipliedBy(COMMANDS_OF_AN_INSPECTION)));
		this.nodes.add(new ChannelLockNode(name, this.commands, io(commandTimeout),
				() -> open(name, current.get(), connectTimeout), notices, this.identities, connectTime));
	}

	private Connectors.Connection open(String name, RedisNodeSettings settings, Duration connectTimeout)
			throws IOException {
		try {
			return JedisConnections.open(name, settings, connectTimeout, this.standaloneCheck);
		}
		finally {
			this.identities.tried(name);
		}
	}

	/**
	 * Two nodes that are one server, or a server that cannot be a node. What is known of
	 * that grows with the connections.
	 * @param patience how long to wait until each node has been tried once
	 * @return what is wrong, in words, if anything is
	 */
	public Optional<String> findSharedServer(Duration patience) {
		return this.identities.problem(patience.toMillis());
	}

	/**
	 * Ask all nodes who has a resource, each on a connection that is opened for that.
	 * Blocks for a few round trips, or for the timeouts of a node that is down.
	 * @param resource the name of the resource
	 * @return what each node says, in their order
	 */
	public List<LockKeyReport> inspect(String resource) {
		return this.inspector.inspect(resource);
	}

	/**
	 * Delete the lock of a resource on all nodes, whoever has it, by order of an
	 * operator. Its holder is not asked: it learns of that when it extends or releases
	 * the lock, and may work on until then beside the next holder. Blocks as
	 * {@link #inspect} does.
	 * @param resource the name of the resource
	 * @return what was on each node before
	 */
	public List<LockKeyReport> free(String resource) {
		return this.inspector.free(resource);
	}

	private IoLoop io(Duration commandTimeout) {
		IoLoop io = this.io;
		if (io == null) {
			io = new IoLoop(commandTimeout);
			this.io = io;
		}
		return io;
	}

	/**
	 * Close the nodes. A connection factory that was handed in stays open. Closing twice
	 * is harmless.
	 */
	@Override
	public void close() {
		this.nodes.forEach(LockNode::close);
		this.factories.forEach(LazyConnectionFactory::close);
		this.noticesExecutor.shutdown();
	}

}
