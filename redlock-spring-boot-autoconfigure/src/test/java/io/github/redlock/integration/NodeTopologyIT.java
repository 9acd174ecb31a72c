package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.RedlockStatus.NodeStatus;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockJedisClientCustomizer;
import io.github.redlock.autoconfigure.RedlockLettuceClientCustomizer;
import io.github.redlock.autoconfigure.RedlockProperties.ClientType;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.testing.Opened;
import io.github.redlock.testing.RedisCluster;
import io.github.redlock.testing.RedisSentinel;
import io.github.redlock.testing.RedisServer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * A server, a master that Sentinel manages, and a Redis Cluster as nodes of one lock,
 * with both drivers.
 */
class NodeTopologyIT {

	private static final Duration TTL = Duration.ofSeconds(6);

	private static final LockOptions EXTENDED = LockOptions.builder()
		.autoExtend(true)
		.waitTime(Duration.ofSeconds(10))
		.build();

	@RegisterExtension
	private final Opened opened = new Opened();

	private static ApplicationContextRunner runner(ClientType client, String... properties) {
		return new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
			.withPropertyValues("redlock.client-type=" + client, "redlock.command-timeout=500ms")
			.withPropertyValues(properties);
	}

	private static String[] server(int index, RedisServer server) {
		return new String[] { "redlock.nodes[" + index + "].host=127.0.0.1",
				"redlock.nodes[" + index + "].port=" + server.port() };
	}

	private static String[] sentinel(int index, RedisSentinel sentinel) {
		return new String[] { "redlock.nodes[" + index + "].sentinel.master=" + RedisSentinel.MASTER,
				"redlock.nodes[" + index + "].sentinel.nodes=127.0.0.1:" + sentinel.port(),
				"redlock.nodes[" + index + "].name=sentinel" };
	}

	private static String[] cluster(int index, RedisCluster cluster) {
		return new String[] { "redlock.nodes[" + index + "].cluster.nodes=127.0.0.1:" + cluster.server(0).port()
				+ ",127.0.0.1:" + cluster.server(1).port(), "redlock.nodes[" + index + "].name=cluster" };
	}

	private static NodeStatus node(DefaultRedlock redlock, String name) {
		return redlock.status().nodes().stream().filter((node) -> node.name().equals(name)).findFirst().orElseThrow();
	}

	private static boolean has(RedisServer server, String key) {
		try (Jedis jedis = server.connect()) {
			return jedis.get(key) != null;
		}
	}

	@ParameterizedTest
	@EnumSource
	void nodesOfAllKindsVoteTogetherAndSurviveFailovers(ClientType client) {
		RedisServer server = this.opened.add(new RedisServer());
		RedisSentinel sentinel = this.opened.add(new RedisSentinel());
		RedisCluster cluster = this.opened.add(new RedisCluster());
		runner(client, server(0, server)).withPropertyValues(sentinel(1, sentinel))
			.withPropertyValues(cluster(2, cluster))
			.run((context) -> {
				DefaultRedlock redlock = context.getBean(DefaultRedlock.class);
				// In the second half of the slots.
				LockHandle lock = redlock.acquire(List.of("foo"), TTL, EXTENDED);
				await().untilAsserted(() -> {
					assertThat(has(server, "redlock:foo")).isTrue();
					assertThat(has(sentinel.first(), "redlock:foo")).isTrue();
				});
				await().untilAsserted(() -> assertThat(redlock.probe().get().voting()).isEqualTo(3));
				sentinel.first().kill();
				assertThat(redlock.acquire(List.of("another"), TTL, EXTENDED).release()).isTrue();
				await().atMost(Duration.ofSeconds(20))
					.untilAsserted(() -> assertThat(redlock.probe().get().nodes()).as("after the failover of Sentinel")
						.allMatch(NodeStatus::isVoting));
				cluster.server(1).kill();
				cluster.takeOver();
				for (int i = 0; i < 20; i++) {
					assertThat(redlock.acquire(List.of("some" + i), TTL, EXTENDED).release()).isTrue();
				}
				await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
					try (LockHandle probe = redlock.acquire(List.of("foo2"), TTL, EXTENDED)) {
						assertThat(redlock.probe().get().nodes()).as("after the failover of the cluster")
							.allMatch(NodeStatus::isVoting);
						assertThat(probe.attempts().get(0).votes()).isNotEmpty();
					}
				});
				assertThat(lock.isValid()).isTrue();
				lock.extend(TTL);
				assertThat(lock.release()).isTrue();
				assertThat(node(redlock, "sentinel").server())
					.hasValueSatisfying((each) -> assertThat(each).containsPattern("\\d\\.\\d"));
			});
	}

	@ParameterizedTest
	@EnumSource
	void clusterLocksResourcesOfOneSlotTogether(ClientType client) {
		RedisCluster cluster = this.opened.add(new RedisCluster());
		runner(client, cluster(0, cluster)).run((context) -> {
			DefaultRedlock redlock = context.getBean(DefaultRedlock.class);
			LockHandle lock = redlock.acquire(List.of("{order:42}:a", "{order:42}:b"), TTL, EXTENDED);
			assertThat(lock.extend(TTL).fencingToken()).isPositive();
			assertThat(redlock.tryAcquire(List.of("{order:42}:b"), TTL, LockOptions.defaults())).isEmpty();
			assertThat(lock.release()).isTrue();
			assertThatExceptionOfType(LockNotAcquiredException.class)
				.isThrownBy(() -> redlock.tryAcquire(List.of("a", "b"), TTL, LockOptions.defaults()))
				.withMessageContaining("hash tag");
		});
	}

	@ParameterizedTest
	@EnumSource
	void clientsAreCustomizedForEachNode(ClientType client) {
		RedisSentinel sentinel = this.opened.add(new RedisSentinel());
		List<String> customized = new ArrayList<>();
		runner(client, sentinel(0, sentinel))
			.withBean(RedlockJedisClientCustomizer.class,
					() -> (set, node, builder) -> customized.add("JEDIS " + set + " " + node))
			.withBean(RedlockLettuceClientCustomizer.class,
					() -> (set, node, builder) -> customized.add("LETTUCE " + set + " " + node))
			.run((context) -> {
				context.getBean(DefaultRedlock.class).acquire("a", TTL).release();
				assertThat(customized).contains(client + " redlock sentinel")
					.allMatch((each) -> each.startsWith(client.name()));
			});
	}

	@Test
	void memberOfAClusterIsNoServerOfItsOwn() {
		RedisCluster cluster = this.opened.add(new RedisCluster());
		runner(ClientType.JEDIS, server(0, cluster.server(0))).run((context) -> assertThat(context.getStartupFailure())
			.hasRootCauseInstanceOf(RedlockConfigurationException.class)
			.rootCause()
			.hasMessageContainingAll("is a part of a Redis Cluster", "cluster.nodes"));
	}

	@Test
	void sentinelIsNoServerOfItsOwn() {
		RedisSentinel sentinel = this.opened.add(new RedisSentinel());
		runner(ClientType.JEDIS, "redlock.nodes[0].host=127.0.0.1", "redlock.nodes[0].port=" + sentinel.port())
			.run((context) -> assertThat(context.getStartupFailure())
				.hasRootCauseInstanceOf(RedlockConfigurationException.class)
				.rootCause()
				.hasMessageContainingAll("is a Sentinel", "sentinel.master"));
	}

	/** It is asked for again and again, and the application starts. */
	@ParameterizedTest
	@EnumSource
	void sentinelThatIsDownAtTheStartIsOneNodeLess(ClientType client) {
		RedisServer first = this.opened.add(new RedisServer());
		RedisServer second = this.opened.add(new RedisServer());
		runner(client, server(0, first)).withPropertyValues(server(1, second))
			.withPropertyValues("redlock.nodes[2].sentinel.master=x", "redlock.nodes[2].sentinel.nodes=127.0.0.1:1")
			.run((context) -> assertThat(context.getBean(DefaultRedlock.class).acquire("a", TTL).release()).isTrue());
	}

}
