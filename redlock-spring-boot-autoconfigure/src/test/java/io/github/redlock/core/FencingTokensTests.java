package io.github.redlock.core;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.VirtualTime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class FencingTokensTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	private static final LockOptions NO_WAIT = LockOptions.builder().waitTime(Duration.ZERO).build();

	private final FakeCluster cluster = new FakeCluster(3);

	@Test
	void tokensAreAtLeastTheWallClockInMicroseconds() {
		VirtualTime time = new VirtualTime();
		FencingTokens tokens = new FencingTokens(time::wallClockMicros);
		assertThat(tokens.next()).isEqualTo(time.wallClockMicros());
		time.advance(Duration.ofSeconds(1));
		assertThat(tokens.next()).isEqualTo(time.wallClockMicros());
	}

	@Test
	void tokensGrowEvenIfTheWallClockDoesNot() {
		VirtualTime time = new VirtualTime();
		FencingTokens tokens = new FencingTokens(time::wallClockMicros);
		long first = tokens.next();
		assertThat(tokens.next()).isEqualTo(first + 1);
		time.moveWallClock(Duration.ofHours(-1));
		assertThat(tokens.next()).isEqualTo(first + 2);
	}

	@Test
	void tokenSeenElsewhereIsSurpassed() {
		FencingTokens tokens = new FencingTokens(new VirtualTime()::wallClockMicros);
		long seen = tokens.next() + 1_000_000_000_000L;
		tokens.learn(seen);
		assertThat(tokens.next()).isEqualTo(seen + 1);
		tokens.learn(5);
		assertThat(tokens.next()).isEqualTo(seen + 2);
	}

	/**
	 * Many resources share a fence. Without what it has learnt, a client whose clock is
	 * behind would be refused for each of them.
	 */
	@Test
	void clockThatIsBehindIsRefusedOnce() {
		VirtualTime time = new VirtualTime();
		FencingTokens behind = new FencingTokens(time::wallClockMicros);
		long ahead = Duration.ofHours(1).toNanos() / 1000;
		long fence = time.wallClockMicros() + ahead;
		int refused = 0;
		for (int i = 0; i < 100; i++) {
			long token = behind.next();
			if (token <= fence) {
				refused++;
				behind.learn(fence);
				token = behind.next();
			}
			time.advance(Duration.ofSeconds(1));
			// The other client, whose clock is ahead, locked something a moment ago.
			fence = Math.max(token, time.wallClockMicros() + ahead - 1000);
		}
		assertThat(refused).isOne();
	}

	@Test
	void tokenThatNoNodeCouldStoreIsRefusedWithTheRemedy() {
		FencingTokens tokens = new FencingTokens(new VirtualTime()::wallClockMicros);
		tokens.learn(FencingTokens.MAX_TOKEN - 1);
		assertThat(tokens.next()).isEqualTo(FencingTokens.MAX_TOKEN);
		assertThatIllegalStateException().isThrownBy(tokens::next).withMessageContaining("fence:*");
	}

	@Test
	void numbersThatCannotBeTokensAreIgnored() {
		VirtualTime time = new VirtualTime();
		FencingTokens tokens = new FencingTokens(time::wallClockMicros);
		tokens.learn(FencingTokens.MAX_TOKEN);
		tokens.learn(Long.MAX_VALUE);
		assertThat(tokens.next()).isEqualTo(time.wallClockMicros());
	}

	@Test
	void laterHolderHasALargerTokenWhicheverClientItIs() {
		Redlock fast = this.cluster.client();
		Redlock slow = this.cluster.client();
		long last = 0;
		for (int i = 0; i < 20; i++) {
			this.cluster.time().moveWallClock(Duration.ofSeconds((i % 2 == 0) ? 3600 : -3600));
			LockHandle lock = ((i % 2 == 0) ? fast : slow).acquire("a", TTL);
			assertThat(lock.fencingToken()).isGreaterThan(last);
			last = lock.fencingToken();
			lock.release();
		}
	}

	@Test
	void staleTokenIsRaisedAtOnceAndCountsAsNoAttempt() {
		Redlock redlock = this.cluster.client();
		long ahead = this.cluster.time().wallClockMicros() + Duration.ofDays(1).toNanos() / 1000;
		this.cluster.nodes().forEach((node) -> node.fence("a", ahead));
		LockHandle lock = redlock.acquire("a", TTL, NO_WAIT);
		assertThat(lock.fencingToken()).isEqualTo(ahead + 1);
		assertThat(this.cluster.time().elapsed()).isZero();
		assertThat(lock.attempts()).as("both are on record").hasSize(2);
	}

	@Test
	void raisingTheTokenIsBounded() {
		Redlock redlock = this.cluster.client();
		this.cluster.nodes().forEach((node) -> node.fence("a", FencingTokens.MAX_TOKEN));
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.acquire("a", TTL, NO_WAIT))
			.withMessageContaining("STALE")
			.satisfies((ex) -> assertThat(ex.getAttempts()).hasSize(Patience.MAX_REPEATS_AT_ONCE + 1));
		this.cluster.time().advance(Duration.ofMillis(1));
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void tokenOfAHeldResourceIsNotRaisedInALoop() {
		Redlock redlock = this.cluster.client();
		this.cluster.node(0).fence("a", this.cluster.time().wallClockMicros() + 1000);
		this.cluster.node(1).hold("a", "stranger", TTL);
		this.cluster.node(2).hold("a", "stranger", TTL);
		assertThat(redlock.tryAcquire("a", TTL)).isEmpty();
		assertThat(this.cluster.node(0).log()).filteredOn("acquire [a]"::equals).hasSizeLessThanOrEqualTo(2);
	}

	/**
	 * Holds even where mutual exclusion does not: the first holder sleeps past its ttl,
	 * and a node of its quorum answers the second one.
	 */
	@Test
	void holderThatOutlivedItsTtlHasTheSmallerToken() {
		Redlock sleeper = this.cluster.client();
		Redlock other = this.cluster.client();
		this.cluster.time().moveWallClock(Duration.ofHours(1));
		LockHandle old = sleeper.acquire("a", TTL);
		this.cluster.time().moveWallClock(Duration.ofHours(-1));
		this.cluster.time().pause(TTL.plusSeconds(1));
		LockHandle current = other.acquire("a", TTL);
		assertThat(current.fencingToken()).isGreaterThan(old.fencingToken());
	}

	@Test
	void oneTokenServesAllResources() {
		LockHandle lock = this.cluster.client().acquire(List.of("a", "b"), TTL);
		assertThat(this.cluster.node(0).fenceOf("a")).isEqualTo(lock.fencingToken());
		assertThat(this.cluster.node(0).fenceOf("b")).isEqualTo(lock.fencingToken());
	}

	@Test
	void fencingCanBeSwitchedOff() {
		Redlock redlock = this.cluster.client((builder) -> builder.fencing(false));
		this.cluster.nodes().forEach((node) -> node.fence("a", FencingTokens.MAX_TOKEN - 1));
		LockHandle lock = redlock.acquire("a", TTL);
		assertThatIllegalStateException().isThrownBy(lock::fencingToken)
			.withMessageContaining("redlock.fencing.enabled");
		assertThat(this.cluster.node(0).fenceOf("a")).isEqualTo(FencingTokens.MAX_TOKEN - 1);
	}

}
