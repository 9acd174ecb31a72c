package io.github.redlock.integration;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.util.JedisClusterCRC16;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.RedlockStatus.NodeStatus;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockProperties.ClientType;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.testing.RedisCluster;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The slot of a lock moves to another server of the cluster that is one of three nodes.
 */
class ReshardingIT {

	private static final Duration TTL = Duration.ofSeconds(3);

	private static final LockOptions EXTENDED = LockOptions.builder()
		.autoExtend(true)
		.waitTime(Duration.ofSeconds(10))
		.build();

	private final RedisServers servers = new RedisServers(2);

	private final RedisCluster cluster = new RedisCluster();

	@AfterEach
	void stop() {
		this.servers.close();
		this.cluster.close();
	}

	private static int slot(String resource) {
		return JedisClusterCRC16.getSlot("redlock:" + resource);
	}

	private boolean has(int server, String resource) {
		try (Jedis jedis = this.cluster.server(server).connect()) {
			return jedis.clusterCountKeysInSlot(slot(resource)) > 0 && jedis.exists("redlock:" + resource);
		}
	}

	/** The first server has the first half of the slots. */
	private static String resourceOfTheFirstServer() {
		return IntStream.range(0, 100)
			.mapToObj((i) -> "job" + i)
			.filter((each) -> slot(each) < 8192)
			.findFirst()
			.orElseThrow();
	}

	@ParameterizedTest
	@EnumSource
	void heldLockSurvivesAndTheNodeIsBackWithinSeconds(ClientType client) {
		String resource = resourceOfTheFirstServer();
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
			.withPropertyValues(this.servers.properties())
			.withPropertyValues("redlock.client-type=" + client, "redlock.command-timeout=500ms",
					"redlock.nodes[2].cluster.nodes=127.0.0.1:" + this.cluster.server(0).port())
			.run((context) -> {
				DefaultRedlock redlock = context.getBean(DefaultRedlock.class);
				LockHandle lock = redlock.acquire(List.of(resource), TTL, EXTENDED);
				await().until(() -> has(0, resource));
				// Each step lasts longer than the ttl, so that extensions meet it.
				this.cluster.moveToTheSecond(slot(resource), () -> {
					await().during(TTL.plusMillis(500)).atMost(TTL.multipliedBy(3)).until(lock::isValid);
					assertThat(redlock.tryAcquire(resource, TTL)).isEmpty();
				});
				await().during(TTL.plusMillis(500)).atMost(TTL.multipliedBy(3)).until(lock::isValid);
				await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
					assertThat(redlock.probe().get().nodes()).allMatch(NodeStatus::isVoting);
					assertThat(has(1, resource)).as("held by the new owner of the slot").isTrue();
				});
				assertThat(lock.release()).isTrue();
				await().until(() -> !has(1, resource));
				assertThat(redlock.acquire(List.of(resource), TTL, EXTENDED).release()).isTrue();
			});
	}

}
