package io.github.redlock.core;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

class ValidityTests {

	@Test
	void driftIsAShareOfTheTtlAndTwoMilliseconds() {
		assertThat(Validity.driftNanos(Duration.ofSeconds(10), 0.01)).isEqualTo(Duration.ofMillis(102).toNanos());
		assertThat(Validity.driftNanos(Duration.ofSeconds(10), 0)).isEqualTo(Duration.ofMillis(2).toNanos());
	}

	@Test
	void deadlineIsStartPlusTtlMinusDrift() {
		assertThat(Validity.deadline(7, Duration.ofSeconds(10), 0.01)).isEqualTo(7 + 9_898_000_000L);
	}

	@Test
	void enormousDurationsAreForEver() {
		assertThat(Nanos.of(Duration.ofMillis(Long.MAX_VALUE))).isEqualTo(Nanos.FOREVER);
		assertThat(Nanos.of(Duration.ofSeconds(1))).isEqualTo(1_000_000_000L);
	}

	@Test
	void deadlineSurvivesTheOverflowOfTheClock() {
		long start = Long.MAX_VALUE - 5;
		assertThat(Validity.deadline(start, Duration.ofSeconds(10), 0.01) - start).isEqualTo(9_898_000_000L);
	}

	@Test
	void smallestTtlIsTheFirstThatLeavesValidity() {
		assertThatIllegalArgumentException().isThrownBy(() -> Validity.check(Duration.ofMillis(2), 0.01))
			.withMessageContaining("leaves no validity");
		assertThatNoException().isThrownBy(() -> Validity.check(Duration.ofMillis(3), 0.01));
		assertThatIllegalArgumentException().isThrownBy(() -> Validity.check(Duration.ofMillis(4), 0.5));
		assertThatNoException().isThrownBy(() -> Validity.check(Duration.ofMillis(5), 0.5));
	}

}
