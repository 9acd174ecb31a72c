package io.github.redlock.redis;

import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

import io.github.redlock.LockHandle;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.TlsServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * TLS and access control on real servers.
 */
class SecuredNodeIT {

	private final List<AutoCloseable> opened = new ArrayList<>();

	@TempDir
	private Path directory;

	private TlsServers tls() {
		return new TlsServers(this.directory);
	}

	@AfterEach
	void closeAll() throws Exception {
		for (int i = this.opened.size() - 1; i >= 0; i--) {
			this.opened.get(i).close();
		}
	}

	private <T extends AutoCloseable> T opened(T closeable) {
		this.opened.add(closeable);
		return closeable;
	}

	private LockNode node(RedisServer server, String user, String password, SSLContext ssl) {
		RedisLockNodes nodes = opened(new RedisLockNodes("redlock:", Duration.ofMinutes(10)));
		nodes.add(new RedisNodeSettings("secured", "127.0.0.1", server.port(), user, password, 0, ssl),
				Duration.ofSeconds(5), Duration.ofSeconds(5));
		return nodes.nodes().get(0);
	}

	private static Vote ping(LockNode node) {
		return node.probe().toCompletableFuture().join();
	}

	@Test
	void lockIsTakenOverTls() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = opened(tls().start(keyStore));
		DefaultRedlock redlock = opened(
				new RedlockBuilder().nodes(List.of(node(server, null, null, TlsServers.trusting(keyStore))))
					.commandTimeout(Duration.ofSeconds(5))
					.build());
		LockHandle lock = redlock.acquire("a", Duration.ofSeconds(30));
		assertThat(lock.release()).isTrue();
	}

	/** A driver does not tell that a connection ended while it was idle. [81] */
	@Test
	void encryptedConnectionThatEndedWhileIdleCostsNothing() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = opened(tls().start(keyStore));
		SSLContext ssl = TlsServers.trusting(keyStore);
		DefaultRedlock redlock = opened(new RedlockBuilder().nodes(List.of(node(server, null, null, ssl)))
			.commandTimeout(Duration.ofSeconds(5))
			.build());
		try (Jedis jedis = opened(new Jedis(new HostAndPort("127.0.0.1", server.port()),
				DefaultJedisClientConfig.builder().ssl(true).sslSocketFactory(ssl.getSocketFactory()).build()))) {
			jedis.configSet("timeout", "1");
			redlock.acquire("a", Duration.ofSeconds(30)).close();
			await().until(() -> !jedis.clientList().contains("name=redlock "));
		}
		LockHandle lock = redlock.tryAcquire("a", Duration.ofSeconds(30)).orElseThrow();
		assertThat(lock.release()).isTrue();
	}

	/** Jedis by itself accepts any certificate that is valid, whomever it names. */
	@Test
	void certificateOfAnotherHostIsRefused() throws Exception {
		KeyStore keyStore = tls().certificateFor("dns:another.example.com");
		RedisServer server = opened(tls().start(keyStore));
		Vote vote = ping(node(server, null, null, TlsServers.trusting(keyStore)));
		assertThat(vote).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) vote).error()).hasStackTraceContaining("CertificateException");
	}

	@Test
	void certificateThatIsNotTrustedIsRefused() throws Exception {
		RedisServer server = opened(tls().start(tls().certificateFor("ip:127.0.0.1")));
		Vote vote = ping(node(server, null, null, SSLContext.getDefault()));
		assertThat(vote).isInstanceOf(Vote.Failed.class);
	}

	/** The rights that the README names are enough. */
	@Test
	void userWithFewRightsIsEnough() {
		RedisServer server = opened(new RedisServer());
		try (Jedis jedis = server.connect()) {
			jedis.aclSetUser("locker", "on", ">secret", "~redlock:*", "~{redlock:*", "+eval", "+evalsha", "+get",
					"+set", "+del", "+pttl", "+pexpire");
		}
		LockNode node = node(server, "locker", "secret", null);
		assertThat(ping(node)).isInstanceOf(Vote.Granted.class);
		DefaultRedlock redlock = opened(
				new RedlockBuilder().nodes(List.of(node)).commandTimeout(Duration.ofSeconds(5)).build());
		LockHandle lock = redlock.acquire("a", Duration.ofSeconds(30));
		lock.extend();
		assertThat(lock.release()).isTrue();
	}

	@Test
	void missingRightIsAnErrorOfTheNodeAndNamed() {
		RedisServer server = opened(new RedisServer());
		try (Jedis jedis = server.connect()) {
			jedis.aclSetUser("locker", "on", ">secret", "~other:*", "+@all");
		}
		Vote vote = node(server, "locker", "secret", null)
			.acquire(new io.github.redlock.spi.LockRequest(List.of("a"), "v", Duration.ofSeconds(30), 1))
			.toCompletableFuture()
			.join();
		assertThat(vote).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) vote).reason()).isEqualTo(Vote.Failed.Reason.UNABLE);
		assertThat(((Vote.Failed) vote).error()).hasStackTraceContaining("NOPERM");
	}

}
