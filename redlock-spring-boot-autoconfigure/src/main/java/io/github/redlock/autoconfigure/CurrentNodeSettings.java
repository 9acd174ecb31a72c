package io.github.redlock.autoconfigure;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslOptions;

import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.redis.TlsSettings;

/**
 * What the connection details say of each node at the moment when a connection to it is
 * opened. Which nodes there are was decided at start-up: votes are counted from them. A
 * node that the details do not name any more, or cannot be asked for, keeps the settings
 * that were last known.
 * <p>
 * Thread-safe.
 */
final class CurrentNodeSettings {

	private static final Logger logger = LoggerFactory.getLogger(CurrentNodeSettings.class);

	private final String property;

	private final RedlockConnectionDetails connectionDetails;

	private final Set<String> names;

	private final Map<String, Known> known = new ConcurrentHashMap<>();

	/** The last problem that was warned of, until there is none or another one. */
	private final AtomicReference<@Nullable String> problem = new AtomicReference<>();

	/**
	 * Begin with what the details said at start-up.
	 * @param property where the nodes are listed
	 * @param connectionDetails asked for each connection
	 * @param nodes checked, each with a name of its own
	 */
	CurrentNodeSettings(String property, RedlockConnectionDetails connectionDetails, List<Node> nodes) {
		this.property = property;
		this.connectionDetails = connectionDetails;
		this.names = names(nodes);
		nodes.forEach((node) -> this.known.put(node.name(), Known.of(node)));
	}

	/**
	 * What a connection is opened with now.
	 * @param name the name of a node that the details named at start-up
	 */
	RedisNodeSettings get(String name) {
		Known last = Objects.requireNonNull(this.known.get(name), name);
		Known current = current(last);
		this.known.put(name, current);
		return current.settings();
	}

	private Known current(Known last) {
		List<Node> nodes;
		try {
			nodes = this.connectionDetails.getNodes();
		}
		catch (RuntimeException ex) {
			warn("They cannot be asked: " + ex, "Connections are opened with what they said before", ex);
			return last;
		}
		if (names(nodes).equals(this.names)) {
			this.problem.set(null);
		}
		else {
			warn("They name " + names(nodes) + ", and " + this.names + " at start-up",
					"Nodes that are gone keep their last settings; restart the application to add or remove nodes",
					null);
		}
		return nodes.stream()
			.filter((node) -> node.name().equals(last.node().name()))
			.findFirst()
			.map(last::replacedBy)
			.orElse(last);
	}

	/**
	 * Once, and not for each connection.
	 */
	private void warn(String what, String consequence, @Nullable Throwable cause) {
		if (!what.equals(this.problem.getAndSet(what))) {
			logger.warn("The connection details of {} have changed in a way that cannot be followed. {}. {}.",
					this.property, what, consequence, cause);
		}
	}

	private static Set<String> names(List<Node> nodes) {
		return nodes.stream().map(Node::name).collect(Collectors.toCollection(LinkedHashSet::new));
	}

	/**
	 * What a bundle says of TLS.
	 */
	static TlsSettings tls(SslBundle bundle) {
		SslOptions options = bundle.getOptions();
		return new TlsSettings(bundle.createSslContext(), list(options.getEnabledProtocols()),
				list(options.getCiphers()));
	}

	private static @Nullable List<String> list(String @Nullable [] names) {
		return (names != null) ? List.of(names) : null;
	}

	/**
	 * What was last known of a node.
	 *
	 * @param node what the details said
	 * @param settings what was made of it; the TLS context is made anew only for another
	 * bundle
	 */
	private record Known(Node node, RedisNodeSettings settings) {

		private static Known of(Node node) {
			SslBundle bundle = node.sslBundle();
			return of(node, (bundle != null) ? tls(bundle) : null);
		}

		private static Known of(Node node, @Nullable TlsSettings tls) {
			return new Known(node, new RedisNodeSettings(node.name(), node.host(), node.port(), node.username(),
					node.password(), node.database(), tls));
		}

		private Known replacedBy(Node current) {
			return Objects.equals(current.sslBundle(), this.node.sslBundle()) ? of(current, this.settings.tls())
					: of(current);
		}

	}

}
