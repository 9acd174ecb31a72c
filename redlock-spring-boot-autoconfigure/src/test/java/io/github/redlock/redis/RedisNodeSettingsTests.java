package io.github.redlock.redis;

import java.security.NoSuchAlgorithmException;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class RedisNodeSettingsTests {

	private static RedisNodeSettings settings(String host, String password, int database, TlsSettings tls) {
		return new RedisNodeSettings("a", host, 6379, null, password, database, tls);
	}

	@Test
	void addressAndPasswordMayChange() {
		RedisNodeSettings current = settings("second", "two", 0, null);
		assertThat(settings("first", "one", 0, null).replacedBy(current)).isSameAs(current);
	}

	/** The locks are in the other one. */
	@Test
	void anotherDatabaseIsRefused() {
		assertThatIllegalStateException()
			.isThrownBy(() -> settings("first", "one", 0, null).replacedBy(settings("first", "one", 3, null)))
			.withMessage("Node a now has database 3 instead of 0, where its locks are; that needs a restart");
	}

	/** Above all, the password must not be sent in clear text. */
	@Test
	void encryptionCannotBeSwitchedOnOrOff() throws NoSuchAlgorithmException {
		TlsSettings ssl = new TlsSettings(SSLContext.getDefault());
		assertThatIllegalStateException()
			.isThrownBy(() -> settings("first", "one", 0, ssl).replacedBy(settings("first", "one", 0, null)))
			.withMessageContaining("in clear text instead of with TLS; that needs a restart");
		assertThatIllegalStateException()
			.isThrownBy(() -> settings("first", "one", 0, null).replacedBy(settings("first", "one", 0, ssl)))
			.withMessageContaining("with TLS instead of in clear text; that needs a restart");
	}

}
