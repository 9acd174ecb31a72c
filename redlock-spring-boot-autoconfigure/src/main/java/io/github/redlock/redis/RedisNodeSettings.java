package io.github.redlock.redis;

import org.jspecify.annotations.Nullable;

/**
 * Where one node is and how to log in there.
 *
 * @param name its name in statistics, events and logs
 * @param host the host name or address
 * @param port the port
 * @param username the ACL user, {@code null} for the default user
 * @param password the password, {@code null} for none; never shown
 * @param database the database number
 * @param tls how connections are encrypted, {@code null} for clear text
 * @since 0.1.0
 */
public record RedisNodeSettings(String name, String host, int port, @Nullable String username,
		@Nullable String password, int database, @Nullable TlsSettings tls) {

	/**
	 * What the next connection is opened with.
	 * @param current what holds now
	 * @return what holds now
	 * @throws IllegalStateException if it cannot take the place of these settings
	 */
	RedisNodeSettings replacedBy(RedisNodeSettings current) {
		if (this.database != current.database) {
			throw new IllegalStateException("Node " + this.name + " now has database " + current.database
					+ " instead of " + this.database + ", where its locks are; that needs a restart");
		}
		if ((this.tls != null) != (current.tls != null)) {
			throw new IllegalStateException("Node "
					+ this.name + " is now to be reached " + ((current.tls != null)
							? "with TLS instead of in clear text" : "in clear text instead of with TLS")
					+ "; that needs a restart");
		}
		return current;
	}

	/**
	 * Leaves the password out.
	 */
	@Override
	public String toString() {
		return "RedisNodeSettings[name=" + this.name + ", host=" + this.host + ", port=" + this.port + ", username="
				+ this.username + ", database=" + this.database + ", tls=" + (this.tls != null) + "]";
	}

}
