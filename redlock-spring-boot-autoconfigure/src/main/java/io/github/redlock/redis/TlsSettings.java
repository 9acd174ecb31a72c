package io.github.redlock.redis;

import java.util.List;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

import org.jspecify.annotations.Nullable;

/**
 * How connections to a node are encrypted. The host name is always checked against the
 * certificate.
 *
 * @param context keys and trusted certificates
 * @param protocols the versions of TLS that may be used, {@code null} for those of the
 * context
 * @param ciphers the cipher suites that may be used, {@code null} for those of the
 * context
 * @since 0.1.0
 */
public record TlsSettings(SSLContext context, @Nullable List<String> protocols, @Nullable List<String> ciphers) {

	/**
	 * Check and copy.
	 * @param context keys and trusted certificates
	 * @param protocols the versions of TLS that may be used, {@code null} for those of
	 * the context
	 * @param ciphers the cipher suites that may be used, {@code null} for those of the
	 * context
	 * @throws IllegalArgumentException if the JDK does not know a protocol or cipher
	 */
	public TlsSettings {
		protocols = (protocols != null) ? List.copyOf(protocols) : null;
		ciphers = (ciphers != null) ? List.copyOf(ciphers) : null;
		SSLParameters supported = context.getSupportedSSLParameters();
		check("protocol", protocols, supported.getProtocols());
		check("cipher suite", ciphers, supported.getCipherSuites());
	}

	/**
	 * What the context allows.
	 * @param context keys and trusted certificates
	 */
	public TlsSettings(SSLContext context) {
		this(context, null, null);
	}

	private static void check(String what, @Nullable List<String> wanted, String[] supported) {
		if (wanted != null && !List.of(supported).containsAll(wanted)) {
			throw new IllegalArgumentException(
					"this JVM does not know each TLS " + what + " of " + wanted + ", only " + List.of(supported));
		}
	}

	/**
	 * The parameters of a connection. Without the identification Jedis would accept any
	 * valid certificate, whomever it names.
	 * @return new parameters
	 */
	public SSLParameters parameters() {
		SSLParameters parameters = this.context.getDefaultSSLParameters();
		parameters.setEndpointIdentificationAlgorithm("HTTPS");
		if (this.protocols != null) {
			parameters.setProtocols(this.protocols.toArray(String[]::new));
		}
		if (this.ciphers != null) {
			parameters.setCipherSuites(this.ciphers.toArray(String[]::new));
		}
		return parameters;
	}

}
