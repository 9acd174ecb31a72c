package io.github.redlock;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.redlock.LockRules.Violation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/** Each rule at its bounds. */
class LockRulesTests {

	private static Duration nanos(long nanos) {
		return Duration.ofNanos(nanos);
	}

	private static Duration ms(long millis) {
		return Duration.ofMillis(millis);
	}

	static Stream<Arguments> values() {
		return Stream.of(arguments(LockRules.ttl(ms(1)), null),
				arguments(LockRules.ttl(Duration.ZERO), "is not positive"),
				arguments(LockRules.ttl(ms(-1)), "is not positive"),
				arguments(LockRules.ttl(nanos(1_000_001)), "is not a whole number of milliseconds"),
				arguments(LockRules.ttl(Redlock.MAX_TTL), null),
				arguments(LockRules.ttl(Redlock.MAX_TTL.plusMillis(1)), "is longer than PT87600H"),
				arguments(LockRules.waitTime(Duration.ZERO), null),
				arguments(LockRules.waitTime(nanos(-1)), "is negative"), arguments(LockRules.retryCount(-1), null),
				arguments(LockRules.retryCount(-2), "is below -1"),
				arguments(LockRules.retryPause(Duration.ZERO), null),
				arguments(LockRules.retryPause(nanos(-1)), "is negative"), arguments(LockRules.driftFactor(0), null),
				arguments(LockRules.driftFactor(0.5), null),
				arguments(LockRules.driftFactor(0.501), "is not between 0 and 0.5"),
				arguments(LockRules.driftFactor(-0.001), "is not between 0 and 0.5"),
				arguments(LockRules.driftFactor(Double.NaN), "is not between 0 and 0.5"),
				arguments(LockRules.extendAfter(0.001), null), arguments(LockRules.extendAfter(0.9), null),
				arguments(LockRules.extendAfter(0), "is not above 0 and at most 0.9"),
				arguments(LockRules.extendAfter(0.901), "is not above 0 and at most 0.9"),
				arguments(LockRules.extendAfter(Double.NaN), "is not above 0 and at most 0.9"),
				arguments(LockRules.holdAtLeast(Duration.ZERO), null),
				arguments(LockRules.holdAtLeast(nanos(-1)), "is negative"),
				arguments(LockRules.holdAtLeast(Redlock.MAX_TTL), null),
				arguments(LockRules.holdAtLeast(Redlock.MAX_TTL.plusNanos(1)), "is longer than PT87600H"),
				arguments(LockRules.maxHold(nanos(1)), null),
				arguments(LockRules.maxHold(Duration.ZERO), "is not positive"),
				arguments(LockRules.maxHold(nanos(-1)), "is not positive"),
				arguments(LockRules.maxHold(ms(5), ms(5)), null),
				arguments(LockRules.maxHold(ms(5), ms(6)), "is less than holdAtLeast = PT0.006S"),
				arguments(LockRules.timeout(ms(1)), null),
				arguments(LockRules.timeout(nanos(999_999)), "is less than a millisecond"),
				arguments(LockRules.timeout(Duration.ofDays(1)), null),
				arguments(LockRules.timeout(Duration.ofDays(1).plusNanos(1)), "is longer than PT24H"),
				arguments(LockRules.keyPrefix(""), null), arguments(LockRules.keyPrefix("{app}:"), null),
				arguments(LockRules.keyPrefix("a}:"), null),
				arguments(LockRules.keyPrefix("a{b"), "has a { without a hash tag in braces"),
				arguments(LockRules.keyPrefix("a{}{b}"), "has a { without a hash tag in braces"),
				arguments(LockRules.keyPrefix("\ud800"), "has half of a surrogate pair and has no form in UTF-8"),
				arguments(LockRules.resource("a b"), null), arguments(LockRules.resource(null), "is null or blank"),
				arguments(LockRules.resource(" "), "is null or blank"),
				arguments(LockRules.resource("fence:{a"), "begins with fence:{, where nodes keep fencing tokens"),
				arguments(LockRules.resource("a:fence"), null), arguments(LockRules.resource("\ud83d\udcb0"), null),
				arguments(LockRules.resource("\ud83d"),
						"has half of a surrogate pair and could be taken for another resource"),
				arguments(LockRules.resource("a\udcb0"),
						"has half of a surrogate pair and could be taken for another resource"));
	}

	@ParameterizedTest
	@MethodSource("values")
	void ruleHoldsAtItsBounds(Optional<Violation> violation, String why) {
		assertThat(violation.map(Violation::why)).isEqualTo(Optional.ofNullable(why));
		violation.ifPresent((each) -> assertThat(each.remedy()).isNotBlank().doesNotEndWith("."));
	}

	@Test
	void exceptionNamesArgumentValueAndRemedy() {
		assertThatIllegalArgumentException().isThrownBy(() -> LockRules.require("ttl", Duration.ZERO, LockRules::ttl))
			.withMessage("ttl = PT0S is not positive; use a ttl of some seconds");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> LockOptions.builder().maxHold(ms(5)).holdAtLeast(ms(6)).build())
			.withMessage("maxHold = PT0.005S is less than holdAtLeast = PT0.006S; make maxHold at least as long as"
					+ " holdAtLeast");
		assertThatNullPointerException().isThrownBy(() -> LockRules.require("ttl", null, LockRules::ttl))
			.withMessage("ttl must not be null");
	}

}
