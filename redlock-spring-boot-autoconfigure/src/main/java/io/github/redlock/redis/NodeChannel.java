package io.github.redlock.redis;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.Vote;

/**
 * The one connection to one node, non-blocking: what is written and what arrives.
 * <p>
 * Only {@link #hand} may be called by any thread. Everything else belongs to the thread
 * that leads ({@link NodeChannels}), one at a time, each of which sees what the last one
 * did.
 */
final class NodeChannel {

	private static final int OUT_CAPACITY = 32 * 1024;

	private static final int ANSWERED = -1;

	/** At least 10 ms lie between two. */
	private static final int MAX_SILENT_LOOKS = 100;

	private static final Logger logger = LoggerFactory.getLogger(NodeChannel.class);

	private final String name;

	private final Connector connector;

	/** Of the leader: what is to be completed after reading. */
	private final Queue<ScriptCall> answered;

	private final Queue<ScriptCall> handed = new ConcurrentLinkedQueue<>();

	private final ScriptPipeline pipeline = new ScriptPipeline();

	private final ReplyReader replies = new ReplyReader();

	private final ByteBuffer out = ByteBuffer.allocateDirect(OUT_CAPACITY);

	/** What did not fit into the buffer, or waits for a connection. */
	private final Deque<ByteBuffer> backlog = new ArrayDeque<>();

	private @Nullable SocketChannel socket;

	private @Nullable SelectionKey key;

	private boolean connecting;

	private boolean prompt;

	/** Something has arrived since the last {@link #reset}. */
	private boolean heard;

	/**
	 * Part way through sending or reading. A leader that finds this set knows that an
	 * error ended the one before it there, and that commands and answers may no longer
	 * belong together.
	 */
	private boolean inside;

	/** Looks at the answer to the last idle check that were in vain. */
	private int silentLooks = ANSWERED;

	private final CompletableFuture<Void> whenClosed = new CompletableFuture<>();

	private volatile boolean closing;

	private volatile boolean closed;

	/**
	 * Create a channel that is not connected.
	 * @param connector opens its connections
	 * @param answered collects what is to be completed
	 */
	NodeChannel(String name, Connector connector, Queue<ScriptCall> answered) {
		this.name = name;
		this.connector = connector;
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
		ScriptCall next = this.handed.poll();
		if (next == null) {
			return;
		}
		enter();
		while (next != null) {
			this.pipeline.sent(next);
			this.prompt |= next.isPrompt();
			append(next.command().encoded());
			next = this.handed.poll();
		}
		if (this.socket != null) {
			flush();
		}
		else if (this.closing) {
			fail(closedError());
		}
		else if (!this.connecting) {
			this.connecting = true;
			this.connector.connect(this);
		}
		this.inside = false;
	}

	private void enter() {
		if (this.inside) {
			cut(new IllegalStateException("an error ended what was done for node " + this.name));
		}
		this.inside = true;
	}

	private IllegalStateException closedError() {
		return new IllegalStateException("node " + this.name + " is closed");
	}

	private void append(byte[] bytes) {
		if (this.backlog.isEmpty() && bytes.length <= this.out.remaining()) {
			this.out.put(bytes);
		}
		else {
			this.backlog.add(ByteBuffer.wrap(bytes));
		}
	}

	private void flush() {
		SocketChannel socket = this.socket;
		SelectionKey key = this.key;
		if (socket == null || key == null) {
			return;
		}
		try {
			boolean accepted = true;
			while (accepted && (this.out.position() > 0 || !this.backlog.isEmpty())) {
				this.out.flip();
				int size = this.out.remaining();
				accepted = socket.write(this.out) == size;
				this.out.compact();
				fillFromBacklog();
			}
			int interest = accepted ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE;
			if (key.interestOps() != interest) {
				key.interestOps(interest);
			}
		}
		catch (IOException ex) {
			cut(ex);
		}
	}

	private void fillFromBacklog() {
		ByteBuffer first = this.backlog.peek();
		while (first != null && this.out.hasRemaining()) {
			int length = Math.min(first.remaining(), this.out.remaining());
			this.out.put(first.slice(first.position(), length));
			first.position(first.position() + length);
			if (!first.hasRemaining()) {
				this.backlog.remove();
				first = this.backlog.peek();
			}
		}
	}

	/**
	 * The connection can be read from, or written to again.
	 */
	void ready(SelectionKey key) {
		enter();
		if (key.isValid() && key.isWritable()) {
			flush();
		}
		if (key.isValid() && key.isReadable()) {
			read();
		}
		this.inside = false;
	}

	private void read() {
		SocketChannel socket = this.socket;
		if (socket == null) {
			return;
		}
		try {
			if (socket.read(this.replies.buffer()) < 0) {
				throw new EOFException("node " + this.name + " closed the connection");
			}
			this.silentLooks = ANSWERED;
			this.heard = true;
			Object reply = this.replies.next();
			while (!ReplyReader.INCOMPLETE.equals(reply)) {
				ScriptCall again = this.pipeline.answered(reply, this.answered);
				if (again != null) {
					this.pipeline.sent(again);
					append(again.encodedWithText());
				}
				reply = this.replies.next();
			}
			if (this.pipeline.size() == 0) {
				this.prompt = false;
			}
			if (this.out.position() > 0 || !this.backlog.isEmpty()) {
				flush();
			}
		}
		catch (IOException | RuntimeException ex) {
			cut(ex);
		}
	}

	/**
	 * A connection was opened for this channel.
	 */
	void connected(SocketChannel socket, Selector selector) {
		this.connecting = false;
		if (this.closed) {
			close(socket);
			return;
		}
		try {
			socket.configureBlocking(false);
			this.key = socket.register(selector, SelectionKey.OP_READ, this);
			this.socket = socket;
			this.heard = true;
			this.replies.reset();
			flush();
		}
		catch (IOException ex) {
			close(socket);
			fail(ex);
		}
	}

	/**
	 * The connection could not be opened.
	 */
	void failed(Throwable error) {
		this.connecting = false;
		fail(error);
	}

	/**
	 * Close the connection: what was sent has an unknown fate, and answers could no
	 * longer be told apart. The next command opens another one.
	 */
	void cut(Throwable error) {
		SocketChannel socket = this.socket;
		this.socket = null;
		this.key = null;
		if (socket != null) {
			close(socket);
		}
		fail(error);
	}

	/**
	 * The node is silent: cut the connection, unless something has arrived since the last
	 * time. With long ways the answer may just be coming.
	 */
	void reset() {
		if (!this.heard) {
			cut(new SocketTimeoutException("node " + this.name + " does not answer; its connection was cut"));
		}
		this.heard = false;
	}

	private void fail(Throwable error) {
		this.silentLooks = ANSWERED;
		this.out.clear();
		this.backlog.clear();
		this.prompt = false;
		this.pipeline.lost(error, this.answered);
	}

	private static void close(SocketChannel socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			logger.debug("Closing a connection failed", ex);
		}
	}

	/**
	 * Whether commands are on their way, with or without somebody who reads the answers.
	 */
	boolean hasUnanswered() {
		return this.pipeline.size() > 0;
	}

	/**
	 * Whether an answer is on its way that nobody waits for who would read it.
	 */
	boolean isPrompt() {
		return this.prompt;
	}

	boolean isConnected() {
		return this.socket != null;
	}

	/**
	 * Use a connection that was idle for long: a firewall or a server that closes such
	 * connections would otherwise be found out by the next lock.
	 */
	void check() {
		if (this.socket != null) {
			ScriptCall ping = new ScriptCall(ScriptCommand.PING);
			this.pipeline.sent(ping);
			append(ping.command().encoded());
			this.silentLooks = 0;
			flush();
		}
	}

	/**
	 * Look whether the idle check was answered, and cut the connection if it was not for
	 * a number of looks.
	 */
	void lookForAnswer() {
		if (this.silentLooks != ANSWERED && ++this.silentLooks > MAX_SILENT_LOOKS) {
			cut(new IOException("node " + this.name + " does not answer on a connection that was idle"));
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
		refuseHanded();
		letGo();
		cut(closedError());
		this.whenClosed.complete(null);
	}

	/**
	 * What was written last is not to be thrown away by an orderly close.
	 */
	private void letGo() {
		SocketChannel socket = this.socket;
		if (socket != null) {
			try {
				socket.setOption(StandardSocketOptions.SO_LINGER, -1);
			}
			catch (IOException ex) {
				logger.debug("The connection to node {} is broken", this.name, ex);
			}
		}
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

	private void refuseHanded() {
		for (ScriptCall next = this.handed.poll(); next != null; next = this.handed.poll()) {
			next.fail(Vote.Failed.Reason.UNREACHABLE, closedError());
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
