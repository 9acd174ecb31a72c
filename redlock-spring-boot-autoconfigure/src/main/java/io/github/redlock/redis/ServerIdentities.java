package io.github.redlock.redis;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which server is behind each node of one lock. Two names may lead to the same server,
 * which would have two votes then, and be a quorum alone. A server has a random
 * {@code run_id} from its start to its end; each new connection tells it.
 * <p>
 * Thread-safe.
 *
 * @see <a href="https://redis.io/docs/latest/commands/info/">INFO, section "server"</a>
 */
final class ServerIdentities {

	private static final Logger logger = LoggerFactory.getLogger(ServerIdentities.class);

	/** The run_id of the server behind each node, by the name of the node. */
	private final Map<String, String> serverOf = new ConcurrentHashMap<>();

	/** Name and version of the server behind each node, by the name of the node. */
	private final Map<String, String> described = new ConcurrentHashMap<>();

	private final Set<String> unchecked = ConcurrentHashMap.newKeySet();

	private final Set<String> said = ConcurrentHashMap.newKeySet();

	private final Map<String, CompletableFuture<?>> firstAttempts = new ConcurrentHashMap<>();

	private volatile @Nullable String problem;

	/**
	 * A node is going to be connected to.
	 */
	void expect(String node) {
		this.firstAttempts.put(node, new CompletableFuture<>());
	}

	/**
	 * The first attempt to connect to a node has ended in some way.
	 */
	void tried(String node) {
		CompletableFuture<?> first = this.firstAttempts.get(node);
		if (first != null) {
			first.complete(null);
		}
	}

	/**
	 * What a connection leads to.
	 * @param server name and version
	 */
	void describe(String node, String server) {
		this.described.put(node, server);
	}

	/**
	 * The server behind a node, as far as it has told.
	 */
	Optional<String> server(String node) {
		return Optional.ofNullable(this.described.get(node));
	}

	/**
	 * A connection leads to this server.
	 * @param runId its run_id, {@code null} if it does not tell
	 * @return why the node does not vote, {@code null} if it does
	 */
	@Nullable Throwable check(String node, @Nullable String runId) {
		if (runId == null) {
			if (this.unchecked.add(node)) {
				logger
					.info("It could not be checked whether node {} is another server than the other nodes: it does not"
							+ " tell its run_id. Its user needs the right to INFO for that.", node);
			}
			return null;
		}
		String other = claim(node, runId);
		if (other == null) {
			return null;
		}
		String what = "node " + node + " leads to the same server as node " + other;
		this.problem = what;
		if (this.said.add(what)) {
			logger.error("{}, which has one vote only, that of node {}. List each independent Redis server once.",
					Character.toUpperCase(what.charAt(0)) + what.substring(1), other);
		}
		return new IllegalStateException(
				"it is the same server as node " + other + ", which votes for it; list each independent server once");
	}

	/**
	 * A node leads to a server that a lock cannot use in that way.
	 * @param what the server is, and the remedy
	 * @return why the node does not vote
	 */
	Throwable misfit(String node, String what) {
		this.problem = "node " + node + " " + what;
		if (this.said.add(this.problem)) {
			logger.error("Node {} {}.", node, what);
		}
		return new IllegalStateException("it " + what);
	}

	/**
	 * The node that leads to the server, {@code null} if that is this one.
	 */
	private synchronized @Nullable String claim(String node, String runId) {
		for (Map.Entry<String, String> entry : this.serverOf.entrySet()) {
			if (entry.getValue().equals(runId) && !entry.getKey().equals(node)) {
				this.serverOf.remove(node);
				return entry.getKey();
			}
		}
		this.serverOf.put(node, runId);
		return null;
	}

	/**
	 * Wait until each node has been tried once, so that a mistake is found at the start
	 * where that costs no time.
	 * @param patience how long to wait at most, in milliseconds
	 * @return two nodes that are one server, if that is known by then
	 */
	Optional<String> problem(long patience) {
		try {
			CompletableFuture.allOf(this.firstAttempts.values().toArray(CompletableFuture<?>[]::new))
				.get(patience, TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException | ExecutionException ex) {
			logger.debug("Not every node has been tried yet", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return Optional.ofNullable(this.problem);
	}

}
