package io.github.redlock.autoconfigure;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.service.connection.ConnectionDetails;
import org.springframework.boot.ssl.SslBundle;

/**
 * Where the nodes are and how to log in. Taken from the properties, unless a bean of this
 * type says otherwise: one of the application, such as one that knows passwords which
 * change, or those of services that Testcontainers or Docker Compose have started.
 *
 * @since 0.1.0
 */
public interface RedlockConnectionDetails extends ConnectionDetails {

	/**
	 * The nodes. Asked at start-up, and again before each connection is opened: user,
	 * password, host, port and SSL bundle may change, and the next connection uses what
	 * is said then. Which nodes there are, by name, may not, nor their database and
	 * whether they use TLS; that needs a restart.
	 * <p>
	 * Must be thread-safe. It may block, but the node that is to be connected does not
	 * vote meanwhile. If it throws, the connection is opened with what was said before.
	 * @return the nodes; none at start-up means that the application's own Redis
	 * connection is the only node
	 */
	List<Node> getNodes();

	/**
	 * One node.
	 *
	 * @param name its name in statistics, events and logs; unique
	 * @param host the host name or address
	 * @param port the port
	 * @param username the ACL user, {@code null} for the default user
	 * @param password the password, {@code null} for none
	 * @param database the database number
	 * @param sslBundle certificates and keys for TLS, {@code null} for clear text
	 * @param topology what the address leads to
	 */
	record Node(String name, String host, int port, @Nullable String username, @Nullable String password, int database,
			@Nullable SslBundle sslBundle, Topology topology) {

		/**
		 * A server.
		 * @param name its name in statistics, events and logs; unique
		 * @param host the host name or address
		 * @param port the port
		 * @param username the ACL user, {@code null} for the default user
		 * @param password the password, {@code null} for none
		 * @param database the database number
		 * @param sslBundle certificates and keys for TLS, {@code null} for clear text
		 */
		public Node(String name, String host, int port, @Nullable String username, @Nullable String password,
				int database, @Nullable SslBundle sslBundle) {
			this(name, host, port, username, password, database, sslBundle, new Server());
		}

		/**
		 * Leaves the password out.
		 */
		@Override
		public String toString() {
			return "Node[name=" + this.name + ", host=" + this.host + ", port=" + this.port + "]";
		}

	}

	/**
	 * What the address of a node leads to.
	 */
	sealed interface Topology {

	}

	/**
	 * The server itself.
	 */
	record Server() implements Topology {
	}

	/**
	 * A server of Sentinel, which knows the master. Host and port of the node are those
	 * of the first server of Sentinel. Its settings are read once, at start-up.
	 *
	 * @param master the name of the master
	 * @param nodes the servers of Sentinel, the first one included
	 * @param username their ACL user, {@code null} for the default user
	 * @param password their password, {@code null} for none
	 */
	record Sentinel(String master, List<Address> nodes, @Nullable String username,
			@Nullable String password) implements Topology {

		/**
		 * Leaves the password out.
		 */
		@Override
		public String toString() {
			return "Sentinel[master=" + this.master + ", nodes=" + this.nodes + "]";
		}

	}

	/**
	 * A server of a Redis Cluster, which has one vote as a whole. Host and port of the
	 * node are those of the first server. Its settings are read once, at start-up.
	 *
	 * @param nodes some servers of the cluster, the first one included
	 */
	record Cluster(List<Address> nodes) implements Topology {
	}

	/**
	 * Where a server is.
	 *
	 * @param host the host name or address
	 * @param port the port
	 */
	record Address(String host, int port) {

		@Override
		public String toString() {
			return this.host + ":" + this.port;
		}

	}

}
