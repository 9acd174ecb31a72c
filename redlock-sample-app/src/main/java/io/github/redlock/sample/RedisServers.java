package io.github.redlock.sample;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.embedded.RedisExecProvider;

/**
 * The Redis servers that the first instance starts.
 */
public final class RedisServers {

	private static final Logger logger = LoggerFactory.getLogger(RedisServers.class);

	private final List<RedisProcess> servers;

	RedisServers(List<Integer> ports) {
		File executable = executable();
		this.servers = ports.stream().map((port) -> new RedisProcess(executable, port)).toList();
		try {
			this.servers.forEach(RedisServers::start);
		}
		catch (RuntimeException ex) {
			stop();
			throw ex;
		}
	}

	private static File executable() {
		try {
			return RedisExecProvider.defaultProvider().get();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The Redis server could not be unpacked", ex);
		}
	}

	private static void start(RedisProcess server) {
		server.start();
		logger.info("Redis listens on port {}. To see what happens without it: pkill -9 -f 'redis-server.*:{}'",
				server.port(), server.port());
	}

	public List<RedisProcess> all() {
		return this.servers;
	}

	/**
	 * The server of a node.
	 * @param name host and port
	 */
	public Optional<RedisProcess> find(String name) {
		return this.servers.stream().filter((server) -> server.name().equals(name)).findFirst();
	}

	void stop() {
		this.servers.forEach(RedisProcess::close);
	}

}
