package io.github.redlock.redis;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * A connection factory of our own that is made when the first connection is needed, and
 * made again if that fails: some ask their servers when they are made, which may be down.
 * <p>
 * Thread-safe. Blocks while the factory is made.
 */
final class LazyConnectionFactory implements Supplier<RedisConnection> {

	private static final Logger logger = LoggerFactory.getLogger(LazyConnectionFactory.class);

	private final Supplier<? extends RedisConnectionFactory> maker;

	private @Nullable RedisConnectionFactory made;

	private boolean closed;

	/**
	 * Make nothing yet.
	 * @param maker makes a factory that is ready for use; what it throws is a failure to
	 * connect
	 */
	LazyConnectionFactory(Supplier<? extends RedisConnectionFactory> maker) {
		this.maker = maker;
	}

	@Override
	public RedisConnection get() {
		return factory().getConnection();
	}

	private synchronized RedisConnectionFactory factory() {
		if (this.closed) {
			throw new IllegalStateException("the node is closed");
		}
		RedisConnectionFactory factory = this.made;
		if (factory == null) {
			factory = this.maker.get();
			this.made = factory;
		}
		return factory;
	}

	/**
	 * End all connections.
	 */
	synchronized void close() {
		this.closed = true;
		if (this.made instanceof DisposableBean disposable) {
			try {
				disposable.destroy();
			}
			catch (Exception ex) {
				logger.debug("A connection factory could not be closed", ex);
			}
		}
	}

}
