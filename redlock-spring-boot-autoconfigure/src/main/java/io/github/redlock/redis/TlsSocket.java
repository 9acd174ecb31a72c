package io.github.redlock.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

import javax.net.ssl.SSLEngine;

/**
 * What a driver takes for a socket while it logs in: streams in clear text over a
 * {@link TlsTransport} in blocking mode.
 */
final class TlsSocket extends Socket {

	private final TlsTransport transport;

	private final Socket socket;

	/**
	 * Begin without a handshake.
	 * @param channel connected, in blocking mode, with the timeout of its socket set
	 * @param engine in client mode
	 */
	TlsSocket(SocketChannel channel, SSLEngine engine) {
		this.transport = new TlsTransport(channel, new TimedChannel(channel), engine);
		this.socket = channel.socket();
	}

	TlsTransport transport() {
		return this.transport;
	}

	@Override
	public InputStream getInputStream() {
		return new In();
	}

	@Override
	public OutputStream getOutputStream() {
		return new Out();
	}

	@Override
	public synchronized void close() throws IOException {
		this.socket.close();
	}

	@Override
	public synchronized void setSoTimeout(int timeout) throws SocketException {
		this.socket.setSoTimeout(timeout);
	}

	@Override
	public synchronized int getSoTimeout() throws SocketException {
		return this.socket.getSoTimeout();
	}

	@Override
	public SocketAddress getLocalSocketAddress() {
		return this.socket.getLocalSocketAddress();
	}

	@Override
	public SocketAddress getRemoteSocketAddress() {
		return this.socket.getRemoteSocketAddress();
	}

	@Override
	public boolean isBound() {
		return this.socket.isBound();
	}

	@Override
	public boolean isConnected() {
		return this.socket.isConnected();
	}

	@Override
	public boolean isClosed() {
		return this.socket.isClosed();
	}

	private final class In extends InputStream {

		@Override
		public int read() throws IOException {
			byte[] one = new byte[1];
			return (read(one, 0, 1) < 0) ? -1 : one[0] & 0xff;
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			if (length == 0) {
				return 0;
			}
			int read;
			do {
				read = TlsSocket.this.transport.read(ByteBuffer.wrap(bytes, offset, length));
			}
			while (read == 0);
			return read;
		}

	}

	private final class Out extends OutputStream {

		@Override
		public void write(int oneByte) throws IOException {
			write(new byte[] { (byte) oneByte });
		}

		@Override
		public void write(byte[] bytes, int offset, int length) throws IOException {
			TlsSocket.this.transport.write(ByteBuffer.wrap(bytes, offset, length));
		}

	}

	/**
	 * The channel, whose own reads know no timeout in blocking mode.
	 *
	 * @param channel the channel
	 */
	private record TimedChannel(SocketChannel channel) implements ByteChannel {

		@Override
		public int read(ByteBuffer target) throws IOException {
			if (!this.channel.isBlocking()) {
				return this.channel.read(target);
			}
			int length = this.channel.socket()
				.getInputStream()
				.read(target.array(), target.arrayOffset() + target.position(), target.remaining());
			if (length > 0) {
				target.position(target.position() + length);
			}
			return length;
		}

		@Override
		public int write(ByteBuffer source) throws IOException {
			return this.channel.write(source);
		}

		@Override
		public boolean isOpen() {
			return this.channel.isOpen();
		}

		@Override
		public void close() throws IOException {
			this.channel.close();
		}

	}

}
