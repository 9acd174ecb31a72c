package io.github.redlock.redis;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import javax.net.ssl.SSLEngine;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisPassword;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;

/**
 * Connections through Jedis. A class of its own, so that an application with another
 * driver never loads it.
 */
final class JedisConnections {

	private static final String CLIENT_NAME = "redlock";

	private static final Logger logger = LoggerFactory.getLogger(JedisConnections.class);

	private static final int MAX_GREETING = 500;

	private static final Duration SILENCE = Duration.ofMinutes(1);

	/**
	 * Spring Data Redis has two clients of Jedis, and this switch between them, since
	 * 4.1. RedlockRuntimeHints keeps it in a native image.
	 */
	private static final @Nullable Method SET_USE_UNIFIED_JEDIS = ClassUtils
		.getMethodIfAvailable(JedisConnectionFactory.class, "setUseUnifiedJedis", boolean.class);

	private JedisConnections() {
	}

	/**
	 * Open a connection of the driver to look at keys. It is closed when it is done with,
	 * and not kept in a pool: its settings may be others next time.
	 */
	static RedisConnection openForInspection(RedisNodeSettings settings, Duration connectTimeout,
			Duration commandTimeout) {
		RedisStandaloneConfiguration address = new RedisStandaloneConfiguration(settings.host(), settings.port());
		address.setDatabase(settings.database());
		address.setUsername(settings.username());
		address.setPassword(RedisPassword.of(settings.password()));
		JedisConnectionFactory factory = new JedisConnectionFactory(address,
				clientConfiguration(settings, connectTimeout));
		if (SET_USE_UNIFIED_JEDIS != null) {
			// The other client has a pool of its own.
			ReflectionUtils.invokeMethod(SET_USE_UNIFIED_JEDIS, factory, false);
		}
		factory.afterPropertiesSet();
		factory.start();
		try {
			RedisConnection connection = factory.getConnection();
			// Well after the lock itself has given up on the answer: a slow answer is a
			// vote against, and only a connection that stays silent is cut.
			((Jedis) connection.getNativeConnection()).getConnection()
				.setSoTimeout(Math.toIntExact(commandTimeout.multipliedBy(2).toMillis()));
			return connection;
		}
		catch (RuntimeException ex) {
			String hint = tlsHint(ex);
			if (hint != null) {
				throw new RedisConnectionFailureException(hint, ex);
			}
			throw ex;
		}
	}

	/**
	 * What the failure of a TLS handshake means.
	 */
	private static @Nullable String tlsHint(Throwable error) {
		for (Throwable cause = error; cause != null; cause = cause.getCause()) {
			String message = String.valueOf(cause.getMessage());
			if (message.contains("nrecognized SSL message")) {
				return "the server does not speak TLS on this port; is it one for clear text? Then take ssl away from the"
						+ " node, and write redis:// instead of rediss://";
			}
			if (cause instanceof SocketTimeoutException) {
				return "the server did not answer to the TLS handshake and the login in time; is this port one for clear"
						+ " text?";
			}
			if (message.contains("Broken pipe") || message.contains("Connection reset")
					|| message.contains("Unexpected end of stream")) {
				return "the server ended the connection in the TLS handshake or right after it; does it want a certificate"
						+ " of the client? Then give the SSL bundle a keystore with one";
			}
			if (message.contains("bad_certificate") || message.contains("fatal alert: certificate_")
					|| message.contains("fatal alert: unknown_ca")) {
				return "the server wants a certificate of the client, and got none that it accepts; give the SSL bundle a"
						+ " keystore with one";
			}
			if (message.contains("protocol_version") || message.contains("handshake_failure")) {
				return "client and server have no version of TLS or cipher in common; compare the options of the SSL"
						+ " bundle with those of the server";
			}
		}
		return null;
	}

	/**
	 * Have Jedis log in, over a channel that is ours. A connection in clear text that
	 * ends meanwhile, although the server serves others, is opened once more.
	 * @param node the name of the node
	 * @param check looks at the server
	 * @return the channel, in blocking mode; Jedis is done with it
	 */
	static Connectors.Connection open(String node, RedisNodeSettings settings, Duration connectTimeout,
			ServerCheck check) throws IOException {
		if (settings.tls() != null) {
			return openOnce(node, settings, connectTimeout, check);
		}
		try {
			return openOnce(node, settings, connectTimeout, check);
		}
		catch (JedisConnectionException ex) {
			String greeting = greeting(settings, connectTimeout);
			if (greeting == null) {
				throw new IOException(
						"the server ended the connection while it was opened in clear text (" + ex.getMessage()
								+ "); is this a TLS port? Then set ssl.enabled=true or ssl.bundle of the node",
						ex);
			}
			if (!greeting.startsWith("+") && !greeting.startsWith("-NOAUTH")) {
				throw new IOException("the server says: " + greeting.substring(1), ex);
			}
		}
		try {
			return openOnce(node, settings, connectTimeout, check);
		}
		catch (JedisConnectionException ex) {
			throw new IOException("the server ended the connection while it was opened", ex);
		}
	}

	private static Connectors.Connection openOnce(String node, RedisNodeSettings settings, Duration connectTimeout,
			ServerCheck check) throws IOException {
		SocketChannel channel = connect(settings, connectTimeout);
		try {
			// Jedis would set this on a socket that it has opened itself.
			channel.socket().setSoTimeout(Math.toIntExact(connectTimeout.toMillis()));
			TlsSettings tls = settings.tls();
			return (tls == null) ? logIn(node, settings, check, new ByteTransport.ClearText(channel), channel.socket())
					: logInEncrypted(node, settings, check, tls, channel);
		}
		catch (IOException | RuntimeException | Error ex) {
			channel.close();
			throw ex;
		}
	}

	private static Connectors.Connection logInEncrypted(String node, RedisNodeSettings settings, ServerCheck check,
			TlsSettings tls, SocketChannel channel) throws IOException {
		SSLEngine engine = tls.context().createSSLEngine(settings.host(), settings.port());
		engine.setUseClientMode(true);
		engine.setSSLParameters(tls.parameters());
		TlsSocket socket = new TlsSocket(channel, engine);
		try {
			socket.transport().handshake();
			return logIn(node, settings, check, socket.transport(), socket);
		}
		catch (IOException | RuntimeException ex) {
			sayGoodbye(socket.transport());
			String hint = tlsHint(ex);
			if (hint != null) {
				throw new IOException(hint, ex);
			}
			throw ex;
		}
	}

	/**
	 * Tell the server what was wrong, for its log.
	 */
	private static void sayGoodbye(TlsTransport transport) {
		try {
			transport.end();
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("The server could not be told that its connection is not wanted", ex);
		}
	}

	private static Connectors.Connection logIn(String node, RedisNodeSettings settings, ServerCheck check,
			ByteTransport transport, Socket socket) {
		Connection connection = new Connection(() -> socket, login(settings).build());
		ServerCheck.Result result = check.check(node, () -> serverInfo(connection));
		return new Connectors.Connection(transport, result.withheld(), !result.isAtLeast(6, 2));
	}

	/**
	 * What a server says to a new connection. One that refuses each of them says why: it
	 * is in protected mode, or has too many. The driver reads on behind that, and reports
	 * the end of the stream.
	 * @return its first line, {@code null} if it says nothing in clear text
	 */
	private static @Nullable String greeting(RedisNodeSettings settings, Duration connectTimeout) {
		try (SocketChannel channel = connect(settings, connectTimeout)) {
			channel.socket().setSoTimeout(Math.toIntExact(connectTimeout.toMillis()));
			// Without a command, or in an answer to it.
			channel.socket().getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
			byte[] text = new byte[MAX_GREETING];
			int length = channel.socket().getInputStream().read(text);
			String line = new String(text, 0, Math.max(length, 0), StandardCharsets.US_ASCII).lines()
				.findFirst()
				.orElse("");
			return (line.startsWith("-") || line.startsWith("+")) ? line : null;
		}
		catch (IOException ex) {
			return null;
		}
	}

	private static String serverInfo(Connection connection) {
		connection.sendCommand(Protocol.Command.INFO, "server");
		try {
			return connection.getBulkReply();
		}
		catch (JedisDataException ex) {
			throw new InvalidDataAccessApiUsageException(String.valueOf(ex.getMessage()), ex);
		}
	}

	private static DefaultJedisClientConfig.Builder login(RedisNodeSettings settings) {
		return DefaultJedisClientConfig.builder()
			.user(textOrNull(settings.username()))
			.password(textOrNull(settings.password()))
			.database(settings.database())
			.clientName(CLIENT_NAME);
	}

	/**
	 * Open a connection that will do nothing but listen.
	 */
	static Connection openForNotices(RedisNodeSettings settings, Duration connectTimeout) {
		DefaultJedisClientConfig.Builder config = login(settings)
			.connectionTimeoutMillis(Math.toIntExact(connectTimeout.toMillis()))
			.socketTimeoutMillis(Math.toIntExact(connectTimeout.toMillis()))
			// A connection that was cut somewhere on the way looks like one on which
			// nothing happens: begin anew once in a while.
			.blockingSocketTimeoutMillis(Math.toIntExact(SILENCE.toMillis()));
		TlsSettings tls = settings.tls();
		if (tls != null) {
			config.ssl(true).sslSocketFactory(tls.context().getSocketFactory()).sslParameters(tls.parameters());
		}
		JedisClientConfig complete = config.build();
		return new Connection(
				new OnceOnly(
						new DefaultJedisSocketFactory(new HostAndPort(settings.host(), settings.port()), complete)),
				complete);
	}

	private static @Nullable String textOrNull(@Nullable String text) {
		return StringUtils.hasLength(text) ? text : null;
	}

	private static SocketChannel connect(RedisNodeSettings settings, Duration connectTimeout) throws IOException {
		IOException error = new UnknownHostException(settings.host());
		for (InetAddress address : InetAddress.getAllByName(settings.host())) {
			SocketChannel channel = SocketChannel.open();
			try {
				channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
				channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
				// What is under way when a connection is cut must not arrive behind what
				// is sent on the next one.
				channel.setOption(StandardSocketOptions.SO_LINGER, 0);
				channel.socket()
					.connect(new InetSocketAddress(address, settings.port()),
							Math.toIntExact(connectTimeout.toMillis()));
				return channel;
			}
			catch (IOException ex) {
				channel.close();
				error = ex;
			}
			catch (RuntimeException | Error ex) {
				channel.close();
				throw ex;
			}
		}
		throw error;
	}

	private static JedisClientConfiguration clientConfiguration(RedisNodeSettings settings, Duration connectTimeout) {
		JedisClientConfiguration.JedisClientConfigurationBuilder builder = JedisClientConfiguration.builder()
			.clientName(CLIENT_NAME)
			.connectTimeout(connectTimeout)
			// Of the handshake and the login.
			.readTimeout(connectTimeout);
		TlsSettings tls = settings.tls();
		if (tls != null) {
			builder.useSsl().sslSocketFactory(tls.context().getSocketFactory()).sslParameters(tls.parameters());
		}
		return builder.build();
	}

	/**
	 * Connects once: Jedis would connect again by itself, without logging in, when
	 * somebody writes to a connection that is closed.
	 */
	private static final class OnceOnly implements JedisSocketFactory {

		private final JedisSocketFactory factory;

		private boolean used;

		private OnceOnly(JedisSocketFactory factory) {
			this.factory = factory;
		}

		@Override
		public synchronized Socket createSocket() {
			if (this.used) {
				throw new JedisConnectionException("the connection is closed");
			}
			this.used = true;
			return this.factory.createSocket();
		}

	}

}
