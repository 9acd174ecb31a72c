package io.github.redlock.integration;

import java.time.Duration;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.annotation.DirtiesContext;

import io.github.redlock.autoconfigure.RedlockConnectionDetails;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.testing.FakeContainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What a test with containers writes: the nodes are the fields with the name
 * {@code redlock}, and the application's own Redis is another one.
 */
@DirtiesContext // Other tests count the threads.
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.NONE, properties = "redlock.retry.count=0")
class TestcontainersIT {

	@ServiceConnection
	static final GenericContainer<?> own = new FakeContainer("redis:8");

	@ServiceConnection("redlock")
	static final GenericContainer<?> first = new FakeContainer("redis:8");

	@ServiceConnection("redlock")
	static final GenericContainer<?> second = new FakeContainer("valkey/valkey:9");

	@ServiceConnection(type = RedlockConnectionDetails.class)
	static final GenericContainer<?> third = new FakeContainer("redis:8");

	@Autowired
	private DefaultRedlock redlock;

	@Autowired
	private RedlockConnectionDetails nodes;

	@Autowired
	private DataRedisConnectionDetails ownRedis;

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

	@AfterAll
	static void stop() {
		own.stop();
		first.stop();
		second.stop();
		third.stop();
	}

	@Test
	void containersAreTheNodesAndStayStoppedWhenATestStopsThem() {
		assertThat(this.nodes.getNodes()).extracting(RedlockConnectionDetails.Node::name)
			.containsExactly("redlock-1", "redlock-2", "redlock-3");
		assertThat(this.nodes.getNodes()).extracting(RedlockConnectionDetails.Node::port)
			.containsExactly(first.getMappedPort(6379), second.getMappedPort(6379), third.getMappedPort(6379));
		assertThat(this.ownRedis.getStandalone().getPort()).isEqualTo(own.getMappedPort(6379));
		assertVotes(3);
		second.stop();
		assertVotes(2);
		assertThat(second.isRunning()).as("started behind the back of the test").isFalse();
		second.start();
		assertVotes(3);
	}

	/** By the port that the container has now. */
	private void assertVotes(int votes) {
		await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
			assertThat(this.redlock.acquire("a", Duration.ofSeconds(10)).release()).isTrue();
			assertThat(this.redlock.status().nodes()).filteredOn((node) -> node.isVoting()).hasSize(votes);
		});
	}

}
