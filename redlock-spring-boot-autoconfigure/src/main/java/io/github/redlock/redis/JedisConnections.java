package io.github.redlock.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.time.Duration;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisPassword;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.util.StringUtils;

/**
 * Connections through Jedis. A class of its own, so that an application with another
 * driver never loads it.
 */
final class JedisConnections {

	private static final String CLIENT_NAME = "redlock";

	private static final Duration SILENCE = Duration.ofMinutes(1);

	private JedisConnections() {
	}

	/**
	 * Open a connection for pipelines of the driver. It is closed when it is done with,
	 * and not kept in a pool: its settings may be others next time.
	 */
	static RedisConnection openForPipelines(RedisNodeSettings settings, Duration connectTimeout,
			Duration commandTimeout) {
		RedisStandaloneConfiguration address = new RedisStandaloneConfiguration(settings.host(), settings.port());
		address.setDatabase(settings.database());
		address.setUsername(settings.username());
		address.setPassword(RedisPassword.of(settings.password()));
		JedisConnectionFactory factory = new JedisConnectionFactory(address,
				clientConfiguration(settings, connectTimeout, commandTimeout));
		// The other client has a pool of its own.
		factory.setUseUnifiedJedis(false);
		factory.afterPropertiesSet();
		factory.start();
		return factory.getConnection();
	}

	/**
	 * Have Jedis connect and log in, over a channel that is ours.
	 * @param quarantine how long the server must have been running
	 * @return the channel, in blocking mode; Jedis is done with it
	 */
	static Connectors.Connection open(RedisNodeSettings settings, Duration connectTimeout, Duration commandTimeout,
			RestartQuarantine quarantine) throws IOException {
		SocketChannel channel = connect(settings, connectTimeout);
		try {
			JedisClientConfig config = login(settings).build();
			// Jedis would set this on a socket that it has opened itself.
			channel.socket().setSoTimeout(Math.toIntExact(commandTimeout.multipliedBy(2).toMillis()));
			Connection connection = new Connection(channel::socket, config);
			return new Connectors.Connection(channel, quarantine.check(() -> serverInfo(connection)));
		}
		catch (RuntimeException | Error ex) {
			channel.close();
			throw ex;
		}
	}

	private static String serverInfo(Connection connection) {
		connection.sendCommand(Protocol.Command.INFO, "server");
		return connection.getBulkReply();
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
	static Connection openForNotices(RedisNodeSettings settings, Duration connectTimeout, Duration commandTimeout) {
		DefaultJedisClientConfig.Builder config = login(settings)
			.connectionTimeoutMillis(Math.toIntExact(connectTimeout.toMillis()))
			.socketTimeoutMillis(Math.toIntExact(commandTimeout.multipliedBy(2).toMillis()))
			// A connection that was cut somewhere on the way looks like one on which
			// nothing happens: begin anew once in a while.
			.blockingSocketTimeoutMillis(Math.toIntExact(SILENCE.toMillis()));
		if (settings.ssl() != null) {
			config.ssl(true)
				.sslSocketFactory(settings.ssl().getSocketFactory())
				.sslParameters(parameters(settings.ssl()));
		}
		JedisClientConfig complete = config.build();
		return new Connection(
				new OnceOnly(
						new DefaultJedisSocketFactory(new HostAndPort(settings.host(), settings.port()), complete)),
				complete);
	}

	/**
	 * Without this Jedis accepts any valid certificate, whomever it names.
	 */
	private static SSLParameters parameters(SSLContext ssl) {
		SSLParameters parameters = ssl.getDefaultSSLParameters();
		parameters.setEndpointIdentificationAlgorithm("HTTPS");
		return parameters;
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

	private static JedisClientConfiguration clientConfiguration(RedisNodeSettings settings, Duration connectTimeout,
			Duration commandTimeout) {
		JedisClientConfiguration.JedisClientConfigurationBuilder builder = JedisClientConfiguration.builder()
			.clientName(CLIENT_NAME)
			.connectTimeout(connectTimeout)
			// Well after the lock itself has given up on the answer: a slow answer is a
			// vote against, and only a connection that stays silent is cut.
			.readTimeout(commandTimeout.multipliedBy(2));
		if (settings.ssl() != null) {
			builder.useSsl()
				.sslSocketFactory(settings.ssl().getSocketFactory())
				.sslParameters(parameters(settings.ssl()));
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
