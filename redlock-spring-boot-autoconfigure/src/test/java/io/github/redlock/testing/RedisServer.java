package io.github.redlock.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import redis.clients.jedis.Jedis;

/**
 * One real Redis process on a port of its own, without persistence. It can be killed,
 * frozen, and started again on the same port.
 * <p>
 * The server is looked for in this order: the system property {@code redis.server}, the
 * binary in the test dependency {@code embedded-redis} (a static build for Linux and
 * macOS), {@code redis-server} on the PATH.
 */
public final class RedisServer implements AutoCloseable {

	private static final int FIRST_PORT = 10_000;

	/** Where the ports of clients begin on Linux; later elsewhere. */
	private static final int FIRST_EPHEMERAL_PORT = 32_768;

	private static final int BUS_OFFSET = 10_000;

	private static final Path EXECUTABLE = findExecutable();

	private final int port;

	private final List<String> arguments;

	private Process process;

	public RedisServer(String... arguments) {
		this(freePort(), arguments);
	}

	private RedisServer(int port, String... arguments) {
		this.port = port;
		this.arguments = List.of(arguments);
		start();
	}

	/** A server that speaks TLS only. */
	public static RedisServer withTls(Path certificate, Path key, String... more) {
		int port = freePort();
		List<String> arguments = new ArrayList<>(List.of("--port", "0"));
		arguments.addAll(List.of(tlsArguments(port, certificate, key)));
		arguments.addAll(List.of(more));
		return new RedisServer(port, arguments.toArray(String[]::new));
	}

	static String[] tlsArguments(int port, Path certificate, Path key) {
		return new String[] { "--tls-port", String.valueOf(port), "--tls-cert-file", certificate.toString(),
				"--tls-key-file", key.toString(), "--tls-auth-clients", "no", "--tls-ca-cert-file",
				certificate.toString() };
	}

	static Path executable() {
		return EXECUTABLE;
	}

	public int port() {
		return this.port;
	}

	/** Start (again), with no data, and wait until it answers. */
	public RedisServer start() {
		List<String> command = new ArrayList<>(List.of(EXECUTABLE.toString(), "--port", String.valueOf(this.port),
				"--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", EXECUTABLE.getParent().toString()));
		command.addAll(this.arguments);
		try {
			this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
			BufferedReader output = this.process.inputReader(StandardCharsets.UTF_8);
			StringBuilder log = new StringBuilder();
			String line;
			do {
				line = output.readLine();
				log.append(line).append('\n');
				if (line == null) {
					throw new IllegalStateException("Redis did not start: " + log);
				}
			}
			while (!line.contains("Ready to accept connections"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		Runtime.getRuntime().addShutdownHook(new Thread(this.process::destroyForcibly));
		return this;
	}

	/** The process dies at once, as with a power failure. */
	public void kill() {
		signal("CONT");
		this.process.destroyForcibly();
		await();
	}

	/** The process stops executing; its connections stay open. */
	public void freeze() {
		signal("STOP");
	}

	/** A frozen process goes on. */
	public void thaw() {
		signal("CONT");
	}

	private void signal(String signal) {
		try {
			new ProcessBuilder("kill", "-" + signal, String.valueOf(this.process.pid())).start().waitFor();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private void await() {
		try {
			if (!this.process.waitFor(10, TimeUnit.SECONDS)) {
				throw new IllegalStateException("Redis on port " + this.port + " does not end");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/** A plain connection for looking at keys and setting them behind the lock's back. */
	public Jedis connect() {
		return new Jedis("127.0.0.1", this.port);
	}

	@Override
	public void close() {
		if (this.process.isAlive()) {
			kill();
		}
	}

	/**
	 * A port that no client's connection takes while its server is down, and where the
	 * one for the bus of a cluster, 10000 above, is free too.
	 */
	static int freePort() {
		int port;
		do {
			port = ThreadLocalRandom.current().nextInt(FIRST_PORT, FIRST_EPHEMERAL_PORT - BUS_OFFSET);
		}
		while (!isFree(port) || !isFree(port + BUS_OFFSET));
		return port;
	}

	private static boolean isFree(int port) {
		try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
			return socket.isBound();
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static Path findExecutable() {
		String configured = System.getProperty("redis.server");
		if (configured != null) {
			return Path.of(configured).toAbsolutePath();
		}
		String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
		String arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
		try (InputStream binary = RedisServer.class.getResourceAsStream("/redis-server-7.0.15-" + os + "-" + arch)) {
			if (binary != null) {
				return unpack(binary);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		for (String directory : System.getenv("PATH").split(java.io.File.pathSeparator)) {
			Path candidate = Path.of(directory, "redis-server");
			if (Files.isExecutable(candidate)) {
				return candidate.toAbsolutePath();
			}
		}
		throw new IllegalStateException("No Redis server found; name one with -Dredis.server=/path/to/redis-server");
	}

	private static Path unpack(InputStream binary) throws IOException {
		Path directory = Files.createTempDirectory("redlock-test-redis");
		Path executable = directory.resolve("redis-server");
		Files.copy(binary, executable, StandardCopyOption.REPLACE_EXISTING);
		if (!executable.toFile().setExecutable(true)) {
			throw new IOException("cannot make " + executable + " executable");
		}
		executable.toFile().deleteOnExit();
		directory.toFile().deleteOnExit();
		return executable;
	}

}
