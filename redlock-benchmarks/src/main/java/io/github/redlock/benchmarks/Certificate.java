package io.github.redlock.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A key and its certificate for the servers of this process, and what a client needs that
 * trusts it.
 */
final class Certificate {

	private static final char[] PASSWORD = "changeit".toCharArray();

	private static final String ALIAS = "redis";

	/** The one of this process. */
	static final Certificate OWN = new Certificate();

	private final KeyStore keyStore;

	private final Path keyFile;

	private final Path certificateFile;

	private Certificate() {
		try {
			Path directory = Files.createTempDirectory("redlock-benchmark-tls");
			this.keyStore = generate(directory.resolve("key.p12"));
			this.keyFile = write(directory.resolve("key.pem"), "PRIVATE KEY",
					this.keyStore.getKey(ALIAS, PASSWORD).getEncoded());
			this.certificateFile = write(directory.resolve("certificate.pem"), "CERTIFICATE",
					this.keyStore.getCertificate(ALIAS).getEncoded());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("No certificate could be made", ex);
		}
	}

	private static KeyStore generate(Path store) throws IOException, GeneralSecurityException {
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
				"-genkeypair", "-alias", ALIAS, "-keyalg", "RSA", "-dname", "CN=redis", "-ext", "san=ip:" + Nodes.HOST,
				"-validity", "2", "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass",
				new String(PASSWORD))
			.inheritIO()
			.start();
		if (process.onExit().join().exitValue() != 0) {
			throw new IOException("keytool has failed");
		}
		KeyStore keyStore = KeyStore.getInstance("PKCS12");
		try (InputStream stream = Files.newInputStream(store)) {
			keyStore.load(stream, PASSWORD);
		}
		return keyStore;
	}

	private static Path write(Path file, String label, byte[] content) throws IOException {
		String base64 = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
		file.toFile().deleteOnExit();
		return Files.writeString(file, "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n");
	}

	/**
	 * The settings of a server that shows it on this port.
	 */
	List<String> settings(int port) {
		return List.of("tls-port " + port, "tls-cert-file " + this.certificateFile, "tls-key-file " + this.keyFile,
				"tls-ca-cert-file " + this.certificateFile, "tls-auth-clients no");
	}

	/**
	 * A context that trusts it.
	 */
	SSLContext trusting() {
		try {
			KeyStore trusted = KeyStore.getInstance("PKCS12");
			trusted.load(null, null);
			trusted.setCertificateEntry(ALIAS, this.keyStore.getCertificate(ALIAS));
			TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			factory.init(trusted);
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(null, factory.getTrustManagers(), null);
			return context;
		}
		catch (IOException | GeneralSecurityException ex) {
			throw new IllegalStateException("The certificate cannot be trusted", ex);
		}
	}

}
