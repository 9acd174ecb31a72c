package io.github.redlock.redis;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * A connection encrypted by TLS: an {@link SSLEngine} in front of the socket, in blocking
 * mode during the handshake and the login, and not any more after that.
 * <p>
 * What the engine has to say by itself, such as the answer to an update of the keys, is
 * kept for the next {@link #write}, which is due as long as there is something unsent. A
 * server that ends the connection without saying goodbye has ended it all the same: an
 * answer that was cut off is incomplete by its own rules.
 */
final class TlsTransport implements ByteTransport, WritableByteChannel {

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private final SocketChannel socket;

	/** What is encrypted goes through here: the socket, or what stands for it. */
	private final ByteChannel encrypted;

	private final SSLEngine engine;

	/** Encrypted, and not read by the engine. This and the others: to be put into. */
	private ByteBuffer arrived;

	/** In clear text, and not read by anybody. */
	private ByteBuffer decrypted;

	/** Encrypted, and not accepted by the socket. */
	private ByteBuffer leaving;

	/** The engine can do nothing with what has arrived until more does. */
	private boolean starved = true;

	private boolean ended;

	/**
	 * Begin without a handshake.
	 * @param socket the connected socket
	 * @param encrypted reads from it and writes to it
	 * @param engine an engine in client mode that knows whom to expect
	 */
	TlsTransport(SocketChannel socket, ByteChannel encrypted, SSLEngine engine) {
		this.socket = socket;
		this.encrypted = encrypted;
		this.engine = engine;
		this.arrived = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
		this.decrypted = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
		this.leaving = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
	}

	/**
	 * Agree on keys and look at the server's certificate. Blocks as the socket does.
	 */
	void handshake() throws IOException {
		this.engine.beginHandshake();
		respond();
		while (!send() || this.engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
			if (read(NOTHING) < 0) {
				throw new EOFException("Unexpected end of stream in the TLS handshake");
			}
		}
	}

	@Override
	public SocketChannel socket() {
		return this.socket;
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		if (this.decrypted.position() == 0 && this.starved && !this.ended) {
			receive();
		}
		while (this.decrypted.position() == 0 && !this.starved && !this.ended) {
			decrypt();
		}
		if (this.decrypted.position() == 0) {
			return this.ended ? -1 : 0;
		}
		this.decrypted.flip();
		int length = Math.min(target.remaining(), this.decrypted.remaining());
		target.put(this.decrypted.slice(0, length));
		this.decrypted.position(length).compact();
		return length;
	}

	@Override
	public boolean hasMore() {
		return this.decrypted.position() > 0 || !this.starved || this.ended;
	}

	private void receive() throws IOException {
		int length = this.encrypted.read(this.arrived);
		this.ended = length < 0;
		this.starved = length <= 0;
	}

	/**
	 * Have the engine read one record, if a whole one has arrived.
	 */
	private void decrypt() throws SSLException {
		this.arrived.flip();
		SSLEngineResult result = this.engine.unwrap(this.arrived, this.decrypted);
		this.arrived.compact();
		this.starved = this.arrived.position() == 0 || result.getStatus() == Status.BUFFER_UNDERFLOW;
		switch (result.getStatus()) {
			case BUFFER_UNDERFLOW -> this.arrived = this.arrived.hasRemaining() ? this.arrived : larger(this.arrived);
			case BUFFER_OVERFLOW -> this.decrypted = larger(this.decrypted);
			case CLOSED -> this.ended = true;
			case OK -> {
				if (!respond() && result.bytesConsumed() + result.bytesProduced() == 0) {
					throw new SSLException("the engine neither takes what has arrived nor says what it waits for");
				}
			}
		}
	}

	/**
	 * Do what the engine wants done before it goes on: what is said between records of
	 * data, and the handshake.
	 * @return whether there was anything to do
	 */
	private boolean respond() throws SSLException {
		boolean responded = false;
		boolean wanted = true;
		while (wanted) {
			wanted = switch (this.engine.getHandshakeStatus()) {
				case NEED_TASK -> {
					runTasks();
					yield true;
				}
				case NEED_WRAP -> encrypt(NOTHING).bytesProduced() > 0;
				default -> false;
			};
			responded |= wanted;
		}
		return responded;
	}

	private void runTasks() {
		for (Runnable task = this.engine.getDelegatedTask(); task != null; task = this.engine.getDelegatedTask()) {
			task.run();
		}
	}

	private SSLEngineResult encrypt(ByteBuffer source) throws SSLException {
		SSLEngineResult result = this.engine.wrap(source, this.leaving);
		while (result.getStatus() == Status.BUFFER_OVERFLOW) {
			this.leaving = larger(this.leaving);
			result = this.engine.wrap(source, this.leaving);
		}
		return result;
	}

	/**
	 * The engine says so when a record does not fit; the first buffers are of the size
	 * that it named before it knew the server.
	 */
	private static ByteBuffer larger(ByteBuffer buffer) {
		return ByteBuffer.allocate(buffer.capacity() * 2).put(buffer.flip());
	}

	@Override
	public boolean write(OutgoingBytes bytes) throws IOException {
		return send() && bytes.writeTo(this) && !hasUnsent();
	}

	@Override
	public boolean hasUnsent() {
		return this.leaving.position() > 0;
	}

	/**
	 * Encrypt and write, as much as the socket accepts and a record more.
	 */
	@Override
	public int write(ByteBuffer source) throws IOException {
		int before = source.remaining();
		boolean progress = true;
		while (progress && source.hasRemaining() && send()) {
			SSLEngineResult result = encrypt(source);
			if (result.getStatus() == Status.CLOSED) {
				throw new EOFException("the TLS connection is closed");
			}
			progress = result.bytesProduced() > 0;
			respond();
		}
		send();
		return before - source.remaining();
	}

	/**
	 * Send what is encrypted.
	 * @return whether that was everything
	 */
	private boolean send() throws IOException {
		if (hasUnsent()) {
			this.leaving.flip();
			this.encrypted.write(this.leaving);
			this.leaving.compact();
		}
		return !hasUnsent();
	}

	@Override
	public void end() throws IOException {
		this.engine.closeOutbound();
		respond();
		send();
	}

	@Override
	public boolean isOpen() {
		return this.encrypted.isOpen();
	}

	@Override
	public void close() throws IOException {
		this.encrypted.close();
	}

}
