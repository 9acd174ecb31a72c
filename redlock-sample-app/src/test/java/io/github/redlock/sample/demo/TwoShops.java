package io.github.redlock.sample.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import io.github.redlock.sample.RedisProcess;
import io.github.redlock.sample.RedisServers;
import io.github.redlock.sample.TicketShopApplication;

/**
 * The first instance, which brings the servers, and a second one that has joined it.
 */
final class TwoShops implements AutoCloseable {

	private static final int NODES = 3;

	/** In pictures, the ports are those of the documents. */
	private static final boolean PICTURES = Boolean.getBoolean("screenshots");

	/** A machine that builds is busy: what is slow is not to be taken for dead. */
	private static final String PATIENT = "--redlock.command-timeout=1s";

	private final List<Integer> ports;

	private final ConfigurableApplicationContext first;

	private final ConfigurableApplicationContext second;

	TwoShops() throws IOException {
		this.ports = PICTURES ? List.of(7101, 7102, 7103, 7100) : freePorts(NODES + 1);
		this.first = new SpringApplicationBuilder(TicketShopApplication.class).run(
				"--server.port=" + (PICTURES ? 8080 : 0), PATIENT,
				"--sample.embedded.redis-ports="
						+ this.ports.stream().limit(NODES).map(String::valueOf).collect(Collectors.joining(",")),
				"--sample.embedded.database-port=" + this.ports.get(NODES));
		this.second = another("join");
	}

	/**
	 * A further instance with the servers of the first one.
	 */
	ConfigurableApplicationContext another(String profile) {
		List<String> arguments = new ArrayList<>(
				List.of("--server.port=" + (PICTURES ? 8081 : 0), PATIENT, "--spring.profiles.active=" + profile,
						"--spring.datasource.url=jdbc:h2:tcp://localhost:" + this.ports.get(NODES) + "/mem:shop"));
		for (int i = 0; i < NODES; i++) {
			arguments.add("--redlock.nodes[" + i + "].host=127.0.0.1");
			arguments.add("--redlock.nodes[" + i + "].port=" + this.ports.get(i));
		}
		return new SpringApplicationBuilder(TicketShopApplication.class).run(arguments.toArray(String[]::new));
	}

	/** Ports that were free a moment ago, all different. */
	private static List<Integer> freePorts(int count) throws IOException {
		List<ServerSocket> sockets = new ArrayList<>();
		List<Integer> ports = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
			sockets.add(socket);
			ports.add(socket.getLocalPort());
		}
		for (ServerSocket socket : sockets) {
			socket.close();
		}
		return ports;
	}

	static String address(ConfigurableApplicationContext instance) {
		return "http://localhost:" + port(instance) + "/";
	}

	static String port(ConfigurableApplicationContext instance) {
		return instance.getEnvironment().getRequiredProperty("local.server.port");
	}

	ConfigurableApplicationContext first() {
		return this.first;
	}

	ConfigurableApplicationContext second() {
		return this.second;
	}

	List<RedisProcess> servers() {
		return this.first.getBean(RedisServers.class).all();
	}

	/**
	 * Have all servers run.
	 */
	void mend() {
		for (RedisProcess server : servers()) {
			switch (server.state()) {
				case FROZEN -> server.thaw();
				case STOPPED -> server.start();
				case RUNNING -> {
				}
			}
		}
	}

	@Override
	public void close() {
		this.second.close();
		this.first.close();
	}

}
