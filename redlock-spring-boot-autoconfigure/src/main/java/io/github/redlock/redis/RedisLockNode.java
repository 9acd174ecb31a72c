package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;

import io.github.redlock.spi.CatchingUp;
import io.github.redlock.spi.Connecting;
import io.github.redlock.spi.DescribedServer;
import io.github.redlock.spi.Vote;

/**
 * A node reached through one connection factory, whatever its driver.
 * <p>
 * Callers put requests into a queue; one dispatcher thread takes all that have gathered
 * and sends one after another over one connection at a time, so requests reach the node
 * in the order in which they were handed over. Nothing but that thread ever blocks. A
 * connection that fails in any way, or leads to the wrong server, is closed: the fate of
 * what was sent on it is unknown. The next request opens another.
 * <p>
 * A driver does not tell when an idle connection ends. So a connection that was idle is
 * tried first, and replaced if it is dead, before anything that counts is written to it.
 * Once in a while it is used anyway, because a firewall forgets connections.
 */
final class RedisLockNode extends ScriptLockNode implements Connecting, CatchingUp, DescribedServer {

	/** A connection that was not used for this long is tried before it is used. */
	static final Duration IDLE = Duration.ofMillis(200);

	/**
	 * Well below the idle timeouts of firewalls, which begin at a minute.
	 */
	private static final Duration IDLE_CHECK = Duration.ofSeconds(15);

	private static final int MAX_BATCH = 256;

	/**
	 * How long closing waits for the last requests. A healthy node needs a round trip.
	 */
	private static final Duration LAST_REQUESTS = Duration.ofMillis(200);

	private static final Logger logger = LoggerFactory.getLogger(RedisLockNode.class);

	private final Supplier<RedisConnection> opener;

	private final @Nullable ServerCheck check;

	private final CallQueue queue = new CallQueue();

	private final Deliveries deliveries = new Deliveries();

	private final Thread dispatcher;

	private @Nullable RedisConnection connection;

	/** What takes the place of the votes of the server behind the connection. */
	private Vote.@Nullable Failed withheld;

	private final Duration connectTime;

	private volatile boolean connecting;

	private final List<Runnable> connectingEnded = new CopyOnWriteArrayList<>();

	/**
	 * Create a node.
	 * @param opener opens a connection; called for each new one, by the dispatcher
	 * @param check looks at the server behind a new connection, {@code null} where that
	 * is not one server
	 * @param connectTime how long opening a connection may take
	 */
	RedisLockNode(String name, Supplier<RedisConnection> opener, ScriptCommands commands, @Nullable ServerCheck check,
			Duration connectTime) {
		super(name, commands, false, null);
		this.connectTime = connectTime;
		this.opener = opener;
		this.check = check;
		this.dispatcher = IoThreads.daemon(this::dispatch, "redlock-node-" + name);
		this.dispatcher.start();
	}

	@Override
	CompletionStage<Vote> send(ScriptCall call) {
		this.deliveries.handOver();
		if (!this.queue.add(call)) {
			failAll(List.of(call), closedError());
			this.deliveries.delivered(1);
		}
		return call.vote();
	}

	private IllegalStateException closedError() {
		return new IllegalStateException("node " + name() + " is closed");
	}

	private void dispatch() {
		List<ScriptCall> batch = new ArrayList<>(MAX_BATCH);
		try {
			while (!this.queue.isClosed()) {
				ScriptCall first = this.queue.next(IDLE);
				boolean idle = first == null;
				if (first == null) {
					first = this.queue.next(IDLE_CHECK);
				}
				if (idle && !this.queue.isClosed()) {
					tryConnection();
				}
				if (first != null) {
					batch.add(first);
					this.queue.drainTo(batch, MAX_BATCH - 1);
					execute(batch);
					this.deliveries.delivered(batch.size());
					batch.clear();
				}
			}
		}
		catch (InterruptedException ex) {
			logger.debug("Dispatcher of node {} ends", name());
		}
		finally {
			this.queue.close();
			failAll(batch, closedError());
			sendLast(this.queue.drain());
			disconnect();
			failAll(this.queue.drain(), closedError());
			this.deliveries.end();
		}
	}

	/**
	 * Find out whether a connection that was idle is still there.
	 */
	private void tryConnection() {
		RedisConnection connection = this.connection;
		if (connection != null) {
			try {
				connection.ping();
			}
			catch (RuntimeException | Error ex) {
				logger.debug("The idle connection to node {} is dead; the next request opens another", name(), ex);
				disconnect();
			}
		}
	}

	/**
	 * Closing ends those who wait, and what they were granted meanwhile is to be released
	 * rather than to block others until it expires. No connection is opened for that.
	 */
	private void sendLast(List<ScriptCall> calls) {
		if (this.connection != null) {
			execute(calls);
		}
		else {
			failAll(calls, closedError());
		}
	}

	private void execute(List<ScriptCall> calls) {
		RedisConnection connection;
		try {
			connection = connect(calls);
		}
		catch (RuntimeException | Error ex) {
			// An Error too: without its dispatcher the node would be gone for good.
			disconnect();
			failAll(calls, ex);
			return;
		}
		ScriptPipeline sent = new ScriptPipeline();
		Queue<ScriptCall> answered = new ArrayDeque<>();
		try {
			List<ScriptCall> next = withoutVotes(calls);
			for (boolean bySha = true; !next.isEmpty(); bySha = false) {
				next.forEach(sent::sent);
				next = settle(sent, send(connection, next, bySha), answered);
			}
		}
		catch (RuntimeException | Error ex) {
			sent.lost(ex, answered);
		}
		if (answered.stream().anyMatch(ScriptCall::isConnectionLost)) {
			disconnect();
		}
		answered.forEach(ScriptCall::deliver);
	}

	/**
	 * Take the answers to what was sent.
	 * @return what has to be sent again, by text
	 */
	static List<ScriptCall> settle(ScriptPipeline sent, List<?> answers, Queue<ScriptCall> answered) {
		List<ScriptCall> again = new ArrayList<>();
		for (Object answer : answers) {
			ScriptCall call = sent.answered((answer != null) ? answer : ReplyReader.NULL, answered);
			if (call != null) {
				call.setSentWithText();
				again.add(call);
			}
		}
		return again;
	}

	private List<ScriptCall> withoutVotes(List<ScriptCall> calls) {
		Vote.Failed withheld = this.withheld;
		if (withheld == null) {
			return calls;
		}
		List<ScriptCall> rest = new ArrayList<>();
		for (ScriptCall call : calls) {
			if (call.isVote()) {
				call.fail(withheld.reason(), withheld.error());
			}
			else {
				rest.add(call);
			}
		}
		return rest;
	}

	private static List<?> send(RedisConnection connection, List<ScriptCall> batch, boolean bySha) {
		List<@Nullable Object> answers = new ArrayList<>(batch.size());
		for (ScriptCall call : batch) {
			try {
				answers.add(call.command().send(connection, bySha));
			}
			catch (DataAccessException ex) {
				if (NodeErrors.isConnectionLost(ex)) {
					throw ex;
				}
				answers.add(ex);
			}
		}
		return answers;
	}

	/**
	 * A server that must not vote is connected to anew by each probe, and checked again.
	 */
	private RedisConnection connect(List<ScriptCall> calls) {
		if (this.withheld != null && calls.stream().anyMatch(ScriptCall::isProbe)) {
			disconnect();
		}
		RedisConnection connection = this.connection;
		if (connection == null) {
			connection = open();
		}
		return connection;
	}

	private RedisConnection open() {
		this.connecting = true;
		try {
			RedisConnection opened = this.opener.get();
			this.connection = opened;
			this.withheld = (this.check != null) ? this.check.check(name(), () -> serverInfo(opened)).withheld() : null;
			return opened;
		}
		finally {
			this.connecting = false;
			this.connectingEnded.forEach(Runnable::run);
			if (this.check != null) {
				this.check.identities().tried(name());
			}
		}
	}

	@Override
	public Optional<String> server() {
		return (this.check != null) ? this.check.identities().server(name()) : Optional.empty();
	}

	@Override
	public boolean isConnecting() {
		return this.connecting;
	}

	@Override
	public void onConnectingEnded(Runnable listener) {
		this.connectingEnded.add(listener);
	}

	@Override
	public Duration connectTime() {
		return this.connectTime;
	}

	/**
	 * A driver does not tell what has arrived. So this waits for everything that was
	 * handed over: a pause of this process, or a dispatcher that is loading classes, ends
	 * well before the timeout of the driver.
	 */
	@Override
	public CompletionStage<Void> catchUp() {
		return this.deliveries.soFar();
	}

	private static String serverInfo(RedisConnection connection) {
		Properties info = connection.serverCommands().info("server");
		StringBuilder text = new StringBuilder();
		if (info != null) {
			info.forEach((key, value) -> text.append(key).append(':').append(value).append('\n'));
		}
		return text.toString();
	}

	private void disconnect() {
		RedisConnection connection = this.connection;
		this.connection = null;
		if (connection != null) {
			try {
				connection.close();
			}
			catch (RuntimeException ex) {
				logger.debug("Closing a broken connection to node {} failed", name(), ex);
			}
		}
	}

	private static void failAll(List<ScriptCall> calls, Throwable error) {
		Vote.Failed failed = NodeErrors.unreachable(error);
		calls.forEach((call) -> call.fail(failed.reason(), failed.error()));
	}

	/**
	 * Stop the dispatcher, after it has sent what it was given. The connection factory
	 * stays open. Waits for a short time, for a node that does not answer.
	 */
	@Override
	public void close() {
		close(LAST_REQUESTS);
	}

	/**
	 * Close.
	 * @param patience how long the last requests may take
	 */
	void close(Duration patience) {
		closeNotices();
		this.queue.close();
		if (Thread.currentThread() == this.dispatcher) {
			return;
		}
		try {
			this.dispatcher.join(patience.toMillis());
			this.dispatcher.interrupt();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
