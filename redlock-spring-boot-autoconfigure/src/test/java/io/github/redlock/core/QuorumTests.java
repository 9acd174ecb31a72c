package io.github.redlock.core;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class QuorumTests {

	@ParameterizedTest
	@CsvSource({ "1, 1", "2, 2", "3, 2", "4, 3", "5, 3", "6, 4", "7, 4" })
	void quorumIsMoreThanHalf(int membership, int size) {
		Quorum quorum = new Quorum(membership);
		assertThat(quorum.size()).isEqualTo(size);
		assertThat(quorum.isReachedBy(size)).isTrue();
		assertThat(quorum.isReachedBy(size - 1)).isFalse();
		assertThat(quorum.isBlockedBy(membership - size)).isFalse();
		assertThat(quorum.isBlockedBy(membership - size + 1)).isTrue();
		assertThat(2 * size).as("any two quorums share a node").isGreaterThan(membership);
	}

	@Test
	void noNodesAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> new Quorum(0)).withMessageContaining("nodes");
	}

}
