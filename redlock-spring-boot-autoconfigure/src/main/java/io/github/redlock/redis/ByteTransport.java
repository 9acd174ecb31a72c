package io.github.redlock.redis;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * The bytes of one connection, as client and server mean them; on their way they may look
 * different. One thread at a time uses it. What it throws leaves it unusable: it can only
 * be closed then.
 */
interface ByteTransport {

	/**
	 * The socket, to be selected on, and to be in blocking mode or not.
	 */
	SocketChannel socket();

	/**
	 * Read what has arrived, after at most one look at the socket. May give nothing
	 * although something has arrived.
	 * @return how many bytes; -1 at the end
	 */
	int read(ByteBuffer target) throws IOException;

	/**
	 * Whether there is more to be read, of which a selector knows nothing.
	 */
	boolean hasMore();

	/**
	 * Write as much as the socket accepts.
	 * @return whether that was everything, of these bytes and of earlier ones
	 */
	boolean write(OutgoingBytes bytes) throws IOException;

	/**
	 * Whether something was taken over by {@link #write} that the socket has not accepted
	 * yet.
	 */
	boolean hasUnsent();

	/**
	 * Say that nothing more will be written, as far as the socket accepts that.
	 */
	void end() throws IOException;

	/**
	 * Close the socket, and do nothing else: safe after whatever was thrown.
	 */
	default void close() throws IOException {
		socket().close();
	}

	/**
	 * Nothing but the socket.
	 *
	 * @param socket the socket
	 */
	record ClearText(SocketChannel socket) implements ByteTransport {

		@Override
		public int read(ByteBuffer target) throws IOException {
			return this.socket.read(target);
		}

		@Override
		public boolean hasMore() {
			return false;
		}

		@Override
		public boolean write(OutgoingBytes bytes) throws IOException {
			return bytes.writeTo(this.socket);
		}

		@Override
		public boolean hasUnsent() {
			return false;
		}

		@Override
		public void end() {
			// Closing the socket says so.
		}

	}

}
