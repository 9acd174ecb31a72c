package io.github.redlock.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

import redis.clients.jedis.Jedis;
import redis.embedded.RedisServer;
import redis.embedded.RedisServerBuilder;

/**
 * Independent Redis servers without persistence, on this machine.
 */
final class Nodes implements AutoCloseable {

	static final String HOST = "127.0.0.1";

	private final List<RedisServer> servers = new ArrayList<>();

	private final List<Integer> ports = new ArrayList<>();

	private final List<Integer> tlsPorts = new ArrayList<>();

	private final List<Long> pids = new ArrayList<>();

	/**
	 * Start them.
	 */
	Nodes(int count) {
		this(count, false);
	}

	/**
	 * Start them.
	 * @param tls whether each has a port for encrypted connections, too
	 */
	Nodes(int count, boolean tls) {
		for (int i = 0; i < count; i++) {
			int port = freePort();
			RedisServerBuilder builder = RedisServer.builder().port(port).setting("save \"\"");
			if (tls) {
				int tlsPort = freePort();
				this.tlsPorts.add(tlsPort);
				Certificate.OWN.settings(tlsPort).forEach(builder::setting);
			}
			RedisServer server = builder.build();
			server.start();
			this.servers.add(server);
			this.ports.add(port);
			try (Jedis jedis = connect(i)) {
				this.pids.add(Long.valueOf(field(jedis.info("server"), "process_id")));
			}
		}
	}

	private static int freePort() {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	List<Integer> ports() {
		return this.ports;
	}

	List<Integer> tlsPorts() {
		return this.tlsPorts;
	}

	/**
	 * The arguments of an application that locks on them.
	 */
	List<String> properties() {
		List<String> properties = new ArrayList<>();
		for (int i = 0; i < this.ports.size(); i++) {
			properties.add("--redlock.nodes[" + i + "].host=" + HOST);
			properties.add("--redlock.nodes[" + i + "].port=" + this.ports.get(i));
		}
		return properties;
	}

	private Jedis connect(int index) {
		return new Jedis(HOST, this.ports.get(index));
	}

	private static String field(String info, String name) {
		return info.lines()
			.filter((line) -> line.startsWith(name + ":"))
			.map((line) -> line.substring(name.length() + 1).strip())
			.findFirst()
			.orElseThrow();
	}

	String version() {
		try (Jedis jedis = connect(0)) {
			return field(jedis.info("server"), "redis_version");
		}
	}

	/**
	 * How many commands were carried out on all servers together, those inside of scripts
	 * included.
	 */
	long commandsProcessed() {
		return sum((jedis) -> Long.parseLong(field(jedis.info("stats"), "total_commands_processed")));
	}

	/**
	 * How many keys there are on all servers together. Those of fencing tokens outlive
	 * every measurement.
	 */
	long keys() {
		return sum(Jedis::dbSize);
	}

	private long sum(ToLongFunction<Jedis> question) {
		long sum = 0;
		for (int i = 0; i < this.ports.size(); i++) {
			try (Jedis jedis = connect(i)) {
				sum += question.applyAsLong(jedis);
			}
		}
		return sum;
	}

	void kill(int index) {
		signal(index, "KILL");
	}

	void freeze(int index) {
		signal(index, "STOP");
	}

	private void signal(int index, String signal) {
		try {
			new ProcessBuilder("kill", "-" + signal, String.valueOf(this.pids.get(index))).start().waitFor();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while sending a signal", ex);
		}
	}

	@Override
	public void close() {
		for (int i = 0; i < this.servers.size(); i++) {
			signal(i, "CONT");
			this.servers.get(i).stop();
		}
	}

}
