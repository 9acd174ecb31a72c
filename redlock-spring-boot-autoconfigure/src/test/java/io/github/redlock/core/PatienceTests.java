package io.github.redlock.core;

import java.time.Duration;
import java.util.random.RandomGenerator;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How long a caller goes on trying; all times in milliseconds.
 */
class PatienceTests {

	private static final long START = Long.MAX_VALUE - ms(100);

	private static final RandomGenerator NO_JITTER = () -> {
		throw new AssertionError("there is no jitter");
	};

	private static long ms(long millis) {
		return Duration.ofMillis(millis).toNanos();
	}

	/** With pauses of 200 ms. */
	private static Patience patience(Long waitMillis, int retryCount) {
		Duration waitTime = (waitMillis != null) ? Duration.ofMillis(waitMillis) : null;
		return new Patience(new LockSettings("", waitTime, retryCount,
				new RetrySchedule(Duration.ofMillis(200), Duration.ZERO), 0.01, false, Duration.ZERO, null), START);
	}

	@ParameterizedTest
	@CsvSource(textBlock = """
			# wait time, retry count, retries so far, cut short, passed, over
			          ,           0,               0, false,          0, true
			          ,           3,               2, false,       9999, false
			          ,           3,               3, false,        600, true
			          ,           3,               9, true,         599, false
			          ,           3,               0, true,         600, true
			          ,          -1,            9999, false,     999999, false
			          ,          -1,            9999, true,      999999, false
			      1000,           0,            9999, false,        999, false
			      1000,          -1,               0, false,       1000, true
			         0,          -1,               0, false,          0, true
			""")
	void waitTimeBoundsTheTimeAndElseTheRetriesDoUnlessAPauseWasCutShort(Long waitMillis, int retryCount, int retries,
			boolean cutShort, long passed, boolean over) {
		Patience patience = patience(waitMillis, retryCount);
		for (int i = 0; i < retries; i++) {
			patience.retryPauseNanos(0, false, START, NO_JITTER);
		}
		if (cutShort) {
			patience.boundByTime();
		}
		assertThat(patience.isOver(START + ms(passed))).isEqualTo(over);
	}

	@ParameterizedTest
	@CsvSource(textBlock = """
			# wait time, until free, passed, cut short, pause
			          ,           0,      0, false,       200
			          ,          -1,      0, false,       200
			          ,          50,      0, false,        51
			          ,         300,      0, false,       200
			          ,           0,    550, false,       200
			          ,           0,    550, true,         50
			      1000,           0,    900, false,       100
			      1000,          20,    900, false,        21
			""")
	void pauseEndsWithTheTtlOfTheHolderAndWithThePatience(Long waitMillis, long untilFree, long passed,
			boolean cutShort, long pause) {
		Patience patience = patience(waitMillis, 3);
		if (cutShort) {
			patience.boundByTime();
		}
		assertThat(patience.retryPauseNanos(ms(untilFree), false, START + ms(passed), NO_JITTER)).isEqualTo(ms(pause));
	}

	@Test
	void pausesAfterSplitVotesAreShortAndDouble() {
		Patience patience = patience(null, 3);
		long[] pauses = new long[4];
		for (int i = 0; i < pauses.length; i++) {
			patience.failed(true);
			pauses[i] = patience.retryPauseNanos(0, false, START, NO_JITTER);
		}
		assertThat(pauses).containsExactly(ms(1), ms(2), ms(4), ms(8));
		assertThat(patience.isSplit()).isTrue();
		assertThat(patience.isOver(START + ms(599))).as("the time is bounded, not the number").isFalse();
		patience.failed(false);
		assertThat(patience.isSplit()).isFalse();
		assertThat(patience.retryPauseNanos(0, false, START, NO_JITTER)).isEqualTo(ms(200));
	}

	@Test
	void pausesDoubleWhereReleasesAreToldUntilOneIs() {
		Patience patience = patience(600_000L, 3);
		for (long pause : new long[] { 200, 400, 800, 1600, 3200, 5000, 5000 }) {
			assertThat(patience.retryPauseNanos(0, true, START, NO_JITTER)).isBetween(ms(pause), ms(pause + 50));
		}
		assertThat(patience.retryPauseNanos(ms(700), true, START, NO_JITTER)).as("the ttl ends").isEqualTo(ms(701));
		assertThat(patience.retryPauseNanos(0, false, START, NO_JITTER)).as("not told").isEqualTo(ms(200));
		patience.boundByTime();
		assertThat(patience.retryPauseNanos(0, true, START, NO_JITTER)).as("was told").isEqualTo(ms(200));
	}

	@Test
	void longPausesEndTogether() {
		long[] ends = new long[3];
		for (int i = 0; i < ends.length; i++) {
			long now = START - ms(2000) + i * ms(6);
			Patience patience = patience(600_000L, 3);
			patience.retryPauseNanos(0, true, now, NO_JITTER);
			ends[i] = now + patience.retryPauseNanos(0, true, now, NO_JITTER);
		}
		assertThat(Math.floorMod(ends[0], ms(50))).isZero();
		assertThat(ends[2] - ends[0]).isIn(0L, ms(50));
	}

	@Test
	void longPauseEndsWithWhatTheRetriesWouldHaveTaken() {
		Patience patience = patience(null, 3);
		assertThat(patience.retryPauseNanos(0, true, START, NO_JITTER)).isEqualTo(ms(200));
		assertThat(patience.retryPauseNanos(0, true, START + ms(300), NO_JITTER)).isEqualTo(ms(300));
		assertThat(patience.isOver(START + ms(599))).isFalse();
		assertThat(patience.isOver(START + ms(600))).isTrue();
	}

	@Test
	void staleAttemptsAreRepeatedAtOnceSeveralTimes() {
		Patience patience = patience(null, 3);
		for (int round = 0; round < 2; round++) {
			for (int i = 0; i < Patience.MAX_REPEATS_AT_ONCE; i++) {
				assertThat(patience.repeatsAtOnce(true)).isTrue();
			}
			assertThat(patience.repeatsAtOnce(true)).isFalse();
		}
		assertThat(patience.repeatsAtOnce(true)).isTrue();
		assertThat(patience.repeatsAtOnce(false)).isFalse();
	}

	@Test
	void unlimitedRetriesHaveNoEnd() {
		assertThat(patience(null, -1).isEndless()).isTrue();
		assertThat(patience(1000L, -1).isEndless()).isFalse();
		assertThat(patience(null, 3).isEndless()).isFalse();
		assertThat(patience(null, 3).remainingNanos(START + ms(150))).isEqualTo(ms(450));
	}

}
