package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;

import io.github.redlock.aop.DistributedLockAdvisor;

/**
 * The properties under {@code redlock}.
 *
 * @since 0.1.0
 */
@ConfigurationProperties("redlock")
public class RedlockProperties {

	/**
	 * Whether there is a Redlock bean and annotated methods are locked.
	 */
	private boolean enabled = true;

	/**
	 * Where the locks are kept: on the Redis nodes, or, for tests of an application, in
	 * its own memory.
	 */
	private Mode mode = Mode.REDIS;

	/**
	 * Independent Redis nodes, best an odd number of them. Without any, the application's
	 * own Redis connection serves as the only node.
	 */
	private List<Node> nodes = new ArrayList<>();

	/**
	 * Put in front of every resource to make its key in Redis. Leave it empty to exclude
	 * clients of other Redlock implementations that use the bare names.
	 */
	private String keyPrefix = "redlock:";

	/**
	 * How long the nodes keep a lock where neither call nor annotation says so. Whole
	 * milliseconds.
	 */
	private Duration ttl = Duration.ofSeconds(30);

	/**
	 * Share of the ttl that is given up for clocks of different speed, from 0 to 0.5.
	 */
	private double driftFactor = 0.01;

	/**
	 * How long an acquisition waits, whatever the retry count says. Zero means a single
	 * attempt. Not set, the retry settings bound the waiting.
	 */
	private @Nullable Duration waitTime;

	/**
	 * How long to wait for a connection to a node.
	 */
	private Duration connectTimeout = Duration.ofSeconds(1);

	/**
	 * How long to wait for the answer of a node. Far below the ttl.
	 */
	private Duration commandTimeout = Duration.ofMillis(200);

	/**
	 * How long a server must have been running before it votes. A server that was
	 * restarted without its data may have forgotten who holds its locks; the longest ttl
	 * in use is long enough. Zero for at once.
	 */
	private Duration restartQuarantine = Duration.ZERO;

	/**
	 * The driver for the nodes. By default Jedis, or Lettuce where only that is there.
	 */
	private @Nullable ClientType clientType;

	/**
	 * Whether the value of a lock names its owner in front of its random part: the
	 * application or else the host, and the process number.
	 */
	private boolean ownerInValues = true;

	/**
	 * Whether every lock that is acquired or released is an application event too. What
	 * goes wrong always is.
	 */
	private boolean lockEvents = false;

	/**
	 * Whether locks that are still held at the end of a context are released, although
	 * their holders may still be at work and may then have others beside them.
	 */
	private boolean releaseHeldOnClose = false;

	/**
	 * The longest that a lock is held: auto-extension ends there, and the lock is lost.
	 * Without limit if not set.
	 */
	private @Nullable Duration maxHold;

	/**
	 * Further sets of nodes by name. Each makes a Redlock bean with that name as its
	 * qualifier.
	 */
	private Map<String, NodeSet> sets = new LinkedHashMap<>();

	/**
	 * Logins by the name of the node, for those that are not to stand beside its address.
	 */
	private Map<String, Credentials> credentials = new LinkedHashMap<>();

	private final Annotation annotation = new Annotation();

	private final Web web = new Web();

	private final Metrics metrics = new Metrics();

	private final Retry retry = new Retry();

	private final AutoExtend autoExtend = new AutoExtend();

	private final Fencing fencing = new Fencing();

	/**
	 * Create properties with their defaults.
	 */
	public RedlockProperties() {
	}

	/**
	 * {@return whether there is a Redlock bean and annotated methods are locked}
	 */
	public boolean isEnabled() {
		return this.enabled;
	}

	/**
	 * Set whether there is a Redlock bean and annotated methods are locked.
	 * @param enabled the value of the property
	 */
	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	/**
	 * {@return where the locks are kept}
	 */
	public Mode getMode() {
		return this.mode;
	}

	/**
	 * Set where the locks are kept.
	 * @param mode the value of the property
	 */
	public void setMode(Mode mode) {
		this.mode = mode;
	}

	/**
	 * {@return the longest that a lock is held, {@code null} for no limit}
	 */
	public @Nullable Duration getMaxHold() {
		return this.maxHold;
	}

	/**
	 * Set the longest that a lock is held, {@code null} for no limit.
	 * @param maxHold the value of the property
	 */
	public void setMaxHold(@Nullable Duration maxHold) {
		this.maxHold = maxHold;
	}

	/**
	 * {@return further sets of nodes by name}
	 */
	public Map<String, NodeSet> getSets() {
		return this.sets;
	}

	/**
	 * Set further sets of nodes by name.
	 * @param sets the value of the property
	 */
	public void setSets(Map<String, NodeSet> sets) {
		this.sets = sets;
	}

	/**
	 * {@return logins by the name of the node}
	 */
	public Map<String, Credentials> getCredentials() {
		return this.credentials;
	}

	/**
	 * Set logins by the name of the node.
	 * @param credentials the value of the property
	 */
	public void setCredentials(Map<String, Credentials> credentials) {
		this.credentials = credentials;
	}

	/**
	 * {@return what concerns annotated methods}
	 */
	public Annotation getAnnotation() {
		return this.annotation;
	}

	/**
	 * {@return the independent Redis nodes}
	 */
	public List<Node> getNodes() {
		return this.nodes;
	}

	/**
	 * Set the independent Redis nodes.
	 * @param nodes the value of the property
	 */
	public void setNodes(List<Node> nodes) {
		this.nodes = nodes;
	}

	/**
	 * {@return what is put in front of every resource}
	 */
	public String getKeyPrefix() {
		return this.keyPrefix;
	}

	/**
	 * Set what is put in front of every resource.
	 * @param keyPrefix the value of the property
	 */
	public void setKeyPrefix(String keyPrefix) {
		this.keyPrefix = keyPrefix;
	}

	/**
	 * {@return how long the nodes keep a lock where neither call nor annotation says so}
	 */
	public Duration getTtl() {
		return this.ttl;
	}

	/**
	 * Set how long the nodes keep a lock where neither call nor annotation says so.
	 * @param ttl the value of the property
	 */
	public void setTtl(Duration ttl) {
		this.ttl = ttl;
	}

	/**
	 * {@return the share of the ttl that is given up for clocks of different speed}
	 */
	public double getDriftFactor() {
		return this.driftFactor;
	}

	/**
	 * Set the share of the ttl that is given up for clocks of different speed.
	 * @param driftFactor the value of the property
	 */
	public void setDriftFactor(double driftFactor) {
		this.driftFactor = driftFactor;
	}

	/**
	 * {@return how long an acquisition waits, {@code null} where the retries bound it}
	 */
	public @Nullable Duration getWaitTime() {
		return this.waitTime;
	}

	/**
	 * Set how long an acquisition waits, {@code null} where the retries bound it.
	 * @param waitTime the value of the property
	 */
	public void setWaitTime(@Nullable Duration waitTime) {
		this.waitTime = waitTime;
	}

	/**
	 * {@return how long to wait for a connection to a node}
	 */
	public Duration getConnectTimeout() {
		return this.connectTimeout;
	}

	/**
	 * Set how long to wait for a connection to a node.
	 * @param connectTimeout the value of the property
	 */
	public void setConnectTimeout(Duration connectTimeout) {
		this.connectTimeout = connectTimeout;
	}

	/**
	 * {@return how long to wait for the answer of a node}
	 */
	public Duration getCommandTimeout() {
		return this.commandTimeout;
	}

	/**
	 * Set how long to wait for the answer of a node.
	 * @param commandTimeout the value of the property
	 */
	public void setCommandTimeout(Duration commandTimeout) {
		this.commandTimeout = commandTimeout;
	}

	/**
	 * {@return how long a server must have been running before it votes}
	 */
	public Duration getRestartQuarantine() {
		return this.restartQuarantine;
	}

	/**
	 * Set how long a server must have been running before it votes.
	 * @param restartQuarantine the value of the property
	 */
	public void setRestartQuarantine(Duration restartQuarantine) {
		this.restartQuarantine = restartQuarantine;
	}

	/**
	 * {@return the driver for the nodes, {@code null} for Jedis where it is there, else
	 * Lettuce}
	 */
	public @Nullable ClientType getClientType() {
		return this.clientType;
	}

	/**
	 * Set the driver for the nodes, {@code null} for Jedis where it is there, else
	 * Lettuce.
	 * @param clientType the value of the property
	 */
	public void setClientType(@Nullable ClientType clientType) {
		this.clientType = clientType;
	}

	/**
	 * {@return whether the value of a lock names its owner in front of its random part}
	 */
	public boolean isOwnerInValues() {
		return this.ownerInValues;
	}

	/**
	 * Set whether the value of a lock names its owner in front of its random part.
	 * @param ownerInValues the value of the property
	 */
	public void setOwnerInValues(boolean ownerInValues) {
		this.ownerInValues = ownerInValues;
	}

	/**
	 * {@return whether every lock that is acquired or released is an application event
	 * too}
	 */
	public boolean isLockEvents() {
		return this.lockEvents;
	}

	/**
	 * Set whether every lock that is acquired or released is an application event too.
	 * @param lockEvents the value of the property
	 */
	public void setLockEvents(boolean lockEvents) {
		this.lockEvents = lockEvents;
	}

	/**
	 * {@return whether locks that are still held at the end of a context are released}
	 */
	public boolean isReleaseHeldOnClose() {
		return this.releaseHeldOnClose;
	}

	/**
	 * Set whether locks that are still held at the end of a context are released.
	 * @param releaseHeldOnClose the value of the property
	 */
	public void setReleaseHeldOnClose(boolean releaseHeldOnClose) {
		this.releaseHeldOnClose = releaseHeldOnClose;
	}

	/**
	 * {@return what concerns meters}
	 */
	public Metrics getMetrics() {
		return this.metrics;
	}

	/**
	 * {@return what concerns web requests}
	 */
	public Web getWeb() {
		return this.web;
	}

	/**
	 * {@return what happens after a failed attempt}
	 */
	public Retry getRetry() {
		return this.retry;
	}

	/**
	 * {@return what concerns the extension of locks that are in use}
	 */
	public AutoExtend getAutoExtend() {
		return this.autoExtend;
	}

	/**
	 * {@return what concerns fencing tokens}
	 */
	public Fencing getFencing() {
		return this.fencing;
	}

	/**
	 * Where locks are kept.
	 */
	public enum Mode {

		/** On the Redis nodes. */
		REDIS,

		/**
		 * In the memory of this application, so that no other application is excluded.
		 */
		IN_MEMORY

	}

	/**
	 * A further set of nodes.
	 */
	public static class NodeSet {

		/**
		 * Independent Redis nodes, as under redlock.nodes.
		 */
		private List<Node> nodes = new ArrayList<>();

		/**
		 * Put in front of every resource to make its key. As redlock.key-prefix if not
		 * set.
		 */
		private @Nullable String keyPrefix;

		/**
		 * Create properties with their defaults.
		 */
		public NodeSet() {
		}

		/**
		 * {@return the independent Redis nodes}
		 */
		public List<Node> getNodes() {
			return this.nodes;
		}

		/**
		 * Set the independent Redis nodes.
		 * @param nodes the value of the property
		 */
		public void setNodes(List<Node> nodes) {
			this.nodes = nodes;
		}

		/**
		 * {@return what is put in front of every resource of this set, {@code null} for
		 * {@code redlock.key-prefix}}
		 */
		public @Nullable String getKeyPrefix() {
			return this.keyPrefix;
		}

		/**
		 * Set what is put in front of every resource of this set, {@code null} for
		 * {@code redlock.key-prefix}.
		 * @param keyPrefix the value of the property
		 */
		public void setKeyPrefix(@Nullable String keyPrefix) {
			this.keyPrefix = keyPrefix;
		}

	}

	/**
	 * Annotated methods.
	 */
	public static class Annotation {

		/**
		 * Order of the advice around annotated methods. Less than that of transactions,
		 * so that the commit comes before the release.
		 */
		private int order = DistributedLockAdvisor.ORDER;

		/**
		 * What happens at start-up if no proxy can intercept an annotated method, because
		 * it is private for instance.
		 */
		private OnUnadvisable onUnadvisable = OnUnadvisable.FAIL;

		/**
		 * Create properties with their defaults.
		 */
		public Annotation() {
		}

		/**
		 * {@return the order of the advice around annotated methods}
		 */
		public int getOrder() {
			return this.order;
		}

		/**
		 * Set the order of the advice around annotated methods.
		 * @param order the value of the property
		 */
		public void setOrder(int order) {
			this.order = order;
		}

		/**
		 * {@return what happens if no proxy can intercept an annotated method}
		 */
		public OnUnadvisable getOnUnadvisable() {
			return this.onUnadvisable;
		}

		/**
		 * Set what happens if no proxy can intercept an annotated method.
		 * @param onUnadvisable the value of the property
		 */
		public void setOnUnadvisable(OnUnadvisable onUnadvisable) {
			this.onUnadvisable = onUnadvisable;
		}

		/**
		 * What happens if no proxy can intercept an annotated method.
		 */
		public enum OnUnadvisable {

			/** The application does not start. */
			FAIL,

			/** A warning is logged, and the method runs without a lock. */
			WARN

		}

	}

	/**
	 * One node: a host, a URL, a master that Sentinel manages, or a whole cluster.
	 */
	public static class Node {

		/**
		 * Name in statistics, events and logs. Host and port by default.
		 */
		private @Nullable String name;

		/**
		 * Host name or address. Excludes url.
		 */
		private @Nullable String host;

		/**
		 * Port, 6379 by default. Excludes url.
		 */
		private @Nullable Integer port;

		/**
		 * Address as a URL: redis://user:password@host:port/database, or rediss:// for
		 * TLS. Excludes host and port.
		 */
		private @Nullable String url;

		/**
		 * User of the access control list. The default user if not set.
		 */
		private @Nullable String username;

		/**
		 * Password.
		 */
		private @Nullable String password;

		/**
		 * Database number, 0 by default.
		 */
		private @Nullable Integer database;

		private final Ssl ssl = new Ssl();

		private final Sentinel sentinel = new Sentinel();

		private final Cluster cluster = new Cluster();

		/**
		 * Create properties with their defaults.
		 */
		public Node() {
		}

		/**
		 * A node without an entry of its own: {@code host:port}, {@code host} or a URL.
		 * Spring Boot binds {@code redlock.nodes=a:1,b:2} by it.
		 * @param address the address
		 * @return a node with nothing but its address
		 */
		public static Node of(String address) {
			Node node = new Node();
			String text = address.trim();
			int colon = text.lastIndexOf(':');
			if (text.contains("://")) {
				node.setUrl(text);
			}
			else if (colon > 0 && text.substring(colon + 1).matches("\\d{1,5}")
					&& (text.indexOf(':') == colon || text.charAt(colon - 1) == ']')) {
				node.setHost(text.substring(0, colon).replaceAll("[\\[\\]]", ""));
				node.setPort(Integer.valueOf(text.substring(colon + 1)));
			}
			else {
				node.setHost(text);
			}
			return node;
		}

		/**
		 * {@return the name in statistics, events and logs, {@code null} for host and
		 * port}
		 */
		public @Nullable String getName() {
			return this.name;
		}

		/**
		 * Set the name in statistics, events and logs, {@code null} for host and port.
		 * @param name the value of the property
		 */
		public void setName(@Nullable String name) {
			this.name = name;
		}

		/**
		 * {@return the host name or address, {@code null} if there is a URL, a Sentinel
		 * or a cluster}
		 */
		public @Nullable String getHost() {
			return this.host;
		}

		/**
		 * Set the host name or address, {@code null} if there is a URL, a Sentinel or a
		 * cluster.
		 * @param host the value of the property
		 */
		public void setHost(@Nullable String host) {
			this.host = host;
		}

		/**
		 * {@return the port, {@code null} for 6379}
		 */
		public @Nullable Integer getPort() {
			return this.port;
		}

		/**
		 * Set the port, {@code null} for 6379.
		 * @param port the value of the property
		 */
		public void setPort(@Nullable Integer port) {
			this.port = port;
		}

		/**
		 * {@return the address as a URL, {@code null} if there is none}
		 */
		public @Nullable String getUrl() {
			return this.url;
		}

		/**
		 * Set the address as a URL, {@code null} if there is none.
		 * @param url the value of the property
		 */
		public void setUrl(@Nullable String url) {
			this.url = url;
		}

		/**
		 * {@return the user of the access control list, {@code null} for the default
		 * user}
		 */
		public @Nullable String getUsername() {
			return this.username;
		}

		/**
		 * Set the user of the access control list, {@code null} for the default user.
		 * @param username the value of the property
		 */
		public void setUsername(@Nullable String username) {
			this.username = username;
		}

		/**
		 * {@return the password, {@code null} for none}
		 */
		public @Nullable String getPassword() {
			return this.password;
		}

		/**
		 * Set the password, {@code null} for none.
		 * @param password the value of the property
		 */
		public void setPassword(@Nullable String password) {
			this.password = password;
		}

		/**
		 * {@return the number of the database, {@code null} for 0}
		 */
		public @Nullable Integer getDatabase() {
			return this.database;
		}

		/**
		 * Set the number of the database, {@code null} for 0.
		 * @param database the value of the property
		 */
		public void setDatabase(@Nullable Integer database) {
			this.database = database;
		}

		/**
		 * {@return what concerns TLS}
		 */
		public Ssl getSsl() {
			return this.ssl;
		}

		/**
		 * {@return the Sentinel that knows the master, if it has a name}
		 */
		public Sentinel getSentinel() {
			return this.sentinel;
		}

		/**
		 * {@return the cluster, if it has nodes}
		 */
		public Cluster getCluster() {
			return this.cluster;
		}

	}

	/**
	 * TLS of one node.
	 */
	public static class Ssl {

		/**
		 * Whether to use TLS. On by default if a bundle is set or the URL begins with
		 * rediss://.
		 */
		private @Nullable Boolean enabled;

		/**
		 * Name of the SSL bundle with certificates and keys. The system's trust store if
		 * not set.
		 */
		private @Nullable String bundle;

		/**
		 * Create properties with their defaults.
		 */
		public Ssl() {
		}

		/**
		 * {@return whether to use TLS, {@code null} if a bundle or the URL says so}
		 */
		public @Nullable Boolean getEnabled() {
			return this.enabled;
		}

		/**
		 * Set whether to use TLS, {@code null} if a bundle or the URL says so.
		 * @param enabled the value of the property
		 */
		public void setEnabled(@Nullable Boolean enabled) {
			this.enabled = enabled;
		}

		/**
		 * {@return the name of the SSL bundle, {@code null} for the trust store of the
		 * system}
		 */
		public @Nullable String getBundle() {
			return this.bundle;
		}

		/**
		 * Set the name of the SSL bundle, {@code null} for the trust store of the system.
		 * @param bundle the value of the property
		 */
		public void setBundle(@Nullable String bundle) {
			this.bundle = bundle;
		}

	}

	/**
	 * What happens after a failed attempt.
	 */
	public static class Retry {

		/**
		 * How many more attempts follow a failed one. -1 for no limit.
		 */
		private int count = 3;

		/**
		 * How long to pause before the next attempt. Where releases are told of, it is
		 * the first pause; each one after it is twice as long, up to 5 s.
		 */
		private Duration delay = Duration.ofMillis(200);

		/**
		 * The most by which a pause is made longer or shorter, at random.
		 */
		private Duration jitter = Duration.ofMillis(100);

		/**
		 * Create properties with their defaults.
		 */
		public Retry() {
		}

		/**
		 * {@return how many more attempts follow a failed one}
		 */
		public int getCount() {
			return this.count;
		}

		/**
		 * Set how many more attempts follow a failed one.
		 * @param count the value of the property
		 */
		public void setCount(int count) {
			this.count = count;
		}

		/**
		 * {@return how long to pause before the next attempt}
		 */
		public Duration getDelay() {
			return this.delay;
		}

		/**
		 * Set how long to pause before the next attempt.
		 * @param delay the value of the property
		 */
		public void setDelay(Duration delay) {
			this.delay = delay;
		}

		/**
		 * {@return the most by which a pause is made longer or shorter, at random}
		 */
		public Duration getJitter() {
			return this.jitter;
		}

		/**
		 * Set the most by which a pause is made longer or shorter, at random.
		 * @param jitter the value of the property
		 */
		public void setJitter(Duration jitter) {
			this.jitter = jitter;
		}

	}

	/**
	 * Extension of locks that are in use.
	 */
	public static class AutoExtend {

		/**
		 * Whether annotated methods and blocks extend their lock while they run.
		 */
		private boolean enabled = true;

		/**
		 * Share of the ttl after which the extension begins, above 0 and at most 0.9. A
		 * third by default, so that two thirds are left for trying again.
		 */
		private double after = 1.0 / 3;

		/**
		 * Create properties with their defaults.
		 */
		public AutoExtend() {
		}

		/**
		 * {@return whether annotated methods and blocks extend their lock while they run}
		 */
		public boolean isEnabled() {
			return this.enabled;
		}

		/**
		 * Set whether annotated methods and blocks extend their lock while they run.
		 * @param enabled the value of the property
		 */
		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		/**
		 * {@return the share of the ttl after which the extension begins}
		 */
		public double getAfter() {
			return this.after;
		}

		/**
		 * Set the share of the ttl after which the extension begins.
		 * @param after the value of the property
		 */
		public void setAfter(double after) {
			this.after = after;
		}

	}

	/**
	 * Fencing tokens.
	 */
	public static class Fencing {

		/**
		 * Whether locks carry fencing tokens. All clients of a resource must agree on it.
		 */
		private boolean enabled = true;

		/**
		 * Create properties with their defaults.
		 */
		public Fencing() {
		}

		/**
		 * {@return whether locks carry fencing tokens}
		 */
		public boolean isEnabled() {
			return this.enabled;
		}

		/**
		 * Set whether locks carry fencing tokens.
		 * @param enabled the value of the property
		 */
		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

	/**
	 * The login at one node.
	 */
	public static class Credentials {

		/**
		 * User of the node's access control list. Without it, its default user.
		 */
		private @Nullable String username;

		/**
		 * Password of that user.
		 */
		private @Nullable String password;

		/**
		 * Create properties with their defaults.
		 */
		public Credentials() {
		}

		/**
		 * {@return the user of the node's access control list, {@code null} for its
		 * default user}
		 */
		public @Nullable String getUsername() {
			return this.username;
		}

		/**
		 * Set the user of the node's access control list, {@code null} for its default
		 * user.
		 * @param username the value of the property
		 */
		public void setUsername(@Nullable String username) {
			this.username = username;
		}

		/**
		 * {@return the password of that user, {@code null} for none}
		 */
		public @Nullable String getPassword() {
			return this.password;
		}

		/**
		 * Set the password of that user, {@code null} for none.
		 * @param password the value of the property
		 */
		public void setPassword(@Nullable String password) {
			this.password = password;
		}

	}

	/**
	 * A node that is whatever server Sentinel says is the master. Excludes host, url and
	 * cluster.
	 */
	public static class Sentinel {

		/**
		 * Name of the master.
		 */
		private @Nullable String master;

		/**
		 * Addresses of the Sentinel servers, as host:port; the port is 26379 by default.
		 */
		private List<String> nodes = new ArrayList<>();

		/**
		 * User of the access control list of the Sentinel servers.
		 */
		private @Nullable String username;

		/**
		 * Password of the Sentinel servers.
		 */
		private @Nullable String password;

		/**
		 * Create properties with their defaults.
		 */
		public Sentinel() {
		}

		/**
		 * {@return the name of the master, {@code null} if there is no Sentinel}
		 */
		public @Nullable String getMaster() {
			return this.master;
		}

		/**
		 * Set the name of the master, {@code null} if there is no Sentinel.
		 * @param master the value of the property
		 */
		public void setMaster(@Nullable String master) {
			this.master = master;
		}

		/**
		 * {@return the addresses of the Sentinel servers}
		 */
		public List<String> getNodes() {
			return this.nodes;
		}

		/**
		 * Set the addresses of the Sentinel servers.
		 * @param nodes the value of the property
		 */
		public void setNodes(List<String> nodes) {
			this.nodes = nodes;
		}

		/**
		 * {@return the user of the Sentinel servers, {@code null} for their default user}
		 */
		public @Nullable String getUsername() {
			return this.username;
		}

		/**
		 * Set the user of the Sentinel servers, {@code null} for their default user.
		 * @param username the value of the property
		 */
		public void setUsername(@Nullable String username) {
			this.username = username;
		}

		/**
		 * {@return the password of the Sentinel servers, {@code null} for none}
		 */
		public @Nullable String getPassword() {
			return this.password;
		}

		/**
		 * Set the password of the Sentinel servers, {@code null} for none.
		 * @param password the value of the property
		 */
		public void setPassword(@Nullable String password) {
			this.password = password;
		}

	}

	/**
	 * A node that is a whole Redis Cluster, with one vote. Excludes host, url and
	 * sentinel.
	 */
	public static class Cluster {

		/**
		 * Addresses of some of its servers, as host:port; the others are found by them.
		 */
		private List<String> nodes = new ArrayList<>();

		/**
		 * Create properties with their defaults.
		 */
		public Cluster() {
		}

		/**
		 * {@return the addresses of some of its servers}
		 */
		public List<String> getNodes() {
			return this.nodes;
		}

		/**
		 * Set the addresses of some of its servers.
		 * @param nodes the value of the property
		 */
		public void setNodes(List<String> nodes) {
			this.nodes = nodes;
		}

	}

	/**
	 * What connects to nodes.
	 */
	public enum ClientType {

		/** Jedis, with input and output of our own for servers in clear text. */
		JEDIS,

		/** Lettuce. */
		LETTUCE

	}

	/**
	 * Meters.
	 */
	public static class Metrics {

		/**
		 * Whether locks and nodes are measured, where there is a MeterRegistry.
		 */
		private boolean enabled = true;

		/**
		 * Create properties with their defaults.
		 */
		public Metrics() {
		}

		/**
		 * {@return whether locks and nodes are measured, where there is a MeterRegistry}
		 */
		public boolean isEnabled() {
			return this.enabled;
		}

		/**
		 * Set whether locks and nodes are measured, where there is a MeterRegistry.
		 * @param enabled the value of the property
		 */
		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

	/**
	 * Web requests.
	 */
	public static class Web {

		/**
		 * Whether a request that finds no lock is answered with 409 or 503, and one that
		 * loses it with 500, as a problem without a stack trace.
		 */
		private boolean errorResponses = true;

		/**
		 * Create properties with their defaults.
		 */
		public Web() {
		}

		/**
		 * {@return whether a request that finds no lock or loses it is answered as a
		 * problem}
		 */
		public boolean isErrorResponses() {
			return this.errorResponses;
		}

		/**
		 * Set whether a request that finds no lock or loses it is answered as a problem.
		 * @param errorResponses the value of the property
		 */
		public void setErrorResponses(boolean errorResponses) {
			this.errorResponses = errorResponses;
		}

	}

}
