package io.github.redlock.redis;

import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.Opened;
import io.github.redlock.testing.Proxy;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.TlsServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * TLS and access control on real servers.
 */
class SecuredNodeIT {

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);

	@RegisterExtension
	private final Opened opened = new Opened();

	@TempDir
	private Path directory;

	private TlsServers tls() {
		return new TlsServers(this.directory);
	}

	private LockNode node(RedisServer server, String user, String password, SSLContext ssl) {
		RedisLockNodes nodes = this.opened.add(new RedisLockNodes("redlock:"));
		nodes.add(new RedisNodeSettings("secured", "127.0.0.1", server.port(), user, password, 0,
				(ssl != null) ? new TlsSettings(ssl) : null), Duration.ofSeconds(5), Duration.ofSeconds(5));
		return nodes.nodes().get(0);
	}

	private static Throwable error(Vote vote) {
		assertThat(vote).isInstanceOf(Vote.Failed.class);
		return ((Vote.Failed) vote).error();
	}

	private LockNode node(int port, TlsSettings tls) {
		RedisLockNodes nodes = this.opened.add(new RedisLockNodes("redlock:"));
		nodes.add(new RedisNodeSettings("secured", "127.0.0.1", port, null, null, 0, tls), CONNECT_TIMEOUT,
				Duration.ofMillis(200));
		return nodes.nodes().get(0);
	}

	private static Vote ping(LockNode node) {
		return node.probe().toCompletableFuture().join();
	}

	@Test
	void lockIsTakenOverTls() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = this.opened.add(tls().start(keyStore));
		DefaultRedlock redlock = this.opened
			.add(new RedlockBuilder().nodes(List.of(node(server, null, null, TlsServers.trusting(keyStore))))
				.commandTimeout(Duration.ofSeconds(5))
				.build());
		LockHandle lock = redlock.acquire("a", Duration.ofSeconds(30));
		assertThat(lock.release()).isTrue();
	}

	/** [81] */
	@Test
	void encryptedConnectionThatEndedWhileIdleCostsNothing() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = this.opened.add(tls().start(keyStore));
		SSLContext ssl = TlsServers.trusting(keyStore);
		DefaultRedlock redlock = this.opened.add(new RedlockBuilder().nodes(List.of(node(server, null, null, ssl)))
			.commandTimeout(Duration.ofSeconds(5))
			.build());
		try (Jedis jedis = this.opened.add(new Jedis(new HostAndPort("127.0.0.1", server.port()),
				DefaultJedisClientConfig.builder().ssl(true).sslSocketFactory(ssl.getSocketFactory()).build()))) {
			jedis.configSet("timeout", "1");
			redlock.acquire("a", Duration.ofSeconds(30)).close();
			await().until(() -> !jedis.clientList().contains("name=redlock "));
		}
		LockHandle lock = redlock.tryAcquire("a", Duration.ofSeconds(30)).orElseThrow();
		assertThat(lock.release()).isTrue();
	}

	@Test
	void restartedServerIsConnectedToAgain() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = this.opened.add(tls().start(keyStore));
		LockNode node = node(server.port(), new TlsSettings(TlsServers.trusting(keyStore)));
		for (int i = 0; i < 3; i++) {
			assertThat(ping(node)).isInstanceOf(Vote.Granted.class);
			server.kill();
			assertThat(error(ping(node))).isNotNull();
			server.start();
			await().until(() -> ping(node) instanceof Vote.Granted);
		}
	}

	/** Neither end is told that nothing passes any more. */
	@Test
	void encryptedConnectionThatIsHalfOpenIsReplaced() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = this.opened.add(tls().start(keyStore));
		Proxy proxy = this.opened.add(new Proxy(server.port()));
		DefaultRedlock redlock = this.opened
			.add(new RedlockBuilder().nodes(List.of(node(proxy.port(), new TlsSettings(TlsServers.trusting(keyStore)))))
				.build());
		redlock.acquire("a", Duration.ofSeconds(30)).close();
		proxy.swallow();
		assertThatExceptionOfType(LockNotAcquiredException.class)
			.isThrownBy(() -> redlock.tryAcquire("b", Duration.ofSeconds(30)));
		await().atMost(Duration.ofSeconds(20))
			.ignoreExceptionsInstanceOf(LockNotAcquiredException.class)
			.until(() -> redlock.tryAcquire("c", Duration.ofSeconds(30)).map(LockHandle::release).isPresent());
	}

	/** Jedis by itself accepts any certificate that is valid, whomever it names. */
	@Test
	void certificateOfAnotherHostIsRefused() throws Exception {
		KeyStore keyStore = tls().certificateFor("dns:another.example.com");
		RedisServer server = this.opened.add(tls().start(keyStore));
		Vote vote = ping(node(server, null, null, TlsServers.trusting(keyStore)));
		assertThat(vote).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) vote).error()).hasStackTraceContaining("CertificateException");
	}

	@Test
	void certificateThatIsNotTrustedIsRefused() throws Exception {
		RedisServer server = this.opened.add(tls().start(tls().certificateFor("ip:127.0.0.1")));
		Vote vote = ping(node(server, null, null, SSLContext.getDefault()));
		assertThat(vote).isInstanceOf(Vote.Failed.class);
	}

	@Test
	void versionsAndCiphersOfTheBundleHold() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		SSLContext context = TlsServers.trusting(keyStore);
		RedisServer old = this.opened.add(tls().start(keyStore, "--tls-protocols", "TLSv1.2"));
		assertThat(ping(node(old.port(), new TlsSettings(context)))).isInstanceOf(Vote.Granted.class);
		assertThat(error(ping(node(old.port(), new TlsSettings(context, List.of("TLSv1.3"), null)))))
			.hasMessageContaining("no version of TLS or cipher in common");
		assertThat(error(
				ping(node(old.port(), new TlsSettings(context, null, List.of("TLS_DHE_DSS_WITH_AES_128_CBC_SHA"))))))
			.isNotNull();
		TlsSettings one = new TlsSettings(context, List.of("TLSv1.2"),
				List.of("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
		assertThat(ping(node(old.port(), one))).isInstanceOf(Vote.Granted.class);
		assertThatIllegalArgumentException().isThrownBy(() -> new TlsSettings(context, List.of("TLSv9"), null))
			.withMessageContainingAll("TLSv9", "TLSv1.3");
	}

	@Test
	void failedHandshakeSaysWhatToDo() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		TlsSettings settings = new TlsSettings(TlsServers.trusting(keyStore));
		RedisServer plain = this.opened.add(new RedisServer());
		assertThat(error(ping(node(plain.port(), settings)))).hasMessageContaining("is this port one for clear text?");
		RedisServer tls = this.opened.add(tls().start(keyStore));
		assertThat(error(ping(node(tls.port(), null)))).hasMessageContaining("is this a TLS port?");
		RedisServer strict = this.opened.add(tls().start(keyStore, "--tls-auth-clients", "yes"));
		assertThat(error(ping(node(strict.port(), settings)))).hasMessageContaining("certificate of the client");
	}

	@Test
	void serverThatRefusesConnectionsIsQuoted() {
		RedisServer full = this.opened.add(new RedisServer("--maxclients", "1"));
		try (Jedis jedis = full.connect()) {
			jedis.ping();
			assertThat(error(ping(node(full.port(), null)))).hasMessageContaining("maxclients");
		}
	}

	/** One attempt of a process that has just been started. */
	@Test
	void firstAttemptWaitsForTheHandshake() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		TlsSettings settings = new TlsSettings(TlsServers.trusting(keyStore));
		for (TlsSettings tls : new TlsSettings[] { settings, null }) {
			RedisServer server = this.opened.add((tls != null) ? tls().start(keyStore) : new RedisServer());
			Proxy proxy = this.opened.add(new Proxy(server.port()));
			proxy.hold();
			DefaultRedlock redlock = this.opened
				.add(new RedlockBuilder().nodes(List.of(node(proxy.port(), tls))).build());
			CompletableFuture<Optional<LockHandle>> attempt = redlock.tryAcquireAsync("a", Duration.ofSeconds(30));
			await().during(Duration.ofMillis(600)).until(() -> !attempt.isDone());
			proxy.letThrough();
			assertThat(attempt.get(20, TimeUnit.SECONDS)).isPresent();
			attempt.get().get().release();
		}
	}

	/** The rights that docs/properties.md names are enough. */
	@Test
	void userWithFewRightsIsEnough() {
		RedisServer server = this.opened.add(new RedisServer());
		try (Jedis jedis = server.connect()) {
			jedis.aclSetUser("locker", "on", ">secret", "~redlock:*", "+eval", "+evalsha", "+get", "+set", "+del",
					"+pttl", "+pexpire", "+zadd", "+zscore");
		}
		LockNode node = node(server, "locker", "secret", null);
		assertThat(ping(node)).isInstanceOf(Vote.Granted.class);
		DefaultRedlock redlock = this.opened
			.add(new RedlockBuilder().nodes(List.of(node)).commandTimeout(Duration.ofSeconds(5)).build());
		LockHandle lock = redlock.acquire("a", Duration.ofSeconds(30));
		lock.extend();
		assertThat(lock.release()).isTrue();
	}

	@Test
	void missingRightIsAnErrorOfTheNodeAndNamed() {
		RedisServer server = this.opened.add(new RedisServer());
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
