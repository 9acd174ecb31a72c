package io.github.redlock.redis;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.Vote;

/**
 * The one connection to one node, non-blocking: what is written and what arrives.
 * <p>
 * {@link #hand} may be called by any thread. Everything else belongs to the thread that
 * leads ({@link Leadership}), one at a time, each of which sees what the last one did. A
 * leader that throws in the middle leaves the channel broken ({@link #enter}): only the
 * background thread touches it then, and replaces its connection ({@link #mend}).
 * <p>
 * A connection that ends while nothing is on its way is opened again ahead of the next
 * command, once. A command that was not written when the end was seen waits for the next
 * connection; one that was written has an unknown fate and fails.
 */
final class NodeChannel {

	private static final Logger logger = LoggerFactory.getLogger(NodeChannel.class);

	private final String name;

	private final Connector connector;

	/** Told when a leader finds that this channel is broken. */
	private final Runnable onBroken;

	/** Owned by the leader: what is to be delivered after reading. */
	private final Queue<ScriptCall> answered;

	private final Queue<ScriptCall> handed = new ConcurrentLinkedQueue<>();

	/** Taken over, and waiting for a connection. */
	private final Queue<ScriptCall> unsent = new ArrayDeque<>();

	private ScriptPipeline pipeline = new ScriptPipeline();

	private final ReplyReader replies = new ReplyReader();

	private final OutgoingBytes out = new OutgoingBytes();

	private final ConnectionState connection = new ConnectionState();

	private final CompletableFuture<Void> whenClosed = new CompletableFuture<>();

	/** Told when no connection is being opened any more. */
	private final List<Runnable> connectingEnded = new CopyOnWriteArrayList<>();

	private volatile boolean closing;

	private volatile boolean closed;

	/**
	 * Create a channel that is not connected.
	 * @param connector opens its connections
	 * @param onBroken told when a leader finds that the channel is broken
	 * @param answered collects what is to be delivered
	 */
	NodeChannel(String name, Connector connector, Runnable onBroken, Queue<ScriptCall> answered) {
		this.name = name;
		this.connector = connector;
		this.onBroken = onBroken;
		this.answered = answered;
	}

	/**
	 * Hand over a command, in order.
	 */
	void hand(ScriptCall call) {
		this.handed.add(call);
	}

	boolean hasHanded() {
		return !this.handed.isEmpty();
	}

	/**
	 * Take what was handed over and write it.
	 */
	void send() {
		if (this.handed.isEmpty() || !enter()) {
			return;
		}
		for (ScriptCall next = this.handed.poll(); next != null; next = this.handed.poll()) {
			if (this.connection.isOpen()) {
				write(next);
			}
			else {
				this.unsent.add(next);
			}
		}
		if (this.connection.isOpen()) {
			flush();
		}
		if (!this.unsent.isEmpty()) {
			connect();
		}
		leave();
	}

	/**
	 * Begin to change this channel.
	 * @return {@code false} if a leader has begun before and never left: then something
	 * was thrown in between, and commands and answers may no longer belong together
	 */
	private boolean enter() {
		if (this.connection.inside) {
			this.onBroken.run();
			return false;
		}
		this.connection.inside = true;
		return true;
	}

	private void leave() {
		this.connection.inside = false;
	}

	/**
	 * Replace the connection if an error has broken this channel. Background thread only.
	 */
	void mend() {
		if (!this.connection.inside) {
			return;
		}
		ScriptPipeline lost = this.pipeline;
		this.pipeline = new ScriptPipeline();
		closeSocket();
		this.out.clear();
		leave();
		IOException error = new IOException(
				"an error ended what was done for node " + this.name + "; its connection is opened again");
		logger.error("The connection to node {} is broken by an error and opened again", this.name);
		lost.lost(error, this.answered);
		failUnsent(error);
	}

	private void write(ScriptCall call) {
		Vote.Failed withheld = this.connection.withheld;
		if (withheld != null && call.isVote()) {
			if (call.isProbe() && !call.isOnFreshConnection()) {
				// The next connection is checked anew.
				replaceConnection(call);
			}
			else {
				call.take(withheld);
				this.answered.add(call);
			}
			return;
		}
		this.connection.written(call);
		this.pipeline.sent(call);
		this.out.add(call.encodedFor(this.connection.scriptsOnly));
	}

	private void replaceConnection(ScriptCall probe) {
		cut(new IOException("the connection to node " + this.name + " was replaced"));
		this.unsent.add(probe);
		connect();
	}

	private IllegalStateException closedError() {
		return new IllegalStateException("node " + this.name + " is closed");
	}

	private void connect() {
		if (this.closing) {
			failUnsent(closedError());
		}
		else if (!this.connection.connecting) {
			this.connection.connecting = true;
			this.connector.connect(this);
		}
	}

	private void connectingEnds() {
		this.connection.connecting = false;
		this.connectingEnded.forEach(Runnable::run);
	}

	private void flush() {
		ByteTransport transport = this.connection.transport;
		SelectionKey key = this.connection.key;
		if (transport == null || key == null || (this.out.isEmpty() && !transport.hasUnsent())) {
			return;
		}
		try {
			int interest = transport.write(this.out) ? SelectionKey.OP_READ
					: SelectionKey.OP_READ | SelectionKey.OP_WRITE;
			if (key.interestOps() != interest) {
				key.interestOps(interest);
			}
		}
		catch (IOException ex) {
			cut(ex);
		}
	}

	/**
	 * The connection can be read from, or written to again.
	 */
	void ready(SelectionKey key) {
		if (!enter()) {
			return;
		}
		if (key.isValid() && key.isWritable()) {
			flush();
		}
		if (key.isValid() && key.isReadable()) {
			read();
		}
		leave();
	}

	private void read() {
		ByteTransport transport = this.connection.transport;
		if (transport == null) {
			return;
		}
		try {
			do {
				int length = transport.read(this.replies.buffer());
				if (length < 0) {
					ended(new EOFException("node " + this.name + " closed the connection"));
					return;
				}
				Throwable misplaced = (length > 0) ? takeReplies() : null;
				if (misplaced != null) {
					// The next connection may lead to another server.
					cut(misplaced);
					return;
				}
			}
			while (transport.hasMore());
			if (this.pipeline.size() == 0) {
				this.connection.prompt = false;
			}
			flush();
		}
		catch (IOException | RuntimeException ex) {
			// What has arrived is not the protocol, or answers nothing.
			ended(ex);
		}
	}

	/**
	 * Take the replies that are complete.
	 * @return one that shows that this connection leads to the wrong server, if any does
	 */
	private @Nullable Throwable takeReplies() {
		this.connection.heard();
		Throwable misplaced = null;
		Object reply = this.replies.next();
		while (!ReplyReader.INCOMPLETE.equals(reply)) {
			if (NodeErrors.isMisplaced(reply)) {
				misplaced = (Throwable) reply;
			}
			ScriptCall again = this.pipeline.answered(reply, this.answered);
			if (again != null) {
				this.pipeline.sent(again);
				this.out.add(again.encodedWithText());
			}
			reply = this.replies.next();
		}
		return misplaced;
	}

	/**
	 * The connection is gone. Where it had been used and nothing was on its way, the next
	 * one is opened ahead of need.
	 */
	private void ended(Exception error) {
		boolean idle = this.pipeline.size() == 0 && this.connection.used;
		cut(error);
		if (idle && !this.closing) {
			logger.debug("Node {} closed a connection that was idle; it is opened again", this.name);
			connect();
		}
	}

	/**
	 * Whether a connection is being opened. Any thread.
	 */
	boolean isConnecting() {
		return this.connection.connecting;
	}

	/**
	 * Tell when no connection is being opened any more. Any thread.
	 */
	void onConnectingEnded(Runnable listener) {
		this.connectingEnded.add(listener);
	}

	/**
	 * A connection was opened for this channel.
	 */
	void connected(Connectors.Connection opened, Selector selector) {
		connectingEnds();
		if (this.closed || !enter()) {
			close(opened.transport());
			return;
		}
		try {
			SocketChannel socket = opened.transport().socket();
			socket.configureBlocking(false);
			this.replies.reset();
			this.connection.opened(opened, socket.register(selector, SelectionKey.OP_READ, this));
			for (ScriptCall next = this.unsent.poll(); next != null; next = this.unsent.poll()) {
				next.setOnFreshConnection();
				write(next);
			}
			flush();
			if (opened.transport().hasMore()) {
				read();
			}
		}
		catch (IOException ex) {
			close(opened.transport());
			cut(ex);
		}
		leave();
	}

	/**
	 * The connection could not be opened.
	 */
	void failed(Throwable error) {
		connectingEnds();
		failUnsent(error);
	}

	/**
	 * Close the connection: what was sent has an unknown fate, and answers could no
	 * longer be told apart. The next command opens another one.
	 */
	void cut(Throwable error) {
		closeSocket();
		this.out.clear();
		this.pipeline.lost(error, this.answered);
	}

	private void closeSocket() {
		ByteTransport transport = this.connection.closed();
		if (transport != null) {
			close(transport);
		}
	}

	private void failUnsent(Throwable error) {
		for (ScriptCall next = this.unsent.poll(); next != null; next = this.unsent.poll()) {
			next.take(NodeErrors.unreachable(error));
			this.answered.add(next);
		}
	}

	private static void close(ByteTransport transport) {
		try {
			transport.close();
		}
		catch (IOException ex) {
			logger.debug("Closing a connection failed", ex);
		}
	}

	/**
	 * A probe was not answered in time: cut the connection if nothing has arrived since
	 * it was written. On a long way the answer may just be coming.
	 */
	void reset() {
		if (this.connection.isSilentSinceProbe()) {
			cut(new SocketTimeoutException("node " + this.name + " does not answer; its connection was cut"));
		}
	}

	/**
	 * Whether commands are on their way, with or without a caller that reads the answers.
	 */
	boolean hasUnanswered() {
		return this.pipeline.size() > 0 || !this.unsent.isEmpty();
	}

	/**
	 * Whether an answer is on its way that no leader would read for its own operation.
	 */
	boolean isPrompt() {
		return this.connection.prompt;
	}

	boolean isConnected() {
		return this.connection.isOpen();
	}

	/**
	 * Use a connection that was idle for long: a firewall that has forgotten it would
	 * otherwise be found out by the next lock.
	 */
	void beginIdleCheck() {
		if (this.connection.isOpen() && this.pipeline.size() == 0 && enter()) {
			this.connection.checking = true;
			write(new ScriptCall(ScriptCommand.PING));
			flush();
			leave();
		}
	}

	/**
	 * Cut the connection if the idle check was not answered.
	 */
	void endIdleCheck() {
		if (this.connection.checking) {
			this.connection.checking = false;
			cut(new SocketTimeoutException("node " + this.name + " does not answer on a connection that was idle"));
		}
	}

	void beginClosing() {
		this.closing = true;
	}

	/**
	 * Whether it is to be closed as soon as everything is answered.
	 */
	boolean isClosing() {
		return this.closing && !this.closed;
	}

	/**
	 * Close for good.
	 */
	void close() {
		this.closed = true;
		for (ScriptCall next = this.handed.poll(); next != null; next = this.handed.poll()) {
			this.unsent.add(next);
		}
		if (!this.connection.inside) {
			this.connection.letGo();
		}
		cut(closedError());
		failUnsent(closedError());
		this.whenClosed.complete(null);
	}

	/**
	 * Fail a command that was handed over after the end. Any thread, and only its own
	 * commands: those of others may be handed over inside monitors.
	 */
	void refuse(ScriptCall call) {
		if (this.handed.remove(call)) {
			call.fail(Vote.Failed.Reason.UNREACHABLE, closedError());
		}
	}

	/**
	 * Completes when the channel is closed.
	 */
	CompletableFuture<Void> whenClosed() {
		return this.whenClosed;
	}

	/**
	 * Whether it has not begun to close.
	 */
	boolean isOpen() {
		return !this.closing;
	}

	boolean isClosed() {
		return this.closed;
	}

	@Override
	public String toString() {
		return this.name;
	}

	/**
	 * What is known of the connection in use. Owned by the leader.
	 */
	private static final class ConnectionState {

		private @Nullable ByteTransport transport;

		private @Nullable SelectionKey key;

		/** What takes the place of the votes of the server behind it. */
		private Vote.@Nullable Failed withheld;

		/**
		 * The server is too old for what replaces a script, or its version is unknown.
		 */
		private boolean scriptsOnly = true;

		/** Read by any thread. */
		private volatile boolean connecting;

		/** A leader is changing this channel, or has thrown while it did. */
		private boolean inside;

		/** An answer is on its way that no caller reads for itself. */
		private boolean prompt;

		/** Something has arrived on this connection. */
		private boolean used;

		private boolean silentSinceProbe;

		/** An idle check was sent, and nothing has arrived since. */
		private boolean checking;

		private boolean isOpen() {
			return this.transport != null;
		}

		private void opened(Connectors.Connection opened, SelectionKey key) {
			this.withheld = opened.withheld();
			this.scriptsOnly = opened.scriptsOnly();
			this.key = key;
			this.transport = opened.transport();
			this.used = false;
			this.checking = false;
			this.silentSinceProbe = false;
		}

		private @Nullable ByteTransport closed() {
			ByteTransport transport = this.transport;
			this.transport = null;
			this.key = null;
			this.prompt = false;
			this.checking = false;
			return transport;
		}

		private void written(ScriptCall call) {
			this.prompt |= call.isPrompt();
			if (call.isProbe()) {
				this.silentSinceProbe = true;
			}
		}

		private void heard() {
			this.used = true;
			this.checking = false;
			this.silentSinceProbe = false;
		}

		private boolean isSilentSinceProbe() {
			return isOpen() && this.silentSinceProbe;
		}

		/**
		 * What was written last is not to be thrown away by an orderly close.
		 */
		private void letGo() {
			if (this.transport != null) {
				try {
					this.transport.socket().setOption(StandardSocketOptions.SO_LINGER, -1);
					this.transport.end();
				}
				catch (IOException | RuntimeException ex) {
					logger.debug("A connection to be closed is broken already", ex);
				}
			}
		}

	}

	/**
	 * Opens connections.
	 */
	@FunctionalInterface
	interface Connector {

		/**
		 * Begin to open a connection, on another thread, and report how it ends by
		 * {@link NodeChannel#connected} or {@link NodeChannel#failed}, in the thread that
		 * leads then.
		 */
		void connect(NodeChannel channel);

	}

}
