package io.github.redlock.redis;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.dao.InvalidDataAccessApiUsageException;

import io.github.redlock.spi.Vote;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the errors of servers and drivers mean.
 */
class NodeErrorsTests {

	/** As the server, Lettuce and Jedis say it. */
	@ParameterizedTest
	@ValueSource(strings = { "CROSSSLOT Keys in request don't hash to the same slot",
			"Keys must all map to the same slot", "Keys must belong to same hashslot.",
			"Cannot get connection for command with multiple hash slots" })
	void keysInSeveralSlotsAreToldToUseAHashTag(String message) {
		Vote.Failed vote = NodeErrors
			.toVote(new InvalidDataAccessApiUsageException("driver", new IllegalStateException(message)));
		assertThat(vote.reason()).isEqualTo(Vote.Failed.Reason.REFUSED);
		assertThat(vote.error()).hasMessageContaining("common hash tag");
	}

}
