package io.github.redlock;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

/** Number 14 of docs/traps.md: what cannot work is refused when it is configured. */
class LockOptionsTests {

	@Test
	void nothingIsSetByDefault() {
		LockOptions options = LockOptions.defaults();
		assertThat(options.waitTime()).isEmpty();
		assertThat(options.retryCount()).isEmpty();
		assertThat(options.retryDelay()).isEmpty();
		assertThat(options.retryJitter()).isEmpty();
		assertThat(options.driftFactor()).isEmpty();
		assertThat(options.autoExtend()).isEmpty();
	}

	@Test
	void zeroIsAllowedEverywhere() {
		LockOptions options = LockOptions.builder()
			.waitTime(Duration.ZERO)
			.retryCount(0)
			.retryDelay(Duration.ZERO)
			.retryJitter(Duration.ZERO)
			.driftFactor(0)
			.autoExtend(false)
			.build();
		assertThat(options.waitTime()).contains(Duration.ZERO);
		assertThat(options.retryCount()).contains(0);
		assertThat(options.retryDelay()).contains(Duration.ZERO);
		assertThat(options.retryJitter()).contains(Duration.ZERO);
		assertThat(options.driftFactor()).contains(0.0);
		assertThat(options.autoExtend()).contains(false);
	}

	@Test
	void negativeDurationsAreRefusedByName() {
		LockOptions.Builder builder = LockOptions.builder();
		Duration negative = Duration.ofMillis(-1);
		assertThatIllegalArgumentException().isThrownBy(() -> builder.waitTime(negative))
			.withMessageContaining("waitTime")
			.withMessageContaining("PT-0.001S");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.retryDelay(negative))
			.withMessageContaining("retryDelay");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.retryJitter(negative))
			.withMessageContaining("retryJitter");
		assertThatNullPointerException().isThrownBy(() -> builder.waitTime(null)).withMessageContaining("waitTime");
	}

	@ParameterizedTest
	@ValueSource(doubles = { Double.NaN, -0.001, 0.501, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY })
	void driftFactorThatCannotWorkIsRefused(double driftFactor) {
		assertThatIllegalArgumentException().isThrownBy(() -> LockOptions.builder().driftFactor(driftFactor))
			.withMessageContaining("driftFactor")
			.withMessageContaining(String.valueOf(driftFactor));
	}

	@Test
	void retryCountBelowMinusOneIsRefused() {
		assertThat(LockOptions.builder().retryCount(-1).build().retryCount()).contains(-1);
		assertThatIllegalArgumentException().isThrownBy(() -> LockOptions.builder().retryCount(-2))
			.withMessageContaining("retryCount")
			.withMessageContaining("-2");
	}

}
