package io.github.redlock.redis;

import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * What a server that answers can say to mean that it cannot serve as a node now. Its
 * error replies begin with a code; a driver or an older server may put text in front.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">Redis
 * serialization protocol specification, section "Simple errors"</a>
 */
enum ServerTrouble {

	READONLY("READONLY", true, "is a read-only replica",
			"let its entry name the primary, by a name that follows a failover"),

	MASTERDOWN("MASTERDOWN", true, "is a replica that has lost its primary",
			"let its entry name the primary, by a name that follows a failover"),

	UNBLOCKED("UNBLOCKED", true, "has just changed its role",
			"let its entry name the primary, by a name that follows a failover"),

	NOAUTH("NOAUTH", true, "wants a login", "set username and password of its entry"),

	WRONGPASS("WRONGPASS", true, "does not accept the login", "check username and password of its entry"),

	LOADING("LOADING", false, "is loading its data", "wait until it has done so"),

	BUSY("BUSY", false, "is busy with a script that does not end", "end that script with SCRIPT KILL"),

	OOM("OOM", false, "is full", "free memory or raise its maxmemory"),

	MISCONF("MISCONF", false, "accepts no writes because it cannot save its data", "look at its disk and its log"),

	NOREPLICAS("NOREPLICAS", false, "accepts no writes because it has too few replicas (min-replicas-to-write)",
			"bring its replicas back"),

	/** Inside of a script, servers say it without the code. */
	NOPERM("NOPERM|ACL failure|can't run this command", false, "refuses a right that the lock needs",
			"grant its user the rights that docs/operations.md lists"),

	DENIED("DENIED|protected mode", false, "is in protected mode and serves its own machine only",
			"give it a password, or an address to bind to, and restart it"),

	MAX_CLIENTS("max number of clients reached", false, "has as many connections as it allows (maxclients)",
			"raise that limit, or find out who leaves connections open"),

	CLUSTERDOWN("CLUSTERDOWN", false, "belongs to a Redis Cluster that is down", "repair that cluster"),

	MOVED("MOVED", false, "is one part of a Redis Cluster",
			"use an independent server, or the whole cluster as one node through a connection factory"),

	UNKNOWN_COMMAND("unknown command", false, "does not know a command that the lock needs",
			"let its entry name a Redis server, not a Sentinel or a proxy, and rename none of its commands");

	private final Pattern pattern;

	private final boolean misplaced;

	private final String what;

	private final String remedy;

	ServerTrouble(String words, boolean misplaced, String what, String remedy) {
		this.pattern = Pattern.compile("(?<![A-Za-z])(?:" + words + ")(?![A-Za-z])");
		this.misplaced = misplaced;
		this.what = what;
		this.remedy = remedy;
	}

	/**
	 * Find out what a reply means.
	 * @return {@code null} if it is another error
	 */
	static @Nullable ServerTrouble of(Throwable error) {
		for (Throwable cause = error; cause != null; cause = cause.getCause()) {
			String message = cause.getMessage();
			if (message != null) {
				for (ServerTrouble trouble : values()) {
					if (trouble.pattern.matcher(message).find()) {
						return trouble;
					}
				}
			}
		}
		return null;
	}

	/**
	 * Whether another server may be meant by now: the connection is opened again, with
	 * the address looked up and the login asked for anew.
	 */
	boolean isMisplaced() {
		return this.misplaced;
	}

	/**
	 * What is wrong, and what to do.
	 */
	String explain() {
		return "it " + this.what + "; " + this.remedy;
	}

}
