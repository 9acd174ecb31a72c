package io.github.redlock.simulation;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.github.redlock.redis.ScriptedRedis;

/**
 * A Redis server that freezes, crashes, comes back, and whose clock is its own.
 */
final class SimulatedServer implements ScriptedRedis.Witness {

	private final World world;

	private final Random random;

	private final String name;

	private final ScriptedRedis redis;

	private final List<Link.Connection> connections = new ArrayList<>();

	private final Map<Link.Connection, List<Runnable>> backlog = new LinkedHashMap<>();

	private final Set<String> strays = new HashSet<>();

	private final Map<String, List<Subscriber>> subscribers = new LinkedHashMap<>();

	private long clockMillis = 1_700_000_000_000L;

	private Oracle oracle;

	private boolean frozen;

	private boolean down;

	private boolean executingOutOfOrder;

	SimulatedServer(World world, String name, Random random, double rate) {
		this.world = world;
		this.name = name;
		this.random = random;
		this.redis = new ScriptedRedis(() -> this.clockMillis + (long) (world.now() * rate) / 1_000_000);
		this.redis.setWitness(this);
	}

	ScriptedRedis redis() {
		return this.redis;
	}

	boolean isDown() {
		return this.down;
	}

	void opened(Link.Connection connection) {
		this.connections.add(connection);
	}

	void closed(Link.Connection connection) {
		this.connections.remove(connection);
	}

	/**
	 * A message is there; what it asks for is done at once, or when the process goes on.
	 */
	void receive(Link.Connection connection, Runnable execution) {
		if (this.down) {
			return;
		}
		if (this.frozen) {
			this.backlog.computeIfAbsent(connection, (key) -> new ArrayList<>()).add(execution);
		}
		else {
			execution.run();
		}
	}

	/** Do something that arrives after its connection was given up, or a second time. */
	void executeOutOfOrder(Runnable execution) {
		this.executingOutOfOrder = true;
		try {
			execution.run();
		}
		finally {
			this.executingOutOfOrder = false;
		}
	}

	/** Values whose keys were set out of order. */
	Set<String> strays() {
		return this.strays;
	}

	void freeze(long nanos) {
		if (!this.frozen && !this.down) {
			this.frozen = true;
			this.world.schedule(nanos, this::thaw);
		}
	}

	/** Go on; connections are read in any order, each of them in its own. */
	private void thaw() {
		this.frozen = false;
		List<List<Runnable>> arrived = new ArrayList<>(this.backlog.values());
		this.backlog.clear();
		Collections.shuffle(arrived, this.random);
		arrived.forEach((messages) -> messages.forEach(Runnable::run));
	}

	void crash(boolean keepData, long nanos) {
		if (this.down) {
			return;
		}
		this.down = true;
		this.backlog.clear();
		this.subscribers.clear();
		if (!keepData) {
			this.redis.wipe();
		}
		List.copyOf(this.connections).forEach(Link.Connection::resetByServer);
		this.world.schedule(nanos, () -> {
			this.world.trace(() -> this.name + " is up");
			this.down = false;
			this.redis.scriptFlush();
		});
	}

	void failFor(RuntimeException error, long nanos) {
		this.redis.setError(error);
		this.world.schedule(nanos, () -> this.redis.setError(null));
	}

	void moveClock(Duration by) {
		this.clockMillis += by.toMillis();
	}

	void setOracle(Oracle oracle) {
		this.oracle = oracle;
	}

	/** Somebody listens from now on, until the server or he goes down. */
	void subscribe(String channel, Subscriber subscriber) {
		if (!this.down) {
			this.subscribers.computeIfAbsent(channel, (key) -> new ArrayList<>()).add(subscriber);
		}
	}

	void unsubscribe(String channel, Subscriber subscriber) {
		this.subscribers.getOrDefault(channel, new ArrayList<>()).remove(subscriber);
	}

	boolean isSubscribed(String channel, Subscriber subscriber) {
		return this.subscribers.getOrDefault(channel, List.of()).contains(subscriber);
	}

	@Override
	public int published(String channel) {
		List<Subscriber> told = List.copyOf(this.subscribers.getOrDefault(channel, List.of()));
		told.forEach(Subscriber::hear);
		return told.size();
	}

	/**
	 * Somebody who listens.
	 */
	@FunctionalInterface
	interface Subscriber {

		void hear();

	}

	@Override
	public void ran(String script, byte[][] arguments, Object result) {
		this.world.trace(() -> this.name + " " + script + " "
				+ Arrays.stream(arguments)
					.map((argument) -> new String(argument, StandardCharsets.UTF_8))
					.filter((argument) -> !argument.startsWith("fence:"))
					.toList()
				+ " -> " + result + (this.executingOutOfOrder ? " (out of order)" : ""));
	}

	@Override
	public void written(String key, String before, String by, long ttlMillis) {
		if (key.startsWith("fence:") || key.endsWith("redlock-probe")) {
			return;
		}
		if (before != null && !before.equals(by) && !this.oracle.isTransferred(before, by)) {
			this.world
				.fail("ownership: " + by + " writes to " + key + " on " + this.name + ", which is held by " + before);
		}
		if (ttlMillis > 0) {
			this.oracle.lives(by, ttlMillis, this.name);
		}
		if (this.executingOutOfOrder && !by.equals(before)) {
			this.strays.add(by);
		}
	}

	@Override
	public String toString() {
		return this.name;
	}

}
