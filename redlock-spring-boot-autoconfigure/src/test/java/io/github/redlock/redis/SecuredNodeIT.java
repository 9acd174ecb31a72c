package io.github.redlock.redis;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

import io.github.redlock.LockHandle;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.RedisServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * TLS and access control on real servers.
 */
class SecuredNodeIT {

	private static final char[] PASSWORD = "changeit".toCharArray();

	private final List<AutoCloseable> opened = new ArrayList<>();

	@TempDir
	private Path directory;

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

	private KeyStore certificateFor(String subjectAlternativeName) throws Exception {
		Path store = this.directory.resolve(subjectAlternativeName.replace(':', '-') + ".p12");
		Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
		Process process = new ProcessBuilder(keytool.toString(), "-genkeypair", "-alias", "redis", "-keyalg", "RSA",
				"-dname", "CN=redis", "-ext", "san=" + subjectAlternativeName, "-validity", "2", "-storetype", "PKCS12",
				"-keystore", store.toString(), "-storepass", new String(PASSWORD))
			.inheritIO()
			.start();
		assertThat(process.waitFor()).isZero();
		KeyStore keyStore = KeyStore.getInstance("PKCS12");
		try (var stream = Files.newInputStream(store)) {
			keyStore.load(stream, PASSWORD);
		}
		return keyStore;
	}

	private RedisServer tlsServer(KeyStore keyStore) throws Exception {
		Key key = keyStore.getKey("redis", PASSWORD);
		Certificate certificate = keyStore.getCertificate("redis");
		Path keyFile = pem("key", "PRIVATE KEY", key.getEncoded());
		Path certificateFile = pem("certificate", "CERTIFICATE", certificate.getEncoded());
		return opened(RedisServer.withTls(certificateFile, keyFile));
	}

	private Path pem(String name, String label, byte[] content) throws IOException {
		String base64 = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
		return Files.writeString(Files.createTempFile(this.directory, name, ".pem"),
				"-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n");
	}

	private static SSLContext trusting(KeyStore keyStore) throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		trusted.load(null, null);
		trusted.setCertificateEntry("redis", keyStore.getCertificate("redis"));
		TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		factory.init(trusted);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, factory.getTrustManagers(), null);
		return context;
	}

	@Test
	void lockIsTakenOverTls() throws Exception {
		KeyStore keyStore = certificateFor("ip:127.0.0.1");
		RedisServer server = tlsServer(keyStore);
		DefaultRedlock redlock = opened(DefaultRedlock.builder()
			.nodes(List.of(node(server, null, null, trusting(keyStore))))
			.commandTimeout(Duration.ofSeconds(5))
			.build());
		LockHandle lock = redlock.acquire("a", Duration.ofSeconds(30));
		assertThat(lock.release()).isTrue();
	}

	/** Jedis by itself accepts any certificate that is valid, whomever it names. */
	@Test
	void certificateOfAnotherHostIsRefused() throws Exception {
		KeyStore keyStore = certificateFor("dns:another.example.com");
		RedisServer server = tlsServer(keyStore);
		Vote vote = ping(node(server, null, null, trusting(keyStore)));
		assertThat(vote).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) vote).error()).hasStackTraceContaining("CertificateException");
	}

	@Test
	void certificateThatIsNotTrustedIsRefused() throws Exception {
		RedisServer server = tlsServer(certificateFor("ip:127.0.0.1"));
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
				DefaultRedlock.builder().nodes(List.of(node)).commandTimeout(Duration.ofSeconds(5)).build());
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
