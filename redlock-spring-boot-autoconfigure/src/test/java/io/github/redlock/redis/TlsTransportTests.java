package io.github.redlock.redis;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.redlock.testing.TlsServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * A client and a server in memory, on one thread: what is on its way is cut into pieces
 * at will.
 */
@Timeout(60)
class TlsTransportTests {

	private static final String HOST = "redis.example.com";

	private static final int LARGEST_RECORD = 16 * 1024;

	private static KeyStore keyStore;

	private static SSLContext trusting;

	private final Wire clientWire = new Wire();

	private final Wire serverWire = new Wire();

	private final ByteArrayOutputStream heardByServer = new ByteArrayOutputStream();

	private TlsTransport client;

	private TlsTransport server;

	private SSLEngine serverEngine;

	@BeforeAll
	static void makeCertificate(@TempDir Path directory) throws Exception {
		keyStore = new TlsServers(directory).certificateFor("dns:" + HOST);
		trusting = TlsServers.trusting(keyStore);
	}

	private void begin(TlsSettings settings, String host) throws Exception {
		this.clientWire.other = this.serverWire;
		this.serverWire.other = this.clientWire;
		this.serverEngine = TlsServers.bundle(keyStore, keyStore).createSslContext().createSSLEngine();
		this.serverEngine.setUseClientMode(false);
		this.server = new TlsTransport(SocketChannel.open(), this.serverWire, this.serverEngine);
		SSLEngine engine = settings.context().createSSLEngine(host, 6379);
		engine.setUseClientMode(true);
		engine.setSSLParameters(settings.parameters());
		this.client = new TlsTransport(SocketChannel.open(), this.clientWire, engine);
		this.clientWire.onEmpty = this::serverTurn;
	}

	private void connect(String... protocols) throws Exception {
		begin(new TlsSettings(trusting, (protocols.length > 0) ? List.of(protocols) : null, null), HOST);
		this.client.handshake();
		this.clientWire.onEmpty = () -> {
		};
		serverTurn();
		// The tickets of the session.
		assertThat(hear(this.client, LARGEST_RECORD)).isEmpty();
	}

	private void serverTurn() {
		try {
			this.heardByServer.write(hear(this.server, LARGEST_RECORD));
			this.server.write(new OutgoingBytes());
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** One selection: what a channel reads then. */
	private static byte[] hear(TlsTransport transport, int buffer) throws IOException {
		ByteArrayOutputStream heard = new ByteArrayOutputStream();
		ByteBuffer target = ByteBuffer.allocate(buffer);
		int length;
		do {
			length = transport.read(target);
			heard.write(target.array(), 0, target.position());
			target.clear();
		}
		while (length >= 0 && transport.hasMore());
		return heard.toByteArray();
	}

	private static boolean say(TlsTransport transport, byte[] bytes) throws IOException {
		OutgoingBytes outgoing = new OutgoingBytes();
		outgoing.add(bytes);
		return transport.write(outgoing);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	private static byte[] bytes(int length) {
		byte[] bytes = new byte[length];
		new Random(length).nextBytes(bytes);
		return bytes;
	}

	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.2", "TLSv1.3" })
	void everythingArrivesByteByByte(String protocol) throws Exception {
		this.clientWire.perRead = 1;
		this.serverWire.perRead = 1;
		this.clientWire.perWrite = 1;
		begin(new TlsSettings(trusting, List.of(protocol), null), HOST);
		this.client.handshake();
		byte[] sent = bytes(20_000);
		OutgoingBytes outgoing = new OutgoingBytes();
		outgoing.add(sent);
		while (!this.client.write(outgoing) || this.serverWire.hasIncoming()) {
			serverTurn();
		}
		assertThat(Arrays.equals(this.heardByServer.toByteArray(), sent)).isTrue();
		ByteArrayOutputStream heard = new ByteArrayOutputStream();
		say(this.server, sent);
		while (this.clientWire.hasIncoming()) {
			heard.write(hear(this.client, 100));
		}
		assertThat(heard.toByteArray()).isEqualTo(sent);
	}

	/** No selector tells of what has been read from the socket. */
	@Test
	void oneReadOfTheSocketGivesAllRecordsInIt() throws Exception {
		connect();
		say(this.server, bytes("one"));
		say(this.server, bytes("two"));
		say(this.server, bytes("three"));
		this.clientWire.reads = 0;
		assertThat(hear(this.client, LARGEST_RECORD)).asString().isEqualTo("onetwothree");
		assertThat(this.clientWire.reads).isOne();
		assertThat(this.client.hasMore()).isFalse();
	}

	@Test
	void recordLargerThanTheTargetIsReadInPieces() throws Exception {
		connect();
		byte[] sent = bytes(LARGEST_RECORD);
		say(this.server, sent);
		this.clientWire.reads = 0;
		assertThat(hear(this.client, 7)).isEqualTo(sent);
		assertThat(this.clientWire.reads).isOne();
	}

	@Test
	void endOfTheLastRecordMayComeLater() throws Exception {
		connect();
		say(this.server, bytes("one"));
		say(this.server, bytes("two"));
		this.clientWire.perRead = this.clientWire.incoming.position() - 1;
		assertThat(hear(this.client, LARGEST_RECORD)).asString().isEqualTo("one");
		assertThat(this.client.hasMore()).isFalse();
		assertThat(hear(this.client, LARGEST_RECORD)).asString().isEqualTo("two");
	}

	@Test
	void whatTheSocketDoesNotAcceptIsKeptInOrder() throws Exception {
		connect();
		byte[] sent = bytes(1_000_000);
		OutgoingBytes outgoing = new OutgoingBytes();
		outgoing.add(sent);
		this.clientWire.perWrite = 5_000;
		assertThat(this.client.write(outgoing)).isFalse();
		assertThat(this.client.hasUnsent()).isTrue();
		this.clientWire.perWrite = 0;
		assertThat(this.client.write(outgoing)).isFalse();
		this.clientWire.perWrite = 5_000;
		while (!this.client.write(outgoing) || this.serverWire.hasIncoming()) {
			serverTurn();
		}
		assertThat(this.client.hasUnsent()).isFalse();
		assertThat(Arrays.equals(this.heardByServer.toByteArray(), sent)).isTrue();
	}

	/** All of the clear text is taken over, and its last record is not on its way. */
	@Test
	void restOfTheLastRecordIsUnsent() throws Exception {
		connect();
		this.clientWire.perWrite = 10;
		assertThat(say(this.client, bytes("one"))).isFalse();
		assertThat(this.client.hasUnsent()).isTrue();
		this.clientWire.perWrite = Integer.MAX_VALUE;
		assertThat(this.client.write(new OutgoingBytes())).isTrue();
		serverTurn();
		assertThat(this.heardByServer).asString().isEqualTo("one");
	}

	/** In TLS 1.3 it updates the keys, before that it negotiates anew. */
	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.2", "TLSv1.3" })
	void serverMayChangeTheKeysInBetween(String protocol) throws Exception {
		connect(protocol);
		for (int i = 0; i < 3; i++) {
			this.serverEngine.beginHandshake();
			OutgoingBytes outgoing = new OutgoingBytes();
			outgoing.add(bytes("answered" + i));
			this.server.write(outgoing);
			ByteArrayOutputStream heard = new ByteArrayOutputStream();
			heard.write(hear(this.client, LARGEST_RECORD));
			assertThat(this.client.hasUnsent()).as("an answer of the engine").isTrue();
			for (int turn = 0; turn < 5; turn++) {
				this.client.write(new OutgoingBytes());
				serverTurn();
				this.server.write(outgoing);
				heard.write(hear(this.client, LARGEST_RECORD));
			}
			assertThat(heard).asString().isEqualTo("answered" + i);
			assertThat(say(this.client, bytes("asked" + i))).isTrue();
			serverTurn();
		}
		assertThat(this.heardByServer).asString().isEqualTo("asked0asked1asked2");
	}

	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.2", "TLSv1.3" })
	void lastAnswerIsReadBeforeTheEnd(String protocol) throws Exception {
		connect(protocol);
		say(this.server, bytes("last"));
		this.server.end();
		ByteBuffer target = ByteBuffer.allocate(100);
		assertThat(this.client.read(target)).isEqualTo(4);
		assertThat(this.client.hasMore()).as("the end").isTrue();
		assertThat(this.client.read(target)).isEqualTo(-1);
		assertThat(this.client.read(target)).isEqualTo(-1);
	}

	@Test
	void endWithoutAGoodbyeIsAnEnd() throws Exception {
		connect();
		say(this.server, bytes("whole"));
		say(this.server, bytes("cut off"));
		this.clientWire.incoming.position(this.clientWire.incoming.position() - 1);
		this.server.close();
		assertThat(hear(this.client, LARGEST_RECORD)).asString().isEqualTo("whole");
		assertThat(this.client.read(ByteBuffer.allocate(100))).isEqualTo(-1);
	}

	@Test
	void goodbyeOfTheClientIsHeard() throws Exception {
		connect();
		this.client.end();
		assertThat(this.server.read(ByteBuffer.allocate(100))).isEqualTo(-1);
	}

	@Test
	void changedByteIsNoticed() throws Exception {
		connect();
		say(this.server, bytes("answer"));
		ByteBuffer incoming = this.clientWire.incoming;
		incoming.put(incoming.position() - 5, (byte) (incoming.get(incoming.position() - 5) + 1));
		assertThatExceptionOfType(SSLException.class)
			.isThrownBy(() -> this.client.read(ByteBuffer.allocate(LARGEST_RECORD)));
	}

	@Test
	void serverIsToldTheNameAndThatItsCertificateIsForAnother() throws Exception {
		connect();
		assertThat(((ExtendedSSLSession) this.serverEngine.getSession()).getRequestedServerNames())
			.containsExactly(new SNIHostName(HOST));
		begin(new TlsSettings(trusting), "other.example.com");
		assertThatExceptionOfType(SSLException.class).isThrownBy(this.client::handshake)
			.withStackTraceContaining("other.example.com");
		this.client.end();
		assertThatExceptionOfType(SSLException.class).isThrownBy(() -> hear(this.server, LARGEST_RECORD))
			.withMessageContaining("certificate");
	}

	/** The thread that leads would never come back. */
	@Test
	void engineThatStandsStillIsAnError() throws Exception {
		SSLSession session = mock(SSLSession.class);
		given(session.getPacketBufferSize()).willReturn(LARGEST_RECORD);
		given(session.getApplicationBufferSize()).willReturn(LARGEST_RECORD);
		SSLEngine engine = mock(SSLEngine.class);
		given(engine.getSession()).willReturn(session);
		given(engine.getHandshakeStatus()).willReturn(HandshakeStatus.NEED_UNWRAP);
		given(engine.unwrap(any(ByteBuffer.class), any(ByteBuffer.class)))
			.willReturn(new SSLEngineResult(Status.OK, HandshakeStatus.NEED_UNWRAP, 0, 0));
		this.clientWire.incoming.put((byte) 1);
		TlsTransport transport = new TlsTransport(SocketChannel.open(), this.clientWire, engine);
		assertThatExceptionOfType(SSLException.class)
			.isThrownBy(() -> transport.read(ByteBuffer.allocate(LARGEST_RECORD)));
	}

	/**
	 * One end of a connection, and what has arrived there.
	 */
	private static final class Wire implements ByteChannel {

		private final ByteBuffer incoming = ByteBuffer.allocate(4_000_000);

		private Wire other;

		private Runnable onEmpty = () -> {
		};

		private int perRead = Integer.MAX_VALUE;

		private int perWrite = Integer.MAX_VALUE;

		private int reads;

		private boolean closed;

		private boolean hasIncoming() {
			return this.incoming.position() > 0;
		}

		@Override
		public int read(ByteBuffer target) {
			this.reads++;
			if (!hasIncoming()) {
				this.onEmpty.run();
			}
			if (!hasIncoming()) {
				return this.other.closed ? -1 : 0;
			}
			this.incoming.flip();
			int length = Math.min(Math.min(this.perRead, this.incoming.remaining()), target.remaining());
			target.put(this.incoming.slice(0, length));
			this.incoming.position(length).compact();
			return length;
		}

		@Override
		public int write(ByteBuffer source) {
			int length = Math.min(this.perWrite, source.remaining());
			this.other.incoming.put(source.slice(source.position(), length));
			source.position(source.position() + length);
			return length;
		}

		@Override
		public boolean isOpen() {
			return !this.closed;
		}

		@Override
		public void close() {
			this.closed = true;
		}

	}

}
