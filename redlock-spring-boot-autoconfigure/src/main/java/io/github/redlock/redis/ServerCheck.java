package io.github.redlock.redis;

import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.dao.DataAccessException;

import io.github.redlock.spi.Vote;

/**
 * Whether the server behind a new connection may vote: it is none that votes already
 * under another name, and has been running for long enough.
 *
 * @param quarantine how long it must have been running
 * @param identities the servers of the other nodes
 * @param standalone whether it has to be a server of its own, neither Sentinel nor a part
 * of a cluster
 */
record ServerCheck(RestartQuarantine quarantine, ServerIdentities identities, boolean standalone) {

	/** Redis and its relatives tell each their version; Valkey that of Redis too. */
	private static final Pattern VERSION = Pattern.compile("(?m)^(valkey|redis)_version:(\\S+)\\s*$");

	private static final Pattern REDIS_VERSION = Pattern.compile("(?m)^redis_version:(\\d{1,4})\\.(\\d{1,4})");

	private static final Pattern MODE = Pattern.compile("(?m)^(?:redis|server)_mode:(\\w+)\\s*$");

	private static final Pattern RUN_ID = Pattern.compile("(?m)^run_id:(\\w+)\\s*$");

	/**
	 * Look at the server.
	 * @param node the name of the node
	 * @param serverInfo asks the server for its section "server" of INFO; throws a
	 * {@link DataAccessException} if it answers with an error
	 */
	Result check(String node, Supplier<String> serverInfo) {
		String info;
		RuntimeException refusal = null;
		try {
			info = serverInfo.get();
		}
		catch (RuntimeException ex) {
			if (!(ex instanceof DataAccessException) || NodeErrors.isConnectionLost(ex)) {
				throw ex;
			}
			// An error reply: whether the server can serve is for the probe to find out.
			info = "";
			refusal = ex;
		}
		String server = describe(info);
		if (server != null) {
			this.identities.describe(node, server);
		}
		String misfit = this.standalone ? misfit(info) : null;
		if (misfit != null) {
			return new Result(new Vote.Failed(Vote.Failed.Reason.UNABLE, this.identities.misfit(node, misfit)), info);
		}
		Matcher runId = RUN_ID.matcher(info);
		Throwable twin = this.identities.check(node, runId.find() ? runId.group(1) : null);
		if (twin != null) {
			return new Result(new Vote.Failed(Vote.Failed.Reason.UNABLE, twin), info);
		}
		Throwable tooYoung = this.quarantine.check(info, refusal);
		return new Result((tooYoung != null) ? new Vote.Failed(Vote.Failed.Reason.QUARANTINED, tooYoung) : null, info);
	}

	/**
	 * What the server is that a lock cannot use by itself.
	 */
	private static @Nullable String misfit(String info) {
		Matcher mode = MODE.matcher(info);
		return mode.find() ? switch (mode.group(1)) {
			case "cluster" ->
				"is a part of a Redis Cluster; make the whole cluster one node, by cluster.nodes of its entry"
						+ " instead of host and port, or use a server of its own";
			case "sentinel" ->
				"is a Sentinel; name the master that it manages, by sentinel.master and sentinel.nodes of its"
						+ " entry instead of host and port";
			default -> null;
		} : null;
	}

	private static @Nullable String describe(String info) {
		String description = null;
		Matcher version = VERSION.matcher(info);
		while (version.find()) {
			boolean valkey = version.group(1).equals("valkey");
			if (valkey || description == null) {
				description = (valkey ? "Valkey " : "Redis ") + version.group(2);
			}
		}
		return description;
	}

	/**
	 * What was found.
	 *
	 * @param withheld the vote that takes the place of its votes, {@code null} if it
	 * votes
	 * @param info what the server said of itself, empty if nothing
	 */
	record Result(Vote.@Nullable Failed withheld, String info) {

		/**
		 * Whether the server is known to be of this version of Redis or later; Valkey
		 * tells the version of Redis that it is compatible with.
		 */
		boolean isAtLeast(int major, int minor) {
			Matcher version = REDIS_VERSION.matcher(this.info);
			if (!version.find()) {
				return false;
			}
			int difference = Integer.compare(Integer.parseInt(version.group(1)), major);
			return difference > 0 || (difference == 0 && Integer.parseInt(version.group(2)) >= minor);
		}

	}

}
