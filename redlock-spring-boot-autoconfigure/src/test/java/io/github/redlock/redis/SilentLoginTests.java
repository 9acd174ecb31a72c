package io.github.redlock.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.redlock.spi.Vote;

/**
 * A node whose host accepts connections and says nothing.
 */
class SilentLoginTests {

	@Test
	@Timeout(60)
	void silentNodeIsGivenUpAndTriedAgain() throws Exception {
		try (ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
				RedisLockNodes nodes = new RedisLockNodes("")) {
			nodes.add(new RedisNodeSettings("silent", "127.0.0.1", listener.getLocalPort(), null, "secret", 0, null),
					Duration.ofSeconds(1), Duration.ofMillis(50));
			for (int i = 0; i < 2; i++) {
				assertUnreachable(nodes.nodes().get(0).probe().toCompletableFuture().get(20, TimeUnit.SECONDS));
				acceptOne(listener);
			}
		}
	}

	private static void assertUnreachable(Vote vote) {
		assertThat(vote).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) vote).reason()).isEqualTo(Vote.Failed.Reason.UNREACHABLE);
	}

	private static void acceptOne(ServerSocket listener) throws IOException {
		listener.accept().close();
	}

}
