package io.github.redlock.sample;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where the servers of a shop listen, and how its instances are told.
 *
 * @param redis those of the nodes
 * @param database that of the database
 */
public record ShopPorts(List<Integer> redis, int database) {

	/** Ports that were free a moment ago, all different. */
	public static ShopPorts free(int nodes) throws IOException {
		List<ServerSocket> sockets = new ArrayList<>();
		List<Integer> ports = new ArrayList<>();
		for (int i = 0; i <= nodes; i++) {
			ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
			sockets.add(socket);
			ports.add(socket.getLocalPort());
		}
		for (ServerSocket socket : sockets) {
			socket.close();
		}
		return new ShopPorts(ports.subList(0, nodes), ports.get(nodes));
	}

	/** The arguments of the instance that starts the servers, and others. */
	public String[] ofFirst(String... others) {
		List<String> arguments = new ArrayList<>(List.of(others));
		arguments.add("--sample.embedded.redis-ports="
				+ this.redis.stream().map(String::valueOf).collect(Collectors.joining(",")));
		arguments.add("--sample.embedded.database-port=" + this.database);
		return arguments.toArray(String[]::new);
	}

	/** The arguments of an instance that uses these servers, and others. */
	public String[] ofAnother(String... others) {
		List<String> arguments = new ArrayList<>(List.of(others));
		arguments.add("--spring.datasource.url=jdbc:h2:tcp://localhost:" + this.database + "/mem:shop");
		for (int i = 0; i < this.redis.size(); i++) {
			arguments.add("--redlock.nodes[" + i + "].host=127.0.0.1");
			arguments.add("--redlock.nodes[" + i + "].port=" + this.redis.get(i));
		}
		return arguments.toArray(String[]::new);
	}

}
