package io.github.redlock.sample;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;

import org.springframework.util.FileSystemUtils;

/**
 * One Redis server as a child of this process, which can be broken in every way that a
 * server breaks. It writes each change to a file, so that it has its keys again after a
 * restart.
 * <p>
 * Thread-safe.
 */
public final class RedisProcess {

	private static final Duration START_TIMEOUT = Duration.ofSeconds(20);

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

	private static final int POLL_MILLIS = 10;

	private static final int WIPE_TIMEOUT_MILLIS = 2000;

	private static final String HOST = "127.0.0.1";

	private final File executable;

	private final int port;

	private final Path directory;

	/** Written in the monitor. */
	private volatile @Nullable Process process;

	private volatile boolean frozen;

	RedisProcess(File executable, int port) {
		this.executable = executable;
		this.port = port;
		try {
			this.directory = Files.createTempDirectory("redlock-sample-" + port + "-");
		}
		catch (IOException ex) {
			throw new UncheckedIOException("No directory for the Redis server on port " + port, ex);
		}
	}

	public int port() {
		return this.port;
	}

	/**
	 * The name of the node that this server is.
	 */
	public String name() {
		return HOST + ":" + this.port;
	}

	/**
	 * What the server is at this moment; does not wait for one that is being started.
	 */
	public State state() {
		Process current = this.process;
		if (current == null || !current.isAlive()) {
			return State.STOPPED;
		}
		return this.frozen ? State.FROZEN : State.RUNNING;
	}

	/**
	 * Start the server, with the keys that it had.
	 * @throws IllegalStateException if it runs, or does not come up
	 */
	public synchronized void start() {
		if (state() != State.STOPPED) {
			throw new IllegalStateException("The server on port " + this.port + " runs already");
		}
		Path log = this.directory.resolve("redis.log");
		try {
			Process started = new ProcessBuilder(this.executable.getAbsolutePath(), "--bind", HOST, "--port",
					String.valueOf(this.port), "--dir", this.directory.toString(), "--save", "", "--appendonly", "yes")
				.redirectErrorStream(true)
				.redirectOutput(log.toFile())
				.start();
			this.process = started;
			this.frozen = false;
			awaitReady(started, log);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The Redis server on port " + this.port + " cannot be started", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while the Redis server on port " + this.port + " starts", ex);
		}
	}

	private void awaitReady(Process started, Path log) throws IOException, InterruptedException {
		long start = System.nanoTime();
		while (!Files.readString(log).contains("Ready to accept connections")) {
			if (!started.isAlive() || System.nanoTime() - start > START_TIMEOUT.toNanos()) {
				started.destroyForcibly();
				throw new IllegalStateException("The Redis server on port " + this.port + " did not start. It says: "
						+ Files.readString(log).strip() + ". If the port is in use, end what listens there, or set"
						+ " sample.embedded.redis-ports");
			}
			Thread.sleep(POLL_MILLIS);
		}
	}

	/**
	 * End the server at once, as a crash does.
	 */
	public synchronized void kill() {
		Process target = this.process;
		if (target == null) {
			return;
		}
		try {
			target.destroyForcibly().waitFor(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * End the server and start it again, with the keys that it had.
	 */
	public synchronized void restart() {
		kill();
		start();
	}

	/**
	 * Stop the server's process in the middle of whatever it does. Its connections stay
	 * open, and nothing is answered.
	 * @throws IllegalStateException if it does not run
	 */
	public synchronized void freeze() {
		require(State.RUNNING, "frozen");
		signal("STOP");
		this.frozen = true;
	}

	/**
	 * Let a frozen server go on.
	 * @throws IllegalStateException if it is not frozen
	 */
	public synchronized void thaw() {
		require(State.FROZEN, "thawed");
		signal("CONT");
		this.frozen = false;
	}

	/**
	 * Delete all keys: the server forgets its votes.
	 * @throws IllegalStateException if it does not run
	 */
	public synchronized void wipe() {
		require(State.RUNNING, "wiped");
		try (Jedis jedis = new Jedis(HOST, this.port, WIPE_TIMEOUT_MILLIS)) {
			jedis.flushAll();
		}
	}

	private void require(State wanted, String participle) {
		State state = state();
		if (state != wanted) {
			throw new IllegalStateException("The server " + name() + " is " + state.name().toLowerCase(Locale.ROOT)
					+ "; it cannot be " + participle + " now");
		}
	}

	private void signal(String signal) {
		Process target = this.process;
		if (target == null) {
			return;
		}
		try {
			int code = new ProcessBuilder("kill", "-" + signal, String.valueOf(target.pid())).start().waitFor();
			if (code != 0) {
				throw new IllegalStateException("kill -" + signal + " " + target.pid() + " failed with code " + code);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException("There is no command kill", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted", ex);
		}
	}

	void close() {
		kill();
		try {
			FileSystemUtils.deleteRecursively(this.directory);
		}
		catch (IOException ex) {
			// It is in the directory of temporary files.
		}
	}

	/** What a server may be. */
	public enum State {

		/** It answers. */
		RUNNING,

		/** Its process is stopped and answers nothing. */
		FROZEN,

		/** There is no process. */
		STOPPED

	}

}
