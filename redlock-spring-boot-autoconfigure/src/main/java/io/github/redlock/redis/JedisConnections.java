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

import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;

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

	static JedisConnectionFactory create(RedisNodeSettings settings, Duration connectTimeout, Duration commandTimeout) {
		RedisStandaloneConfiguration address = new RedisStandaloneConfiguration(settings.host(), settings.port());
		address.setDatabase(settings.database());
		address.setUsername(settings.username());
		address.setPassword(RedisPassword.of(settings.password()));
		JedisConnectionFactory factory = new JedisConnectionFactory(address,
				clientConfiguration(settings, connectTimeout, commandTimeout));
		factory.afterPropertiesSet();
		factory.start();
		return factory;
	}

	/**
	 * Have Jedis connect and log in, over a channel that is ours.
	 * @return the channel, in blocking mode; Jedis is done with it
	 */
	static SocketChannel open(RedisNodeSettings settings, Duration connectTimeout, Duration commandTimeout)
			throws IOException {
		SocketChannel channel = connect(settings, connectTimeout);
		try {
			JedisClientConfig config = login(settings).build();
			// Jedis would set this on a socket that it has opened itself.
			channel.socket().setSoTimeout(Math.toIntExact(commandTimeout.multipliedBy(2).toMillis()));
			new Connection(channel::socket, config);
			return channel;
		}
		catch (RuntimeException | Error ex) {
			channel.close();
			throw ex;
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
			// vote
			// against, and only a connection that stays silent is cut.
			.readTimeout(commandTimeout.multipliedBy(2));
		if (settings.ssl() != null) {
			builder.useSsl()
				.sslSocketFactory(settings.ssl().getSocketFactory())
				.sslParameters(parameters(settings.ssl()));
		}
		return builder.usePooling().poolConfig(oneConnection()).build();
	}

	/**
	 * One connection, kept for as long as it works: the node's dispatcher is its only
	 * user, sends the next pipeline when it has read the answers to the last one, and
	 * looks after idle connections itself.
	 */
	private static GenericObjectPoolConfig<Object> oneConnection() {
		GenericObjectPoolConfig<Object> pool = new GenericObjectPoolConfig<>();
		pool.setMaxTotal(1);
		pool.setMaxIdle(1);
		pool.setJmxEnabled(false);
		return pool;
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
