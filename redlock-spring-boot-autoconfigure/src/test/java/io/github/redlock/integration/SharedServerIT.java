package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import ch.qos.logback.classic.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.testing.Proxy;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.RedisServers;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Two nodes of a lock that are one server under two addresses.
 */
class SharedServerIT {

	private static final Duration TTL = Duration.ofSeconds(20);

	private final RedisServers servers = new RedisServers(3);

	private final List<AutoCloseable> opened = new ArrayList<>();

	@AfterEach
	void stop() throws Exception {
		for (AutoCloseable each : this.opened) {
			each.close();
		}
		this.servers.close();
	}

	private Proxy anotherNameOf(RedisServer server) {
		Proxy proxy = new Proxy(server.port());
		this.opened.add(proxy);
		return proxy;
	}

	private static String[] properties(int... ports) {
		List<String> properties = new ArrayList<>();
		for (int i = 0; i < ports.length; i++) {
			properties.add("redlock.nodes[" + i + "].host=127.0.0.1");
			properties.add("redlock.nodes[" + i + "].port=" + ports[i]);
		}
		return properties.toArray(String[]::new);
	}

	@Test
	void applicationDoesNotStart() {
		Proxy twin = anotherNameOf(this.servers.server(0));
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
			.withPropertyValues(properties(this.servers.server(0).port(), twin.port(), this.servers.server(1).port()))
			.run((context) -> {
				assertThat(context).hasFailed();
				assertThat(context.getStartupFailure()).hasRootCauseInstanceOf(RedlockConfigurationException.class)
					.rootCause()
					.hasMessageContainingAll("cannot be a quorum of independent servers", "leads to the same server",
							String.valueOf(twin.port()), String.valueOf(this.servers.server(0).port()));
			});
	}

	@Test
	void serverHasOneVote() {
		Proxy second = anotherNameOf(this.servers.server(0));
		Proxy third = anotherNameOf(this.servers.server(1));
		List<String> log = Warnings.during(Level.ERROR, () -> {
			RedisLockNodes nodes = new RedisLockNodes("redlock:");
			for (int port : new int[] { this.servers.server(0).port(), second.port(), third.port() }) {
				nodes.add(new RedisNodeSettings("127.0.0.1:" + port, "127.0.0.1", port, null, null, 0, null),
						Duration.ofSeconds(2), Duration.ofSeconds(2));
			}
			try (DefaultRedlock redlock = new RedlockBuilder().nodes(nodes.nodes()).build()) {
				assertThat(nodes.findSharedServer(Duration.ofSeconds(20))).isPresent();
				// Two of three servers: a quorum as long as the third node is another
				// one.
				assertThat(redlock.acquire("a", TTL).release()).isTrue();
				third.pointTo(this.servers.server(0).port());
				this.servers.server(1).kill();
				LockOptions once = LockOptions.builder().waitTime(Duration.ZERO).build();
				await().untilAsserted(() -> assertThatExceptionOfType(LockNotAcquiredException.class)
					.isThrownBy(() -> redlock.acquire("b", TTL, once).release())
					.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.NO_QUORUM)
						.as("votes %s", ex.getAttempts()))
					.withMessageContaining("it is the same server as node"));
			}
			nodes.close();
		});
		assertThat(log).hasSizeGreaterThanOrEqualTo(1)
			.anySatisfy((line) -> assertThat(line).contains("leads to the same server as node",
					"List each independent Redis server once"));
	}

	/** The settings of two nodes may have one name: what counts is that of the node. */
	@Test
	void serverHasOneVoteWhateverTheNamesOfItsSettings() {
		RedisLockNodes nodes = new RedisLockNodes("redlock:");
		int port = this.servers.server(0).port();
		for (String name : List.of("first", "second")) {
			nodes.add(name, () -> new RedisNodeSettings("settings", "127.0.0.1", port, null, null, 0, null),
					Duration.ofSeconds(2), Duration.ofSeconds(2));
		}
		try (DefaultRedlock redlock = new RedlockBuilder().nodes(nodes.nodes()).build()) {
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.tryAcquire("a", TTL))
				.withMessageContaining("it is the same server as node");
			assertThat(nodes.findSharedServer(Duration.ofSeconds(20))).isPresent();
		}
		nodes.close();
	}

	@Test
	void serverThatDoesNotTellVotes() {
		for (RedisServer server : this.servers.servers()) {
			try (Jedis jedis = server.connect()) {
				jedis.aclSetUser("default", "-info");
			}
		}
		List<String> log = Warnings.during(Level.INFO,
				() -> new ApplicationContextRunner()
					.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
					.withPropertyValues(this.servers.properties())
					.run((context) -> assertThat(context.getBean(Redlock.class).acquire("a", TTL).release()).isTrue()));
		assertThat(log).filteredOn((line) -> line.contains("could not be checked")).isNotEmpty();
	}

}
