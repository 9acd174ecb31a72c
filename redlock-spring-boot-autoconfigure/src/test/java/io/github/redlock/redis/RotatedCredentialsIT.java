package io.github.redlock.redis;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.SetParams;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockConnectionDetails;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.testing.Opened;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.TlsServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Passwords, certificates and addresses that change while an application runs, on real
 * servers. The details say what holds now; nothing is restarted.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class RotatedCredentialsIT {

	private static final Duration TTL = Duration.ofSeconds(30);

	/** Long enough for a node that was marked down to be found again. */
	private static final LockOptions PATIENT = LockOptions.builder().waitTime(Duration.ofSeconds(20)).build();

	@RegisterExtension
	private final Opened opened = new Opened();

	private final AtomicReference<Node> current = new AtomicReference<>();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
		.withPropertyValues("redlock.connect-timeout=5s", "redlock.command-timeout=2s")
		.withBean(RedlockConnectionDetails.class, () -> () -> List.of(this.current.get()));

	@TempDir
	private Path directory;

	private TlsServers tls() {
		return new TlsServers(this.directory);
	}

	private void detailsSay(RedisServer server, String user, String password, SslBundle bundle) {
		this.current.set(new Node("rotating", "127.0.0.1", server.port(), user, password, 0, bundle));
	}

	private static SslBundle trusting(KeyStore keyStore) throws Exception {
		return SslBundle.of(SslStoreBundle.of(null, null, TlsServers.trustStore(keyStore)));
	}

	private static Jedis administrator(RedisServer server, SslBundle bundle) {
		DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder();
		if (bundle != null) {
			config.ssl(true).sslSocketFactory(bundle.createSslContext().getSocketFactory());
		}
		return new Jedis(new HostAndPort("127.0.0.1", server.port()), config.build());
	}

	private static void cutConnections(Jedis administrator) {
		for (ClientType type : List.of(ClientType.NORMAL, ClientType.PUBSUB)) {
			administrator.clientKill(new ClientKillParams().type(type).skipMe(ClientKillParams.SkipMe.YES));
		}
	}

	private static void assertLocks(Redlock redlock) {
		LockHandle lock = redlock.acquire("a", TTL, PATIENT);
		assertThat(lock.release()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void passwordOfAUserMayChange(boolean encrypted) throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = this.opened.add(encrypted ? tls().start(keyStore) : new RedisServer());
		SslBundle bundle = encrypted ? trusting(keyStore) : null;
		Jedis administrator = this.opened.add(administrator(server, bundle));
		administrator.aclSetUser("app", "on", ">one", "~*", "&*", "+@all");
		detailsSay(server, "app", "one", bundle);
		this.runner.run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			assertLocks(redlock);
			administrator.aclSetUser("app", "resetpass", ">two");
			detailsSay(server, "app", "two", bundle);
			assertLocks(redlock);
			cutConnections(administrator);
			assertLocks(redlock);
			assertHearsOfReleases(redlock, administrator, "app");
		});
	}

	/** The connection for notices uses what holds now, too. */
	private static void assertHearsOfReleases(Redlock redlock, Jedis administrator, String user) throws Exception {
		administrator.set("redlock:b", "stranger", SetParams.setParams().px(TTL.toMillis()));
		CompletableFuture<LockHandle> waiting = redlock.acquireAsync(List.of("b"), TTL, PATIENT);
		Awaitility.await()
			.atMost(Duration.ofSeconds(20))
			.until(() -> administrator.clientList(ClientType.PUBSUB).contains("user=" + user));
		administrator.del("redlock:b");
		assertThat(waiting.get(20, TimeUnit.SECONDS).release()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void passwordOfTheServerMayChange(boolean encrypted) throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = this.opened.add(encrypted ? tls().start(keyStore) : new RedisServer());
		SslBundle bundle = encrypted ? trusting(keyStore) : null;
		Jedis administrator = this.opened.add(administrator(server, bundle));
		administrator.configSet("requirepass", "one");
		detailsSay(server, null, "one", bundle);
		this.runner.run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			assertLocks(redlock);
			administrator.configSet("requirepass", "two");
			detailsSay(server, null, "two", bundle);
			cutConnections(administrator);
			assertLocks(redlock);
		});
	}

	/** Another certificate, another port: what an operator does who moves a node. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void addressAndCertificateMayChange(boolean encrypted) throws Exception {
		KeyStore before = tls().certificateFor("ip:127.0.0.1");
		KeyStore after = tls().certificateFor("ip:127.0.0.1");
		RedisServer first = this.opened.add(encrypted ? tls().start(before) : new RedisServer());
		RedisServer second = this.opened.add(encrypted ? tls().start(after) : new RedisServer());
		detailsSay(first, null, null, encrypted ? trusting(before) : null);
		this.runner.run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			assertLocks(redlock);
			detailsSay(second, null, null, encrypted ? trusting(after) : null);
			first.kill();
			assertLocks(redlock);
		});
	}

	/** Whoever renews it replaces the file. Spring Boot loads the bundle again. */
	@Test
	void certificateOfTheClientMayChange() throws Exception {
		KeyStore ofServer = tls().certificateFor("ip:127.0.0.1");
		KeyStore before = tls().certificateFor("dns:client");
		KeyStore after = tls().certificateFor("dns:client");
		RedisServer server = this.opened.add(tls().start(ofServer, "--tls-auth-clients", "yes", "--tls-ca-cert-file",
				tls().certificateFile(before).toString()));
		Jedis administrator = this.opened.add(administrator(server, TlsServers.bundle(ofServer, before)));
		Path file = tls().keyFile(before);
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, SslAutoConfiguration.class))
			.withPropertyValues("redlock.nodes[0].host=127.0.0.1", "redlock.nodes[0].port=" + server.port(),
					"redlock.nodes[0].ssl.bundle=client", "redlock.connect-timeout=5s", "redlock.command-timeout=2s",
					"spring.ssl.bundle.pem.client.keystore.certificate=" + file,
					"spring.ssl.bundle.pem.client.keystore.private-key=" + file,
					"spring.ssl.bundle.pem.client.truststore.certificate=" + tls().certificateFile(ofServer),
					"spring.ssl.bundle.pem.client.reload-on-update=true",
					"spring.ssl.bundle.watch.file.quiet-period=100ms")
			.run((context) -> {
				Redlock redlock = context.getBean(Redlock.class);
				assertLocks(redlock);
				administrator.configSet("tls-ca-cert-file", tls().certificateFile(after).toString());
				cutConnections(administrator);
				assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.acquire("a", TTL))
					.withMessageContaining("certificate of the client");
				Files.move(tls().keyFile(after), file, StandardCopyOption.ATOMIC_MOVE);
				assertLocks(redlock);
				assertHearsOfReleases(redlock, administrator, "default");
			});
	}

	/** One for each use, closed when it is done with, and not one for each request. */
	@Test
	void encryptedNodeKeepsOneConnection() throws Exception {
		KeyStore keyStore = tls().certificateFor("ip:127.0.0.1");
		RedisServer server = this.opened.add(tls().start(keyStore));
		Jedis administrator = this.opened.add(administrator(server, trusting(keyStore)));
		detailsSay(server, null, null, trusting(keyStore));
		this.runner.run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			for (int i = 0; i < 5; i++) {
				assertLocks(redlock);
			}
			assertThat(administrator.clientList(ClientType.NORMAL)).containsOnlyOnce("name=redlock");
		});
		Awaitility.await()
			.atMost(Duration.ofSeconds(20))
			.until(() -> !administrator.clientList(ClientType.NORMAL).contains("name=redlock"));
	}

}
