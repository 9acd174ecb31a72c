package io.github.redlock.integration;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Number 66 of docs/traps.md: with an empty prefix this lock and the real node-redlock
 * exclude each other. Skipped where its packages are not installed; CONTRIBUTING has the
 * command.
 */
class NodeRedlockIT {

	private static final Path MODULES = Path.of("target/node-redlock/node_modules");

	private static final Duration TTL = Duration.ofSeconds(30);

	private RedisServers servers;

	private RedisLockNodes nodes;

	private DefaultRedlock redlock;

	private Process process;

	@BeforeEach
	void start() throws IOException {
		assumeThat(Files.isDirectory(MODULES.resolve("redlock"))).as("node-redlock is installed in %s", MODULES)
			.isTrue();
		this.servers = new RedisServers(3);
		this.nodes = new RedisLockNodes("");
		this.servers.servers()
			.forEach((server) -> this.nodes.add(
					new RedisNodeSettings("node" + server.port(), "127.0.0.1", server.port(), null, null, 0, null),
					Duration.ofSeconds(1), Duration.ofSeconds(1)));
		this.redlock = new RedlockBuilder().nodes(this.nodes.nodes()).commandTimeout(Duration.ofSeconds(1)).build();
		ProcessBuilder builder = new ProcessBuilder(List.of("node",
				Path.of("src/test/resources/node-redlock.js").toAbsolutePath().toString(),
				this.servers.servers().stream().map((server) -> "" + server.port()).collect(Collectors.joining(","))));
		builder.environment().put("NODE_PATH", MODULES.toAbsolutePath().toString());
		this.process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
	}

	@AfterEach
	void stop() {
		if (this.process != null) {
			this.process.destroyForcibly();
			this.redlock.close();
			this.nodes.close();
			this.servers.close();
		}
	}

	private boolean theirs(BufferedReader answers, String command) {
		try {
			this.process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
			this.process.getOutputStream().flush();
			return "ok".equals(answers.readLine());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Test
	void bothExcludeEachOther() throws IOException {
		Redlock ours = this.redlock;
		try (BufferedReader answers = this.process.inputReader(StandardCharsets.UTF_8)) {
			LockHandle lock = ours.acquire("locks:account:1", TTL);
			assertThat(theirs(answers, "acquire locks:account:1")).as("they get what we hold").isFalse();
			lock.extend();
			assertThat(lock.release()).isTrue();
			assertThat(theirs(answers, "acquire locks:account:1")).as("they get what is free").isTrue();
			assertThat(ours.tryAcquire("locks:account:1", TTL)).isEmpty();
			assertThat(theirs(answers, "extend")).isTrue();
			assertThat(ours.tryAcquire("locks:account:1", TTL)).isEmpty();
			assertThat(theirs(answers, "release")).isTrue();
			assertThat(ours.tryAcquire("locks:account:1", TTL)).isPresent();
		}
	}

}
