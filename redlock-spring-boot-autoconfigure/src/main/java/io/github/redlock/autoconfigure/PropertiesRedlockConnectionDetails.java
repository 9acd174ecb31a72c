package io.github.redlock.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.util.StringUtils;

import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.autoconfigure.RedlockProperties.Credentials;

/**
 * The nodes as the properties have them, each checked on its own. They are read anew
 * whenever somebody asks: an SSL bundle may have been reloaded, or the properties bound
 * again.
 */
final class PropertiesRedlockConnectionDetails implements RedlockConnectionDetails {

	private static final int DEFAULT_PORT = 6379;

	private static final int DEFAULT_SENTINEL_PORT = 26379;

	private static final int MAX_PORT = 65535;

	private final String property;

	private final Supplier<List<RedlockProperties.Node>> configured;

	private final Supplier<Map<String, Credentials>> credentials;

	private final @Nullable SslBundles sslBundles;

	/**
	 * Create the details, and check them.
	 * @param property where the nodes are listed
	 * @param configured what is listed there
	 * @param credentials logins by the names of nodes
	 * @param sslBundles the bundles, {@code null} where there are none
	 */
	PropertiesRedlockConnectionDetails(String property, Supplier<List<RedlockProperties.Node>> configured,
			Supplier<Map<String, Credentials>> credentials, @Nullable SslBundles sslBundles) {
		this.property = property;
		this.configured = configured;
		this.credentials = credentials;
		this.sslBundles = sslBundles;
		read();
	}

	@Override
	public List<Node> getNodes() {
		return read();
	}

	private List<Node> read() {
		List<RedlockProperties.Node> configured = this.configured.get();
		List<Node> nodes = new ArrayList<>();
		for (int i = 0; i < configured.size(); i++) {
			nodes.add(node(this.property + "[" + i + "]", configured.get(i)));
		}
		return List.copyOf(nodes);
	}

	private Node node(String property, RedlockProperties.Node node) {
		if (StringUtils.hasText(node.getSentinel().getMaster()) || !node.getSentinel().getNodes().isEmpty()) {
			return sentinel(property, node);
		}
		if (!node.getCluster().getNodes().isEmpty()) {
			return cluster(property, node);
		}
		return server(property, node);
	}

	private Node sentinel(String property, RedlockProperties.Node node) {
		RedlockProperties.Sentinel sentinel = node.getSentinel();
		checkAlone(property, node, "sentinel");
		if (!node.getCluster().getNodes().isEmpty()) {
			throw new RedlockConfigurationException(property + " has both a sentinel and a cluster.",
					"Keep one of them, and give the other an entry of its own.");
		}
		if (!StringUtils.hasText(sentinel.getMaster()) || sentinel.getNodes().isEmpty()) {
			throw new RedlockConfigurationException(
					property + ".sentinel has no " + (sentinel.getNodes().isEmpty() ? "nodes." : "name of a master."),
					"Set " + property + ".sentinel.master and " + property + ".sentinel.nodes.");
		}
		List<Address> addresses = addresses(property + ".sentinel.nodes", sentinel.getNodes(), DEFAULT_SENTINEL_PORT);
		String master = String.valueOf(sentinel.getMaster());
		return of(property, node, master + "@" + addresses.get(0), addresses.get(0),
				new Sentinel(master, addresses, sentinel.getUsername(), sentinel.getPassword()));
	}

	private Node cluster(String property, RedlockProperties.Node node) {
		checkAlone(property, node, "cluster");
		if (node.getDatabase() != null && node.getDatabase() != 0) {
			throw new RedlockConfigurationException(
					property + ".database = " + node.getDatabase() + ", but a Redis Cluster has database 0 only.",
					"Leave it out.");
		}
		List<Address> addresses = addresses(property + ".cluster.nodes", node.getCluster().getNodes(), DEFAULT_PORT);
		return of(property, node, "cluster@" + addresses.get(0), addresses.get(0), new Cluster(addresses));
	}

	private Node of(String property, RedlockProperties.Node node, String name, Address first, Topology topology) {
		String actual = StringUtils.hasText(node.getName()) ? String.valueOf(node.getName()) : name;
		Credentials apart = NodeCredentials.find(this.credentials.get(), actual);
		String username = node.getUsername();
		String password = node.getPassword();
		if (apart != null) {
			username = one("redlock.credentials." + actual + ".username", apart.getUsername(), username);
			password = one("redlock.credentials." + actual + ".password", apart.getPassword(), password);
		}
		return new Node(actual, first.host(), first.port(), username, password, orElse(node.getDatabase(), 0),
				sslBundle(property, node.getSsl(), null, this.sslBundles), topology);
	}

	private static void checkAlone(String property, RedlockProperties.Node node, String topology) {
		if (StringUtils.hasText(node.getHost()) || StringUtils.hasText(node.getUrl()) || node.getPort() != null) {
			throw new RedlockConfigurationException(
					property + " has a " + topology + " and also an address of its own.",
					"Keep either " + property + "." + topology + " or the host or url.");
		}
	}

	private static List<Address> addresses(String property, List<String> texts, int defaultPort) {
		List<Address> addresses = new ArrayList<>();
		for (int i = 0; i < texts.size(); i++) {
			RedlockProperties.Node node = RedlockProperties.Node.of(texts.get(i));
			String host = node.getHost();
			int port = orElse(node.getPort(), defaultPort);
			if (!StringUtils.hasText(host) || port < 1 || port > MAX_PORT) {
				throw new RedlockConfigurationException(property + "[" + i + "] is no address.",
						"Write host:port, such as redis1.example.com:" + defaultPort + ".");
			}
			addresses.add(new Address(host, port));
		}
		return List.copyOf(addresses);
	}

	private Node server(String property, RedlockProperties.Node node) {
		boolean hasUrl = StringUtils.hasText(node.getUrl());
		boolean hasHost = StringUtils.hasText(node.getHost());
		if (hasUrl && (hasHost || node.getPort() != null)) {
			throw new RedlockConfigurationException(
					property + " has a url and also " + (hasHost ? "a host" : "a port") + ".",
					"Keep either " + property + ".url or " + property + ".host and .port.");
		}
		if (!hasUrl && !hasHost) {
			throw new RedlockConfigurationException(property + " has neither a host nor a url.",
					"Set " + property + ".host, or " + property
							+ ".url. Lists of several property sources are not merged: to give a secret apart, set"
							+ " redlock.credentials.<name of the node>.password.");
		}
		RedisUrl url = hasUrl ? RedisUrl.parse(property + ".url", String.valueOf(node.getUrl())) : null;
		String host = (url != null) ? url.host() : String.valueOf(node.getHost()).trim();
		if (host.indexOf(':') >= 0 && host.indexOf(':') == host.lastIndexOf(':')) {
			throw new RedlockConfigurationException(property + ".host = " + host + " has a port in it.",
					"Set " + property + ".host=" + host.substring(0, host.indexOf(':')) + " and " + property + ".port="
							+ host.substring(host.indexOf(':') + 1) + ".");
		}
		int port = (url != null) ? url.port(DEFAULT_PORT) : orElse(node.getPort(), DEFAULT_PORT);
		if (port < 1 || port > MAX_PORT) {
			throw new RedlockConfigurationException(property + ".port = " + port + " is not a port.",
					"Use a number from 1 to 65535.");
		}
		String name = StringUtils.hasText(node.getName()) ? String.valueOf(node.getName()) : host + ":" + port;
		Credentials apart = NodeCredentials.find(this.credentials.get(), name);
		String username = one(property + ".username", node.getUsername(), (url != null) ? url.username() : null);
		String password = one(property + ".password", node.getPassword(), (url != null) ? url.password() : null);
		if (apart != null) {
			username = one("redlock.credentials." + name + ".username", apart.getUsername(), username);
			password = one("redlock.credentials." + name + ".password", apart.getPassword(), password);
		}
		Integer database = one(property + ".database", node.getDatabase(), (url != null) ? url.database() : null);
		if (database != null && database < 0) {
			throw new RedlockConfigurationException(property + ".database = " + database + " is negative.",
					"Use 0 or more.");
		}
		return new Node(name, host, port, username, password, orElse(database, 0),
				sslBundle(property, node.getSsl(), url, this.sslBundles));
	}

	/**
	 * A value that may come from a property of its own or from the URL, but not from both
	 * with different results. The values are not shown: one of them is the password.
	 */
	private static <T> @Nullable T one(String property, @Nullable T own, @Nullable T fromUrl) {
		if (own != null && fromUrl != null && !own.equals(fromUrl)) {
			throw new RedlockConfigurationException(
					property + " and the url or the entry of the same node say different things.", "Keep one of them.");
		}
		return (own != null) ? own : fromUrl;
	}

	private static int orElse(@Nullable Integer value, int fallback) {
		return (value != null) ? value : fallback;
	}

	private static @Nullable SslBundle sslBundle(String property, RedlockProperties.Ssl ssl, @Nullable RedisUrl url,
			@Nullable SslBundles sslBundles) {
		boolean tlsUrl = url != null && url.tls();
		boolean hasBundle = StringUtils.hasText(ssl.getBundle());
		if (Boolean.FALSE.equals(ssl.getEnabled())) {
			if (tlsUrl || hasBundle) {
				throw new RedlockConfigurationException(
						property + ".ssl.enabled = false, but "
								+ (tlsUrl ? "the url begins with rediss://" : property + ".ssl.bundle is set") + ".",
						"Remove one of them.");
			}
			return null;
		}
		if (hasBundle) {
			return namedBundle(property, String.valueOf(ssl.getBundle()), sslBundles);
		}
		return (tlsUrl || Boolean.TRUE.equals(ssl.getEnabled())) ? SslBundle.systemDefault() : null;
	}

	private static SslBundle namedBundle(String property, String name, @Nullable SslBundles sslBundles) {
		if (sslBundles == null) {
			throw unknownBundle(property, name, null);
		}
		try {
			return sslBundles.getBundle(name);
		}
		catch (NoSuchSslBundleException ex) {
			throw unknownBundle(property, name, ex);
		}
	}

	private static RedlockConfigurationException unknownBundle(String property, String name,
			@Nullable Throwable cause) {
		return new RedlockConfigurationException(property + ".ssl.bundle = \"" + name + "\" is not defined.",
				"Define it under spring.ssl.bundle, or correct the name.", cause);
	}

}
