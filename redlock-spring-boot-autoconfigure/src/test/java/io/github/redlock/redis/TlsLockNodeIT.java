package io.github.redlock.redis;

import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.github.redlock.spi.BatchExtension;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.TlsServers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The same contract over an encrypted channel, and what only such a channel can do wrong.
 */
class TlsLockNodeIT extends RedisLockNodeIT {

	private static int tlsPort;

	private static SSLContext trusting;

	@BeforeAll
	static void startServerWithTls(@TempDir Path directory) throws Exception {
		server.close();
		TlsServers tls = new TlsServers(directory);
		KeyStore keyStore = tls.certificateFor("ip:127.0.0.1");
		trusting = TlsServers.trusting(keyStore);
		tlsPort = TlsServers.freePort();
		server = tls.startBeside(tlsPort, keyStore);
	}

	@Override
	protected void connect(RedisLockNodes nodes, int port) {
		nodes.add(new RedisNodeSettings("encrypted", "127.0.0.1", tlsPort, null, null, 0, new TlsSettings(trusting)),
				Duration.ofSeconds(5), Duration.ofSeconds(5));
	}

	private static LockRequest request(String resource) {
		return new LockRequest(List.of(resource), "v1", TTL, LockRequest.NO_TOKEN);
	}

	/** Answers in many records, which arrive at once. */
	@Test
	@Timeout(60)
	void burstIsAnsweredToTheLast() throws Exception {
		await(node().probe());
		for (int round = 0; round < 5; round++) {
			server.freeze();
			List<CompletionStage<Vote>> votes = new ArrayList<>();
			for (int i = 0; i < 5000; i++) {
				votes.add(node().acquire(request(round + "-" + i)));
			}
			server.thaw();
			for (CompletionStage<Vote> vote : votes) {
				assertThat(vote.toCompletableFuture().get(20, TimeUnit.SECONDS)).isInstanceOf(Vote.Granted.class);
			}
		}
		assertThat(this.jedis.clientList()).containsOnlyOnce("name=redlock ");
	}

	/**
	 * Each takes several records and several reads, and a large command to ask for it.
	 */
	@Test
	@Timeout(60)
	void longAnswersAreReadWhole() throws Exception {
		List<LockRequest> requests = new ArrayList<>();
		for (int i = 0; i < 10_000; i++) {
			requests.add(request("missing" + i));
		}
		await(node().probe());
		server.freeze();
		List<CompletionStage<List<Vote>>> votes = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			votes.add(((BatchExtension) node()).extendAll(requests));
		}
		server.thaw();
		for (CompletionStage<List<Vote>> all : votes) {
			assertThat(all.toCompletableFuture().get(20, TimeUnit.SECONDS)).hasSize(requests.size())
				.containsOnly(Vote.Missing.INSTANCE);
		}
	}

	@Test
	void callersDriveTheChannel() {
		assertThat(node()).isInstanceOf(ChannelLockNode.class);
		await(node().probe());
		assertThat(Thread.getAllStackTraces().keySet())
			.noneMatch((thread) -> thread.getName().startsWith("redlock-node-"));
	}

}
