package io.github.redlock.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.RedlockStatus.NodeStatus;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockProperties.ClientType;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.Opened;
import io.github.redlock.testing.RedisCluster;
import io.github.redlock.testing.RedisSentinel;
import io.github.redlock.testing.RedisServer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Users with exactly the rights that docs/operations.md gives them, on nodes of every
 * kind.
 */
class LeastRightsIT {

	private static final Duration TTL = Duration.ofSeconds(10);

	private static final LockOptions PATIENT = LockOptions.builder()
		.autoExtend(true)
		.waitTime(Duration.ofSeconds(10))
		.build();

	@RegisterExtension
	private final Opened opened = new Opened();

	/** What follows the name of the user in its line. */
	private static String[] rights(String user) throws IOException {
		String begin = "user " + user + " ";
		return Files.readString(Path.of("../docs/operations.md"))
			.lines()
			.filter((line) -> line.startsWith(begin))
			.findFirst()
			.map((line) -> line.substring(begin.length()).split(" "))
			.orElseThrow();
	}

	private static void define(int port, String user) throws IOException {
		try (Jedis jedis = new Jedis("127.0.0.1", port)) {
			jedis.aclSetUser(user, rights(user));
		}
	}

	private static ApplicationContextRunner runner(ClientType client, String... properties) {
		return new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
			.withPropertyValues("redlock.client-type=" + client, "redlock.command-timeout=500ms",
					"redlock.nodes[0].password=secret")
			.withPropertyValues(properties);
	}

	/** Everything that a lock does, and a look at who holds it. */
	private static void assertLocks(DefaultRedlock redlock) throws Exception {
		LockHandle lock = redlock.acquire(List.of("{a}1", "{a}2"), TTL, PATIENT);
		lock.extend(TTL);
		assertThat(redlock.tryAcquire(List.of("{a}1"), TTL, LockOptions.defaults())).isEmpty();
		assertThat(lock.release()).isTrue();
		LockOptions kept = LockOptions.builder().holdAtLeast(Duration.ofMillis(100)).build();
		assertThat(redlock.acquire("b", TTL, kept).release()).isTrue();
		for (int i = 0; i < 20; i++) {
			assertThat(redlock.acquire("in some slot " + i, TTL, PATIENT).release()).isTrue();
		}
		assertThat(redlock.probe().get().nodes()).allMatch(NodeStatus::isVoting);
	}

	@ParameterizedTest
	@EnumSource
	void serverIsLockedWithTheDocumentedRights(ClientType client) throws Exception {
		RedisServer server = this.opened.add(new RedisServer());
		define(server.port(), "locker");
		runner(client, "redlock.nodes[0].host=127.0.0.1", "redlock.nodes[0].port=" + server.port(),
				"redlock.nodes[0].username=locker", "redlock.restart-quarantine=1s")
			.run((context) -> assertLocks(context.getBean(DefaultRedlock.class)));
	}

	/** What the table calls needed is. */
	@Test
	void nodeWithoutOneOfTheRightsDoesNotVote() throws Exception {
		RedisServer server = this.opened.add(new RedisServer());
		List<String> all = List.of(rights("locker"));
		List<String> needed = List.of("+eval", "+evalsha", "+get", "+set", "+del", "+pttl", "+pexpire", "+zadd",
				"+zscore");
		assertThat(all).containsAll(needed);
		for (String right : needed) {
			try (Jedis jedis = server.connect(); RedisLockNodes nodes = new RedisLockNodes("redlock:")) {
				jedis.scriptFlush();
				jedis.aclDelUser("locker");
				jedis.aclSetUser("locker", all.stream().filter((each) -> !each.equals(right)).toArray(String[]::new));
				nodes.add(new RedisNodeSettings("node", "127.0.0.1", server.port(), "locker", "secret", 0, null),
						Duration.ofSeconds(5), Duration.ofSeconds(5));
				assertThat(nodes.nodes().get(0).probe().toCompletableFuture().get()).as("without %s", right)
					.isInstanceOf(Vote.Failed.class);
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void masterOfSentinelIsLockedWithTheDocumentedRights(ClientType client) throws Exception {
		RedisSentinel sentinel = this.opened.add(new RedisSentinel());
		define(sentinel.first().port(), "locker");
		define(sentinel.second().port(), "locker");
		define(sentinel.port(), "watcher");
		runner(client, "redlock.nodes[0].sentinel.master=" + RedisSentinel.MASTER,
				"redlock.nodes[0].sentinel.nodes=127.0.0.1:" + sentinel.port(),
				"redlock.nodes[0].sentinel.username=watcher", "redlock.nodes[0].sentinel.password=secret",
				"redlock.nodes[0].username=locker")
			.run((context) -> {
				DefaultRedlock redlock = context.getBean(DefaultRedlock.class);
				assertLocks(redlock);
				sentinel.first().kill();
				await().atMost(Duration.ofSeconds(30))
					.untilAsserted(() -> assertThat(redlock.probe().get().nodes()).allMatch(NodeStatus::isVoting));
				assertLocks(redlock);
			});
	}

	@ParameterizedTest
	@EnumSource
	void clusterIsLockedWithTheDocumentedRights(ClientType client) throws Exception {
		RedisCluster cluster = this.opened.add(new RedisCluster());
		for (int i = 0; i < 3; i++) {
			define(cluster.server(i).port(), "clusterlocker");
		}
		runner(client, "redlock.nodes[0].cluster.nodes=127.0.0.1:" + cluster.server(0).port(),
				"redlock.nodes[0].username=clusterlocker")
			.run((context) -> {
				DefaultRedlock redlock = context.getBean(DefaultRedlock.class);
				assertLocks(redlock);
				cluster.server(1).kill();
				cluster.takeOver();
				await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> assertLocks(redlock));
			});
	}

}
