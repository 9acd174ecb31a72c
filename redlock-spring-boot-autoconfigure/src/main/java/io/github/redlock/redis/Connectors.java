package io.github.redlock.redis;

import java.io.IOException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.Vote;

/**
 * Opens connections on threads of its own, because that blocks. A thread without work
 * ends after a second. Thread-safe.
 */
final class Connectors {

	private final ThreadPoolExecutor threads = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS,
			new SynchronousQueue<>(), (task) -> IoThreads.daemon(task, "redlock-connect"));

	/**
	 * Open a connection.
	 * @param opened told of it, on a thread of this class
	 * @param failed told if that is not possible, on any thread
	 */
	void open(Opener opener, Consumer<Connection> opened, Consumer<Throwable> failed) {
		Runnable task = () -> {
			Connection connection;
			try {
				connection = opener.open();
			}
			catch (Throwable ex) {
				failed.accept(ex);
				return;
			}
			opened.accept(connection);
		};
		try {
			this.threads.execute(task);
		}
		catch (RuntimeException | OutOfMemoryError ex) {
			failed.accept(ex);
		}
	}

	/**
	 * Open nothing any more.
	 */
	void close() {
		this.threads.shutdown();
	}

	/**
	 * Opens connections to one node.
	 */
	@FunctionalInterface
	interface Opener {

		/**
		 * Open a connection and log in. May block, but not for ever.
		 * @return a connection in blocking mode, with nothing left to read
		 */
		Connection open() throws IOException;

	}

	/**
	 * A connection that was opened.
	 *
	 * @param transport reads and writes, logged in
	 * @param withheld what takes the place of the votes of the server behind it, which
	 * answers but must not vote; {@code null} if it votes
	 * @param scriptsOnly whether the server may lack ZADD with GT, which came with Redis
	 * 6.2
	 */
	record Connection(ByteTransport transport, Vote.@Nullable Failed withheld, boolean scriptsOnly) {

		Connection(ByteTransport transport) {
			this(transport, null, false);
		}

	}

}
