package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

import io.github.redlock.spi.TimeSource.Cancellable;

/**
 * Hears of releases on one node: one connection and one thread that reads from it, while
 * anybody listens.
 * <p>
 * A connection that breaks is opened again after a pause. Whoever listens meanwhile asks
 * the nodes from time to time, as if there were no notices; a server that refuses them
 * costs nothing else.
 * <p>
 * Thread-safe. Nobody who calls it waits for input or output.
 */
final class ReleaseSubscription implements AutoCloseable {

	static final Duration FIRST_PAUSE = Duration.ofMillis(500);

	/** Where there is no connection: about as often as a node that is down is probed. */
	static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

	/** Where the server refuses. */
	static final Duration LONGEST_PAUSE_IF_REFUSED = Duration.ofSeconds(30);

	private static final Logger logger = LoggerFactory.getLogger(ReleaseSubscription.class);

	private final String node;

	private final Supplier<Connection> opener;

	private final Executor executor;

	private final Map<String, List<Listener>> listeners = new HashMap<>();

	/** Channels whose listeners are the first ones, or were the last ones. */
	private final Set<String> changed = new HashSet<>();

	/** Changed in the monitor, like the rest. */
	private volatile @Nullable Session session;

	private long pauseMillis;

	/** Nothing was heard since the last connection failed. */
	private volatile boolean broken;

	private boolean closed;

	/** An update is about to begin. */
	private final AtomicBoolean updating = new AtomicBoolean();

	/**
	 * Connect nothing yet.
	 * @param node its name
	 * @param opener opens a connection, logged in and ready; may block
	 * @param executor where subscribing may block, one task at a time
	 */
	ReleaseSubscription(String node, Supplier<Connection> opener, Executor executor) {
		this.node = node;
		this.opener = opener;
		this.executor = executor;
	}

	/**
	 * Listen to a channel.
	 * @return ends it
	 */
	Cancellable add(String channel, Runnable action) {
		Listener listener = new Listener(action);
		boolean first;
		synchronized (this) {
			List<Listener> all = this.listeners.computeIfAbsent(channel, (key) -> new ArrayList<>(1));
			first = all.isEmpty();
			all.add(listener);
			this.changed.add(channel);
		}
		if (first) {
			updateSoon();
		}
		return () -> remove(channel, listener);
	}

	private void remove(String channel, Listener listener) {
		boolean last = false;
		synchronized (this) {
			List<Listener> all = this.listeners.get(channel);
			if (all != null && all.remove(listener) && all.isEmpty()) {
				this.listeners.remove(channel);
				this.changed.add(channel);
				last = true;
			}
		}
		if (last) {
			updateSoon();
		}
	}

	/**
	 * Whether what is told of on this channel comes back to us.
	 */
	boolean isListeningTo(String channel) {
		Session current = this.session;
		return current != null && current.active.contains(channel);
	}

	/**
	 * Whether anything is listened to, or may be.
	 */
	boolean isListening() {
		return this.session != null;
	}

	/**
	 * Whether this server does not let us listen, and so perhaps nobody.
	 */
	boolean isBroken() {
		return this.broken;
	}

	private void updateSoon() {
		if (!this.updating.compareAndSet(false, true)) {
			return;
		}
		try {
			this.executor.execute(() -> {
				this.updating.set(false);
				update();
			});
		}
		catch (RuntimeException | OutOfMemoryError ex) {
			this.updating.set(false);
			logger.debug("No notices of releases from node {} for now", this.node, ex);
		}
	}

	/**
	 * Subscribe to what is listened to, and to nothing else.
	 */
	private void update() {
		Session current;
		Set<String> more = new LinkedHashSet<>();
		Set<String> less = new LinkedHashSet<>();
		synchronized (this) {
			current = this.session;
			if (current != null && current.over) {
				// The next one will subscribe to all there are.
				this.changed.clear();
			}
			if (this.closed || (current != null && !current.isReady())) {
				// It will be, as soon as the first answer is there, or there will be a
				// new one.
				return;
			}
			if (current != null) {
				for (String channel : this.changed) {
					(this.listeners.containsKey(channel) ? more : less).add(channel);
				}
			}
			else if (!this.listeners.isEmpty()) {
				Session next = new Session(Set.copyOf(this.listeners.keySet()));
				IoThreads.daemon(next, "redlock-notices-" + this.node).start();
				this.session = next;
			}
			this.changed.clear();
		}
		if (current != null) {
			current.update(more, less);
		}
	}

	private void tell(String channel) {
		List<Listener> told;
		synchronized (this) {
			told = List.copyOf(this.listeners.getOrDefault(channel, List.of()));
		}
		for (Listener listener : told) {
			try {
				listener.action.run();
			}
			catch (RuntimeException | Error ex) {
				logger.error("A notice of a release could not be passed on; the next ones are", ex);
			}
		}
	}

	private void works() {
		synchronized (this) {
			this.pauseMillis = 0;
			this.broken = false;
		}
		updateSoon();
	}

	private void ended(Session ended, @Nullable Throwable error) {
		synchronized (this) {
			if (error != null && !this.closed) {
				logger.debug("No notices of releases from node {}; waiters ask it from time to time instead", this.node,
						error);
				this.broken = true;
				Duration longest = (error instanceof JedisDataException) ? LONGEST_PAUSE_IF_REFUSED : LONGEST_PAUSE;
				this.pauseMillis = Math.min(Math.max(this.pauseMillis * 2, FIRST_PAUSE.toMillis()), longest.toMillis());
				ended.pause(this.pauseMillis);
			}
			this.session = null;
		}
		updateSoon();
	}

	/**
	 * End it. What is listened to is not heard of any more. Closing twice is harmless.
	 */
	@Override
	public void close() {
		Session current;
		synchronized (this) {
			this.closed = true;
			this.listeners.clear();
			current = this.session;
			notifyAll();
		}
		if (current != null) {
			current.cut();
		}
	}

	/**
	 * Somebody who listens. Not a record: one may listen twice.
	 */
	private static final class Listener {

		private final Runnable action;

		private Listener(Runnable action) {
			this.action = action;
		}

	}

	/**
	 * One connection.
	 */
	private final class Session extends JedisPubSub implements Runnable {

		private final Set<String> asked;

		private final Set<String> active = ConcurrentHashMap.newKeySet();

		private volatile @Nullable Connection connection;

		/** Channels can be added and removed. */
		private volatile boolean ready;

		private volatile boolean over;

		private Session(Set<String> wanted) {
			this.asked = new HashSet<>(wanted);
		}

		@Override
		public void run() {
			String[] first = this.asked.toArray(String[]::new);
			Throwable error = null;
			try (Connection opened = ReleaseSubscription.this.opener.get()) {
				this.connection = opened;
				if (!isClosed()) {
					proceed(opened, first);
				}
			}
			catch (RuntimeException | Error ex) {
				error = ex;
			}
			finally {
				this.over = true;
				this.active.clear();
				ended(this, error);
			}
		}

		private boolean isClosed() {
			synchronized (ReleaseSubscription.this) {
				return ReleaseSubscription.this.closed;
			}
		}

		/**
		 * Called in the monitor, by its own thread.
		 */
		private void pause(long millis) {
			try {
				ReleaseSubscription.this.wait(millis);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		/**
		 * Whether the first answer is there, and the last one is not.
		 */
		private boolean isReady() {
			return this.ready && !this.over;
		}

		private void update(Set<String> more, Set<String> less) {
			more.removeIf((channel) -> !this.asked.add(channel));
			less.removeIf((channel) -> !this.asked.remove(channel));
			try {
				if (!more.isEmpty()) {
					subscribe(more.toArray(String[]::new));
				}
				if (!less.isEmpty()) {
					this.active.removeAll(less);
					unsubscribe(less.toArray(String[]::new));
				}
			}
			catch (JedisException ex) {
				cut();
			}
		}

		private void cut() {
			Connection current = this.connection;
			if (current != null) {
				try {
					current.disconnect();
				}
				catch (RuntimeException ex) {
					logger.debug("Closing a connection to node {} failed", ReleaseSubscription.this.node, ex);
				}
			}
		}

		@Override
		public void onSubscribe(String channel, int count) {
			this.active.add(channel);
			if (!this.ready) {
				this.ready = true;
				works();
			}
			// Something may have been missed before.
			tell(channel);
		}

		@Override
		public void onUnsubscribe(String channel, int count) {
			this.active.remove(channel);
		}

		@Override
		public void onMessage(String channel, String message) {
			tell(channel);
		}

	}

}
