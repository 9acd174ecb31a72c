package io.github.redlock.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.redlock.NodeVote;
import io.github.redlock.spi.BatchExtension;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.RedisServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A real Redis, reached through Jedis, keeps the contract, and what only a real one can
 * do.
 */
class RedisLockNodeIT extends AbstractRedisLockNodeIT {

	@Override
	protected void connect(RedisLockNodes nodes, int port) {
		nodes.add(new RedisNodeSettings("real", "127.0.0.1", port, null, null, 0, null), Duration.ofSeconds(1),
				Duration.ofSeconds(5));
	}

	private static LockRequest request(String value, String resource) {
		return new LockRequest(List.of(resource), value, TTL, 100);
	}

	/** [62] */
	@Test
	void flushedScriptsAreSentAgainWithinTheSameRequest() {
		assertThat(await(node().acquire(request("v1", "a")))).isInstanceOf(Vote.Granted.class);
		this.jedis.scriptFlush();
		assertThat(await(node().extend(request("v1", "a")))).isInstanceOf(Vote.Granted.class);
		this.jedis.scriptFlush();
		assertThat(await(node().release(request("v1", "a")))).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isNull();
	}

	/**
	 * The acquisition's script is unknown, the release's is not: sent again alone, the
	 * acquisition would come after its release.
	 */
	@Test
	void acquisitionThatHasToBeSentAgainDoesNotOvertakeItsRelease() {
		await(node().release(request("v0", "warm-up")));
		this.jedis.scriptFlush();
		await(node().release(request("v0", "warm-up")));
		server.freeze();
		CompletionStage<Vote> blocker = node().probe();
		CompletionStage<Vote> acquisition = node().acquire(request("v1", "a"));
		CompletionStage<Vote> release = node().release(request("v1", "a"));
		server.thaw();
		await(blocker);
		assertThat(await(acquisition)).isInstanceOf(Vote.Granted.class);
		assertThat(await(release)).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isNull();
	}

	@Test
	void restartedServerIsReconnectedTo() {
		RedisServer own = new RedisServer();
		RedisLockNodes ownNodes = new RedisLockNodes("redlock:");
		ownNodes.add(new RedisNodeSettings("own", "127.0.0.1", own.port(), null, null, 0, null), Duration.ofSeconds(1),
				Duration.ofSeconds(5));
		LockNode node = ownNodes.nodes().get(0);
		assertThat(await(node.probe())).isInstanceOf(Vote.Granted.class);
		own.kill();
		Vote broken = await(node.acquire(request("v1", "a")));
		assertThat(broken).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) broken).reason()).isEqualTo(Vote.Failed.Reason.UNREACHABLE);
		own.start();
		assertThat(await(node.acquire(request("v1", "a")))).isInstanceOf(Vote.Granted.class);
		ownNodes.close();
		own.close();
	}

	@Test
	void wrongPasswordIsReportedWithItsReasonAndTheRemedy() {
		RedisServer own = new RedisServer("--requirepass", "secret");
		RedisLockNodes ownNodes = new RedisLockNodes("redlock:");
		ownNodes.add(new RedisNodeSettings("right", "127.0.0.1", own.port(), null, "secret", 3, null),
				Duration.ofSeconds(1), Duration.ofSeconds(5));
		ownNodes.add(new RedisNodeSettings("wrong", "127.0.0.1", own.port(), null, "guess", 0, null),
				Duration.ofSeconds(1), Duration.ofSeconds(5));
		assertThat(await(ownNodes.nodes().get(0).probe())).isInstanceOf(Vote.Granted.class);
		Vote wrong = await(ownNodes.nodes().get(1).probe());
		assertThat(wrong).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) wrong).reason()).isEqualTo(Vote.Failed.Reason.UNABLE);
		assertThat(((Vote.Failed) wrong).error()).hasStackTraceContaining("WRONGPASS");
		ownNodes.close();
		own.close();
	}

	/** It is somebody's, like one that holds another value, and forbids nothing else. */
	@Test
	void keyOfAnotherTypeIsHeldBySomebodyElse() {
		LockRequest both = new LockRequest(List.of("a", "b"), "v1", TTL, 100);
		assertThat(await(node().acquire(both))).isInstanceOf(Vote.Granted.class);
		this.jedis.del("redlock:a");
		this.jedis.hset("redlock:a", "field", "value");
		Vote.Held held = new Vote.Held(Vote.Held.WITHOUT_EXPIRY);
		assertThat(await(node().acquire(request("v2", "a")))).isEqualTo(held);
		assertThat(await(node().acquire(new LockRequest(List.of("a"), "v2", TTL, LockRequest.NO_TOKEN))))
			.isEqualTo(held);
		assertThat(await(node().extend(both))).isEqualTo(held);
		assertThat(await(node().heal(both))).isEqualTo(held);
		assertThat(await(node().transfer(both, "v0"))).isEqualTo(held);
		if (node() instanceof BatchExtension batch) {
			assertThat(batch.extendAll(List.of(request("v1", "a"), request("v1", "b"))).toCompletableFuture().join())
				.containsExactly(held, Vote.Granted.INSTANCE);
		}
		assertThat(await(node().releaseLater(both))).isInstanceOf(Vote.Missing.class);
		assertThat(await(node().release(both))).isInstanceOf(Vote.Missing.class);
		assertThat(valueOf("b")).isNull();
		assertThat(this.jedis.hget("redlock:a", "field")).isEqualTo("value");
	}

	@ParameterizedTest
	@ValueSource(strings = { "garbage", "-5", "9007199254740992", "1e300" })
	void fenceThatIsNoTokenIsAnErrorNotAGrant(String fence) {
		String key = new LockKeys("redlock:").fenceKey("a");
		if (fence.equals("garbage")) {
			this.jedis.set(key, fence);
		}
		else {
			this.jedis.zadd(key, Double.parseDouble(fence), "t");
		}
		Vote vote = await(node().acquire(request("v1", "a")));
		assertThat(vote).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) vote).error()).hasStackTraceContaining(key);
		assertThat(valueOf("a")).isNull();
	}

	@Test
	void keyWithoutTimeToLiveIsHeldForLong() {
		this.jedis.set("redlock:a", "stranger");
		Vote vote = await(node().acquire(request("v1", "a")));
		assertThat(vote).isInstanceOf(Vote.Held.class);
		assertThat(((Vote.Held) vote).remaining()).isEqualTo(Vote.Held.WITHOUT_EXPIRY);
		assertThat(new NodeVote("n", vote, Duration.ZERO)).hasToString("n HELD (without expiry) after 0 ms");
	}

	@Test
	void closingSendsWhatItWasGiven() {
		assertThat(await(node().acquire(request("v1", "a")))).isInstanceOf(Vote.Granted.class);
		CompletionStage<Vote> release = node().release(request("v1", "a"));
		node().close();
		assertThat(await(release)).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isNull();
	}

	@Test
	void closedNodeFailsWhatItIsAsked() {
		node().close();
		Vote vote = await(node().acquire(request("v1", "a")));
		assertThat(vote).isInstanceOf(Vote.Failed.class);
	}

	@Test
	void unusualNamesAreOrdinaryKeys() {
		for (String resource : List.of("ключ", "a b\tc\n", "\u0000", "💰", "x".repeat(100_000), "a}b", "a{b")) {
			assertThat(await(node().acquire(request("v1", resource)))).as(resource).isInstanceOf(Vote.Granted.class);
			assertThat(valueOf(resource)).isEqualTo("v1");
			assertThat(await(node().release(request("v1", resource)))).isInstanceOf(Vote.Granted.class);
		}
	}

}
