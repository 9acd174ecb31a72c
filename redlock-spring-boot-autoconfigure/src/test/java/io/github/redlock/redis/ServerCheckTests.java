package io.github.redlock.redis;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.data.redis.RedisConnectionFailureException;

import io.github.redlock.spi.Vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What a server may answer to the question for its identity.
 */
class ServerCheckTests {

	private static ServerCheck check(Duration quarantine) {
		return new ServerCheck(new RestartQuarantine(quarantine), new ServerIdentities(), true);
	}

	private static String refuse() {
		throw new InvalidDataAccessApiUsageException("ERR a proxy that has never heard of it");
	}

	@Test
	void anyErrorReplyIsARefusalOnly() {
		assertThat(check(Duration.ZERO).check("a", ServerCheckTests::refuse)).isNull();
		assertThat(check(Duration.ofSeconds(1)).check("a", ServerCheckTests::refuse)).extracting(Vote.Failed::reason)
			.isEqualTo(Vote.Failed.Reason.QUARANTINED);
	}

	@Test
	void lostConnectionIsNoAnswer() {
		assertThatExceptionOfType(RedisConnectionFailureException.class)
			.isThrownBy(() -> check(Duration.ZERO).check("a", () -> {
				throw new RedisConnectionFailureException("gone");
			}));
	}

}
