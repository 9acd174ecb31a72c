package io.github.redlock.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import redis.clients.jedis.Jedis;

import static org.awaitility.Awaitility.await;

/**
 * A master, its replica, and one Sentinel that takes the replica for the master when that
 * is silent for a while.
 */
public final class RedisSentinel implements AutoCloseable {

	public static final String MASTER = "lockmaster";

	private final RedisServer first = new RedisServer();

	private final RedisServer second = new RedisServer("--replicaof", "127.0.0.1 " + this.first.port());

	private final int port = RedisServer.freePort();

	private final Path directory;

	private final Process process;

	public RedisSentinel() {
		try {
			this.directory = Files.createTempDirectory("redlock-sentinel");
			Path configuration = Files.writeString(this.directory.resolve("sentinel.conf"), """
					port %d
					bind 127.0.0.1
					dir %s
					sentinel monitor %s 127.0.0.1 %d 1
					sentinel down-after-milliseconds %s 500
					sentinel failover-timeout %s 3000
					""".formatted(this.port, this.directory, MASTER, this.first.port(), MASTER, MASTER));
			this.process = new ProcessBuilder(RedisServer.executable().toString(), configuration.toString(),
					"--sentinel")
				.redirectErrorStream(true)
				.redirectOutput(this.directory.resolve("log").toFile())
				.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		Runtime.getRuntime().addShutdownHook(new Thread(this.process::destroyForcibly));
		// A replica that was not linked at the first look is asked again after 10 s.
		await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(this::knowsTheReplica);
	}

	private boolean knowsTheReplica() {
		try (Jedis jedis = new Jedis("127.0.0.1", this.port)) {
			return jedis.sentinelReplicas(MASTER)
				.stream()
				.anyMatch((replica) -> "ok".equals(replica.get("master-link-status")));
		}
	}

	/** Where Sentinel is. */
	public int port() {
		return this.port;
	}

	/** The first master. */
	public RedisServer first() {
		return this.first;
	}

	/** The first replica. */
	public RedisServer second() {
		return this.second;
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
		this.first.close();
		this.second.close();
		try (var files = Files.walk(this.directory)) {
			files.sorted(java.util.Comparator.reverseOrder()).map(Path::toFile).forEach(java.io.File::delete);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
