package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisPipelineException;

import io.github.redlock.spi.Vote;

/**
 * A node reached through one {@link RedisConnectionFactory}, whatever its driver.
 * <p>
 * Callers put requests into a queue; one dispatcher thread takes all that have gathered
 * and sends them, in one pipeline if the driver allows it, over one connection at a time,
 * so requests reach the node in the order in which they were handed over. Nothing but
 * that thread ever blocks. A connection that fails in any way is closed, because the fate
 * of what was sent on it is unknown and its replies could no longer be told apart; the
 * next request opens another.
 * <p>
 * An idle connection is used once in a while: a firewall or a server that closes idle
 * connections would otherwise be found out by the next lock.
 *
 * @since 0.1.0
 */
public final class RedisLockNode extends ScriptLockNode {

	/**
	 * Well below the idle timeouts found in practice, which begin at a minute.
	 */
	static final Duration IDLE_CHECK = Duration.ofSeconds(15);

	private static final int MAX_BATCH = 256;

	/**
	 * How long closing waits for the last requests. A healthy node needs a round trip.
	 */
	private static final Duration LAST_REQUESTS = Duration.ofMillis(200);

	private static final Logger logger = LoggerFactory.getLogger(RedisLockNode.class);

	private final RedisConnectionFactory connectionFactory;

	private final boolean pipelining;

	private final BlockingQueue<ScriptCall> queue = new LinkedBlockingQueue<>();

	private final Thread dispatcher;

	private @Nullable RedisConnection connection;

	private volatile boolean closed;

	/**
	 * Create a node that sends its requests one by one, which works with every driver; it
	 * connects with its first request.
	 * @param name its name in statistics, events and logs
	 * @param connectionFactory how to reach it; not closed by this node
	 * @param keyPrefix put in front of every resource to make its key
	 * @param fenceRetention how long a fence key outlives its lock key
	 */
	public RedisLockNode(String name, RedisConnectionFactory connectionFactory, String keyPrefix,
			Duration fenceRetention) {
		this(name, connectionFactory, new ScriptCommands(keyPrefix, fenceRetention), false, null);
	}

	/**
	 * Create a node.
	 * @param pipelining whether to send what has gathered in one pipeline. The driver
	 * must then report the answers of the other commands when one of them fails; Jedis
	 * does, Lettuce does not. All keys must lie on one server
	 * @param notices hears of releases
	 */
	RedisLockNode(String name, RedisConnectionFactory connectionFactory, ScriptCommands commands, boolean pipelining,
			@Nullable ReleaseSubscription notices) {
		super(name, commands, pipelining, notices);
		this.pipelining = pipelining;
		this.connectionFactory = connectionFactory;
		this.dispatcher = new Thread(this::dispatch, "redlock-node-" + name);
		this.dispatcher.setDaemon(true);
		this.dispatcher.start();
	}

	@Override
	CompletionStage<Vote> send(ScriptCall call) {
		if (this.closed) {
			failAll(List.of(call), closedError());
		}
		else {
			this.queue.add(call);
			// Only this one: the last requests of others may be on their way out.
			if (this.closed && this.queue.remove(call)) {
				failAll(List.of(call), closedError());
			}
		}
		return call.vote();
	}

	private IllegalStateException closedError() {
		return new IllegalStateException("node " + name() + " is closed");
	}

	private List<ScriptCall> drain() {
		List<ScriptCall> calls = new ArrayList<>();
		this.queue.drainTo(calls);
		return calls;
	}

	private void dispatch() {
		List<ScriptCall> batch = new ArrayList<>(MAX_BATCH);
		try {
			while (!this.closed) {
				ScriptCall first = this.queue.poll(IDLE_CHECK.toMillis(), TimeUnit.MILLISECONDS);
				if (first != null) {
					batch.add(first);
					this.queue.drainTo(batch, MAX_BATCH - 1);
				}
				else if (this.connection != null) {
					batch.add(new ScriptCall(ScriptCommand.PING));
				}
				execute(batch);
				batch.clear();
			}
		}
		catch (InterruptedException ex) {
			logger.debug("Dispatcher of node {} ends", name());
		}
		finally {
			this.closed = true;
			failAll(batch, closedError());
			sendLast(drain());
			disconnect();
			failAll(drain(), closedError());
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
		if (calls.isEmpty()) {
			return;
		}
		ScriptBatch batch = new ScriptBatch(calls);
		try {
			RedisConnection connection = connect();
			List<ScriptCall> again = batch.settle(send(connection, batch.calls(), true));
			if (!again.isEmpty()) {
				batch.settleAgain(send(connection, again, false));
			}
			if (batch.isConnectionLost()) {
				disconnect();
			}
		}
		catch (RuntimeException | Error ex) {
			// An Error too: without its dispatcher the node would be gone for good.
			disconnect();
			batch.fail(ex);
		}
	}

	private List<?> send(RedisConnection connection, List<ScriptCall> batch, boolean bySha) {
		return this.pipelining ? pipeline(connection, batch, bySha) : oneByOne(connection, batch, bySha);
	}

	private List<?> pipeline(RedisConnection connection, List<ScriptCall> batch, boolean bySha) {
		connection.openPipeline();
		batch.forEach((call) -> call.command().send(connection, bySha));
		List<?> answers;
		try {
			answers = connection.closePipeline();
		}
		catch (RedisPipelineException ex) {
			answers = ex.getPipelineResult();
		}
		if (answers.size() != batch.size()) {
			throw new IllegalStateException(
					"node " + name() + " gave " + answers.size() + " answers to " + batch.size() + " requests");
		}
		return answers;
	}

	private static List<?> oneByOne(RedisConnection connection, List<ScriptCall> batch, boolean bySha) {
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

	private RedisConnection connect() {
		RedisConnection connection = this.connection;
		if (connection == null) {
			connection = this.connectionFactory.getConnection();
			this.connection = connection;
		}
		return connection;
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
		new ScriptBatch(calls).fail(error);
	}

	/**
	 * Stop the dispatcher, after it has sent what it was given. The connection factory
	 * stays open. Waits for a short time, for a node that does not answer.
	 */
	@Override
	public void close() {
		closeNotices();
		this.closed = true;
		this.dispatcher.interrupt();
		if (Thread.currentThread() == this.dispatcher) {
			return;
		}
		try {
			this.dispatcher.join(LAST_REQUESTS.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
