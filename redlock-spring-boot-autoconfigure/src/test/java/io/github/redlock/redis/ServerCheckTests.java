package io.github.redlock.redis;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
		assertThat(check(Duration.ZERO).check("a", ServerCheckTests::refuse).withheld()).isNull();
		assertThat(check(Duration.ofSeconds(1)).check("a", ServerCheckTests::refuse).withheld())
			.extracting(Vote.Failed::reason)
			.isEqualTo(Vote.Failed.Reason.QUARANTINED);
	}

	/** What is not known is taken for old. */
	@ParameterizedTest
	@CsvSource({ "redis_version:6.2.0, true", "redis_version:6.0.16, false", "redis_version:7.0.15, true",
			"redis_version:10.0, true", "redis_version:5.9.9, false", "valkey_version:8.1.1, false", "'', false",
			"redis_version:unknown, false" })
	void versionIsCompared(String info, boolean atLeast) {
		assertThat(check(Duration.ZERO).check("a", () -> "# Server\r\n" + info + "\r\n").isAtLeast(6, 2))
			.isEqualTo(atLeast);
	}

	@Test
	void lostConnectionIsNoAnswer() {
		assertThatExceptionOfType(RedisConnectionFailureException.class)
			.isThrownBy(() -> check(Duration.ZERO).check("a", () -> {
				throw new RedisConnectionFailureException("gone");
			}));
	}

}
