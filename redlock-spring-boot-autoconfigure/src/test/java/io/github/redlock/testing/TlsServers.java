package io.github.redlock.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyStore;
import java.util.Base64;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Real Redis servers that speak TLS, with certificates made for them.
 */
public final class TlsServers {

	private static final char[] PASSWORD = "changeit".toCharArray();

	private final Path directory;

	/** The files go into this directory. */
	public TlsServers(Path directory) {
		this.directory = directory;
	}

	/**
	 * A new key with a certificate for this subject alternative name, as "ip:127.0.0.1".
	 */
	public KeyStore certificateFor(String subjectAlternativeName) throws Exception {
		Path store = Files.createTempDirectory(this.directory, "store").resolve("key.p12");
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

	/** A server that shows this certificate. */
	public RedisServer start(KeyStore keyStore, String... arguments) throws Exception {
		Path keyFile = pem("key", "PRIVATE KEY", keyStore.getKey("redis", PASSWORD).getEncoded());
		return RedisServer.withTls(certificateFile(keyStore), keyFile, arguments);
	}

	/** A server with one port for clear text and one for TLS. */
	public RedisServer startBeside(int tlsPort, KeyStore keyStore) throws Exception {
		Path keyFile = pem("key", "PRIVATE KEY", keyStore.getKey("redis", PASSWORD).getEncoded());
		return new RedisServer(RedisServer.tlsArguments(tlsPort, certificateFile(keyStore), keyFile));
	}

	/** A port on which nobody listens. */
	public static int freePort() {
		return RedisServer.freePort();
	}

	/** The certificate alone, as a file. */
	public Path certificateFile(KeyStore keyStore) throws Exception {
		return pem("certificate", "CERTIFICATE", keyStore.getCertificate("redis").getEncoded());
	}

	/** The key and its certificate in one file. */
	public Path keyFile(KeyStore keyStore) throws Exception {
		Path file = pem("key", "PRIVATE KEY", keyStore.getKey("redis", PASSWORD).getEncoded());
		return Files.writeString(file, Files.readString(certificateFile(keyStore)), StandardOpenOption.APPEND);
	}

	private Path pem(String name, String label, byte[] content) throws IOException {
		String base64 = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
		return Files.writeString(Files.createTempFile(this.directory, name, ".pem"),
				"-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n");
	}

	/** What a client needs that trusts the server, and shows a certificate of its own. */
	public static SslBundle bundle(KeyStore ofServer, KeyStore ofClient) throws Exception {
		return SslBundle.of(SslStoreBundle.of(ofClient, new String(PASSWORD), trustStore(ofServer)));
	}

	/** What a client needs that trusts this certificate and no other. */
	public static KeyStore trustStore(KeyStore keyStore) throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		trusted.load(null, null);
		trusted.setCertificateEntry("redis", keyStore.getCertificate("redis"));
		return trusted;
	}

	/** The context of a client that trusts this certificate and no other. */
	public static SSLContext trusting(KeyStore keyStore) throws Exception {
		TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		factory.init(trustStore(keyStore));
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, factory.getTrustManagers(), null);
		return context;
	}

}
