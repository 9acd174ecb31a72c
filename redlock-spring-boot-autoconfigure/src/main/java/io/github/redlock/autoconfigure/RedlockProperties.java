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

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public Mode getMode() {
		return this.mode;
	}

	public void setMode(Mode mode) {
		this.mode = mode;
	}

	public @Nullable Duration getMaxHold() {
		return this.maxHold;
	}

	public void setMaxHold(@Nullable Duration maxHold) {
		this.maxHold = maxHold;
	}

	public Map<String, NodeSet> getSets() {
		return this.sets;
	}

	public void setSets(Map<String, NodeSet> sets) {
		this.sets = sets;
	}

	public Map<String, Credentials> getCredentials() {
		return this.credentials;
	}

	public void setCredentials(Map<String, Credentials> credentials) {
		this.credentials = credentials;
	}

	public Annotation getAnnotation() {
		return this.annotation;
	}

	public List<Node> getNodes() {
		return this.nodes;
	}

	public void setNodes(List<Node> nodes) {
		this.nodes = nodes;
	}

	public String getKeyPrefix() {
		return this.keyPrefix;
	}

	public void setKeyPrefix(String keyPrefix) {
		this.keyPrefix = keyPrefix;
	}

	public Duration getTtl() {
		return this.ttl;
	}

	public void setTtl(Duration ttl) {
		this.ttl = ttl;
	}

	public double getDriftFactor() {
		return this.driftFactor;
	}

	public void setDriftFactor(double driftFactor) {
		this.driftFactor = driftFactor;
	}

	public @Nullable Duration getWaitTime() {
		return this.waitTime;
	}

	public void setWaitTime(@Nullable Duration waitTime) {
		this.waitTime = waitTime;
	}

	public Duration getConnectTimeout() {
		return this.connectTimeout;
	}

	public void setConnectTimeout(Duration connectTimeout) {
		this.connectTimeout = connectTimeout;
	}

	public Duration getCommandTimeout() {
		return this.commandTimeout;
	}

	public void setCommandTimeout(Duration commandTimeout) {
		this.commandTimeout = commandTimeout;
	}

	public Duration getRestartQuarantine() {
		return this.restartQuarantine;
	}

	public void setRestartQuarantine(Duration restartQuarantine) {
		this.restartQuarantine = restartQuarantine;
	}

	public @Nullable ClientType getClientType() {
		return this.clientType;
	}

	public void setClientType(@Nullable ClientType clientType) {
		this.clientType = clientType;
	}

	public boolean isOwnerInValues() {
		return this.ownerInValues;
	}

	public void setOwnerInValues(boolean ownerInValues) {
		this.ownerInValues = ownerInValues;
	}

	public boolean isLockEvents() {
		return this.lockEvents;
	}

	public void setLockEvents(boolean lockEvents) {
		this.lockEvents = lockEvents;
	}

	public boolean isReleaseHeldOnClose() {
		return this.releaseHeldOnClose;
	}

	public void setReleaseHeldOnClose(boolean releaseHeldOnClose) {
		this.releaseHeldOnClose = releaseHeldOnClose;
	}

	public Metrics getMetrics() {
		return this.metrics;
	}

	public Web getWeb() {
		return this.web;
	}

	public Retry getRetry() {
		return this.retry;
	}

	public AutoExtend getAutoExtend() {
		return this.autoExtend;
	}

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

		public List<Node> getNodes() {
			return this.nodes;
		}

		public void setNodes(List<Node> nodes) {
			this.nodes = nodes;
		}

		public @Nullable String getKeyPrefix() {
			return this.keyPrefix;
		}

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

		public int getOrder() {
			return this.order;
		}

		public void setOrder(int order) {
			this.order = order;
		}

		public OnUnadvisable getOnUnadvisable() {
			return this.onUnadvisable;
		}

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

		public @Nullable String getName() {
			return this.name;
		}

		public void setName(@Nullable String name) {
			this.name = name;
		}

		public @Nullable String getHost() {
			return this.host;
		}

		public void setHost(@Nullable String host) {
			this.host = host;
		}

		public @Nullable Integer getPort() {
			return this.port;
		}

		public void setPort(@Nullable Integer port) {
			this.port = port;
		}

		public @Nullable String getUrl() {
			return this.url;
		}

		public void setUrl(@Nullable String url) {
			this.url = url;
		}

		public @Nullable String getUsername() {
			return this.username;
		}

		public void setUsername(@Nullable String username) {
			this.username = username;
		}

		public @Nullable String getPassword() {
			return this.password;
		}

		public void setPassword(@Nullable String password) {
			this.password = password;
		}

		public @Nullable Integer getDatabase() {
			return this.database;
		}

		public void setDatabase(@Nullable Integer database) {
			this.database = database;
		}

		public Ssl getSsl() {
			return this.ssl;
		}

		public Sentinel getSentinel() {
			return this.sentinel;
		}

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

		public @Nullable Boolean getEnabled() {
			return this.enabled;
		}

		public void setEnabled(@Nullable Boolean enabled) {
			this.enabled = enabled;
		}

		public @Nullable String getBundle() {
			return this.bundle;
		}

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
		 * How long to pause before the next attempt.
		 */
		private Duration delay = Duration.ofMillis(200);

		/**
		 * The most by which a pause is made longer or shorter, at random.
		 */
		private Duration jitter = Duration.ofMillis(100);

		public int getCount() {
			return this.count;
		}

		public void setCount(int count) {
			this.count = count;
		}

		public Duration getDelay() {
			return this.delay;
		}

		public void setDelay(Duration delay) {
			this.delay = delay;
		}

		public Duration getJitter() {
			return this.jitter;
		}

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

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public double getAfter() {
			return this.after;
		}

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

		public boolean isEnabled() {
			return this.enabled;
		}

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

		public @Nullable String getUsername() {
			return this.username;
		}

		public void setUsername(@Nullable String username) {
			this.username = username;
		}

		public @Nullable String getPassword() {
			return this.password;
		}

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

		public @Nullable String getMaster() {
			return this.master;
		}

		public void setMaster(@Nullable String master) {
			this.master = master;
		}

		public List<String> getNodes() {
			return this.nodes;
		}

		public void setNodes(List<String> nodes) {
			this.nodes = nodes;
		}

		public @Nullable String getUsername() {
			return this.username;
		}

		public void setUsername(@Nullable String username) {
			this.username = username;
		}

		public @Nullable String getPassword() {
			return this.password;
		}

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

		public List<String> getNodes() {
			return this.nodes;
		}

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

		public boolean isEnabled() {
			return this.enabled;
		}

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

		public boolean isErrorResponses() {
			return this.errorResponses;
		}

		public void setErrorResponses(boolean errorResponses) {
			this.errorResponses = errorResponses;
		}

	}

}
