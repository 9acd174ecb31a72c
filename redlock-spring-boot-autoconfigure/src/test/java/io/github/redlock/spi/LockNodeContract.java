package io.github.redlock.spi;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import io.github.redlock.testing.Garbage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What every node does, whatever is behind it. The fake node passes exactly the cases
 * that a real Redis passes, so the tests that use it do not rest on a lie.
 */
public abstract class LockNodeContract {

	protected static final Duration TTL = Duration.ofSeconds(60);

	private static final Duration CLOSE = Duration.ofSeconds(2);

	/** A node without keys. */
	protected abstract LockNode node();

	/** Wait for an answer. */
	protected abstract Vote await(java.util.concurrent.CompletionStage<Vote> vote);

	/** Set a lock key behind the lock's back. */
	protected abstract void hold(String resource, String value, Duration ttl);

	/** Delete a lock key behind the lock's back. */
	protected abstract void delete(String resource);

	/** The value of a lock key or {@code null}. */
	protected abstract String valueOf(String resource);

	protected abstract Duration ttlOf(String resource);

	/** The stored fence or zero. */
	protected abstract long fenceOf(String resource);

	/** Forget a fence. */
	protected abstract void deleteFence(String resource);

	private static LockRequest request(String value, long token, String... resources) {
		return new LockRequest(List.of(resources), value, TTL, token);
	}

	private Vote acquire(LockRequest request) {
		return await(node().acquire(request));
	}

	private Vote extend(LockRequest request) {
		return await(node().extend(request));
	}

	private Vote heal(LockRequest request) {
		return await(node().heal(request));
	}

	private Vote release(LockRequest request) {
		return await(node().release(request));
	}

	private static void assertHeld(Vote vote, Duration remaining) {
		assertThat(vote).isInstanceOf(Vote.Held.class);
		assertThat(((Vote.Held) vote).remaining()).isBetween(remaining.minus(CLOSE), remaining);
	}

	@Test
	void pingIsAnswered() {
		assertThat(await(node().probe())).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void freeResourceIsGranted() {
		assertThat(acquire(request("v1", 100, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(ttlOf("a")).isBetween(TTL.minus(CLOSE), TTL);
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	private Vote acquireFree(LockRequest request) {
		return await(node().acquireFree(request));
	}

	@Test
	void resourceThatIsProbablyFreeIsGranted() {
		assertThat(acquireFree(request("v1", 100, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(ttlOf("a")).isBetween(TTL.minus(CLOSE), TTL);
		assertThat(fenceOf("a")).isEqualTo(100);
		assertThat(extend(request("v1", 100, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(release(request("v1", 100, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(acquireFree(request("v2", 101, "a"))).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void resourceThatIsProbablyFreeAndHeldIsRefused() {
		hold("a", "stranger", Duration.ofSeconds(30));
		assertThat(acquireFree(request("v1", 100, "a"))).isInstanceOf(Vote.Held.class);
		assertThat(valueOf("a")).isEqualTo("stranger");
		assertThat(ttlOf("a")).isLessThanOrEqualTo(Duration.ofSeconds(30));
	}

	/** It may have set the key all the same; a withdrawal leaves nothing behind. */
	@Test
	void resourceThatIsProbablyFreeIsNotGrantedPastAFence() {
		acquire(request("v1", 100, "a"));
		release(request("v1", 100, "a"));
		LockRequest late = request("v2", 100, "a");
		assertThat(acquireFree(late)).isEqualTo(new Vote.Stale(100));
		await(node().withdraw(late));
		assertThat(valueOf("a")).isNull();
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	@Test
	void resourceThatIsProbablyFreeIsGrantedWithoutAToken() {
		assertThat(acquireFree(request("v1", LockRequest.NO_TOKEN, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(fenceOf("a")).isZero();
		assertThat(acquireFree(request("v2", LockRequest.NO_TOKEN, "a"))).isInstanceOf(Vote.Held.class);
	}

	@Test
	void heldResourceIsRefusedWithTheRemainingTime() {
		hold("a", "stranger", Duration.ofSeconds(30));
		assertHeld(acquire(request("v1", 100, "a")), Duration.ofSeconds(30));
		assertThat(valueOf("a")).isEqualTo("stranger");
		assertThat(fenceOf("a")).isZero();
	}

	@Test
	void largestRemainingTimeCounts() {
		hold("a", "stranger", Duration.ofSeconds(10));
		hold("b", "stranger", Duration.ofSeconds(40));
		assertHeld(acquire(request("v1", 100, "a", "b", "c")), Duration.ofSeconds(40));
	}

	@Test
	void severalResourcesAreGrantedTogetherOrNotAtAll() {
		assertThat(acquire(request("v1", 100, "a", "b"))).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(valueOf("b")).isEqualTo("v1");
		assertThat(acquire(request("v2", 200, "c", "b"))).isInstanceOf(Vote.Held.class);
		assertThat(valueOf("c")).isNull();
		assertThat(fenceOf("c")).isZero();
	}

	@Test
	void repeatedRequestIsGrantedAgain() {
		LockRequest request = request("v1", 100, "a", "b");
		assertThat(acquire(request)).isInstanceOf(Vote.Granted.class);
		assertThat(acquire(request)).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	@Test
	void tokenThatIsNotLargerIsStale() {
		acquire(request("v1", 100, "a"));
		release(request("v1", 100, "a"));
		assertThat(acquire(request("v2", 100, "a"))).isEqualTo(new Vote.Stale(100));
		assertThat(acquire(request("v2", 99, "a"))).isEqualTo(new Vote.Stale(100));
		assertThat(valueOf("a")).isNull();
		assertThat(acquire(request("v2", 101, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(fenceOf("a")).isEqualTo(101);
	}

	@Test
	void highestFenceOfAllResourcesIsReported() {
		acquire(request("v1", 100, "a"));
		release(request("v1", 100, "a"));
		acquire(request("v2", 300, "b"));
		release(request("v2", 300, "b"));
		assertThat(acquire(request("v3", 200, "a", "b", "c"))).isEqualTo(new Vote.Stale(300));
		assertThat(valueOf("a")).isNull();
		assertThat(valueOf("c")).isNull();
	}

	/** Many resources share a fence; those whose names have the same hash tag do. */
	@Test
	void resourcesThatShareAFenceAreLockedTogether() {
		LockRequest both = request("v1", 100, "{x}a", "{x}b");
		assertThat(acquire(both)).isInstanceOf(Vote.Granted.class);
		assertThat(acquire(both)).as("repeated").isInstanceOf(Vote.Granted.class);
		assertThat(await(node().transfer(request("v2", 200, "{x}a", "{x}b"), "v1"))).isInstanceOf(Vote.Granted.class);
		assertThat(fenceOf("{x}a")).isEqualTo(200);
		assertThat(extend(request("v2", 200, "{x}a", "{x}b"))).isInstanceOf(Vote.Granted.class);
		assertThat(release(request("v2", 200, "{x}a", "{x}b"))).isInstanceOf(Vote.Granted.class);
		assertThat(acquire(request("v3", 300, "{x}b"))).isInstanceOf(Vote.Granted.class);
		assertThat(extend(request("v3", 300, "{x}b"))).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void heldComesBeforeStale() {
		acquire(request("v1", 100, "a"));
		assertHeld(acquire(request("v2", 50, "a")), TTL);
	}

	@Test
	void largestTokenIsStoredExactly() {
		long token = (1L << 53) - 1;
		assertThat(acquire(request("v1", token, "a"))).isInstanceOf(Vote.Granted.class);
		release(request("v1", token, "a"));
		assertThat(acquire(request("v2", token - 1, "a"))).isEqualTo(new Vote.Stale(token));
		assertThat(fenceOf("a")).isEqualTo(token);
	}

	@Test
	void withoutATokenFencesAreNeitherReadNorWritten() {
		acquire(request("v1", 100, "a"));
		release(request("v1", 100, "a"));
		assertThat(acquire(request("v2", LockRequest.NO_TOKEN, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(fenceOf("a")).isEqualTo(100);
		assertThat(extend(request("v2", LockRequest.NO_TOKEN, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(heal(request("v2", LockRequest.NO_TOKEN, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(fenceOf("a")).isEqualTo(100);
		acquire(request("v3", LockRequest.NO_TOKEN, "b"));
		assertThat(fenceOf("b")).isZero();
	}

	@Test
	void ownKeysAreExtended() {
		acquire(request("v1", 100, "a", "b").withTtl(Duration.ofSeconds(5)));
		assertThat(extend(request("v1", 100, "a", "b"))).isInstanceOf(Vote.Granted.class);
		assertThat(ttlOf("a")).isBetween(TTL.minus(CLOSE), TTL);
		assertThat(ttlOf("b")).isBetween(TTL.minus(CLOSE), TTL);
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	@Test
	void anyNameCanBeLocked() {
		Garbage.forSeeds(200, (garbage) -> {
			// Two names at once would have to share a slot in a cluster, one does not.
			LockRequest request = request("v1", 100, garbage.text() + "x");
			assertThat(acquire(request)).isInstanceOf(Vote.Granted.class);
			assertThat(acquire(new LockRequest(request.resources(), "v2", TTL, 200))).isInstanceOf(Vote.Held.class);
			assertThat(extend(request)).isInstanceOf(Vote.Granted.class);
			assertThat(release(request)).isInstanceOf(Vote.Granted.class);
			assertThat(release(request)).isInstanceOf(Vote.Missing.class);
			deleteFence(request.resources().get(0));
		});
	}

	@Test
	void nameOfAMegabyteCanBeLocked() {
		LockRequest request = request("v1", 100, "x".repeat(1 << 20));
		assertThat(acquire(request)).isInstanceOf(Vote.Granted.class);
		assertThat(release(request)).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void ttlIsNeverShortened() {
		LockRequest request = request("v1", 100, "a");
		LockRequest shorter = request.withTtl(Duration.ofSeconds(20));
		acquire(request);
		assertThat(extend(shorter)).isInstanceOf(Vote.Granted.class);
		assertThat(acquire(shorter)).isInstanceOf(Vote.Granted.class);
		assertThat(heal(shorter)).isInstanceOf(Vote.Granted.class);
		assertThat(ttlOf("a")).isBetween(TTL.minus(CLOSE), TTL);
	}

	@Test
	void missingKeyIsNotSetByAnExtension() {
		acquire(request("v1", 100, "a", "b").withTtl(Duration.ofSeconds(20)));
		delete("b");
		assertThat(extend(request("v1", 100, "a", "b"))).isInstanceOf(Vote.Missing.class);
		assertThat(valueOf("b")).isNull();
		assertThat(ttlOf("a")).as("nothing is set").isLessThanOrEqualTo(Duration.ofSeconds(20));
	}

	@Test
	void foreignKeyIsNotExtended() {
		acquire(request("v1", 100, "a", "b").withTtl(Duration.ofSeconds(20)));
		hold("b", "stranger", Duration.ofSeconds(30));
		assertHeld(extend(request("v1", 100, "a", "b")), Duration.ofSeconds(30));
		assertThat(valueOf("b")).isEqualTo("stranger");
		assertThat(ttlOf("b")).isLessThanOrEqualTo(Duration.ofSeconds(30));
		assertThat(ttlOf("a")).isLessThanOrEqualTo(Duration.ofSeconds(20));
	}

	@Test
	void foreignCountsMoreThanMissing() {
		hold("b", "stranger", Duration.ofSeconds(30));
		assertThat(extend(request("v1", 100, "a", "b"))).isInstanceOf(Vote.Held.class);
	}

	@Test
	void fenceThatWasLostAloneComesBackWithAnExtension() {
		acquire(request("v1", 100, "a"));
		deleteFence("a");
		assertThat(extend(request("v1", 100, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	@Test
	void extensionKeepsAHigherFence() {
		acquire(request("v1", 200, "a"));
		assertThat(extend(request("v1", 100, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(fenceOf("a")).isEqualTo(200);
	}

	private List<Vote> extendAll(LockRequest... requests) {
		CompletableFuture<List<Vote>> votes = new CompletableFuture<>();
		if (!(node() instanceof BatchExtension batches)) {
			return Stream.of(requests).map(this::extend).toList();
		}
		await(batches.extendAll(List.of(requests)).thenApply((all) -> {
			votes.complete(all);
			return Vote.Granted.INSTANCE;
		}));
		return votes.join();
	}

	@Test
	void manyLocksAreExtendedEachForItself() {
		acquire(request("v1", 100, "a"));
		acquire(request("v2", 101, "b"));
		acquire(request("v3", 102, "c").withTtl(TTL.dividedBy(2)));
		hold("foreign", "stranger", Duration.ofSeconds(30));
		deleteFence("b");
		List<Vote> votes = extendAll(request("v1", 100, "a").withTtl(TTL.multipliedBy(2)),
				request("v4", 103, "foreign").withTtl(TTL.multipliedBy(2)),
				request("v5", 104, "missing").withTtl(TTL.multipliedBy(2)),
				request("v2", 101, "b").withTtl(TTL.multipliedBy(2)));
		assertThat(votes).hasSize(4);
		assertThat(votes.get(0)).isInstanceOf(Vote.Granted.class);
		assertHeld(votes.get(1), Duration.ofSeconds(30));
		assertThat(votes.get(2)).isInstanceOf(Vote.Missing.class);
		assertThat(votes.get(3)).isInstanceOf(Vote.Granted.class);
		assertThat(ttlOf("a")).isBetween(TTL.multipliedBy(2).minus(CLOSE), TTL.multipliedBy(2));
		assertThat(ttlOf("b")).isBetween(TTL.multipliedBy(2).minus(CLOSE), TTL.multipliedBy(2));
		assertThat(ttlOf("c")).isLessThanOrEqualTo(TTL.dividedBy(2));
		assertThat(ttlOf("foreign")).isLessThanOrEqualTo(Duration.ofSeconds(30));
		assertThat(valueOf("missing")).isNull();
		assertThat(fenceOf("b")).as("a fence that was lost alone").isEqualTo(101);
		extendAll(request("v1", 100, "a"), request("v2", 101, "b"));
		assertThat(ttlOf("a")).as("never shortened").isGreaterThan(TTL);
	}

	@Test
	void manyLocksWithoutTokens() {
		acquire(request("v1", LockRequest.NO_TOKEN, "a"));
		acquire(request("v2", LockRequest.NO_TOKEN, "b"));
		assertThat(extendAll(request("v1", LockRequest.NO_TOKEN, "a"), request("v2", LockRequest.NO_TOKEN, "b")))
			.allMatch(Vote.Granted.class::isInstance);
		assertThat(fenceOf("a")).isZero();
	}

	@Test
	void absentKeysAreHealed() {
		acquire(request("v1", 100, "a"));
		assertThat(heal(request("v1", 100, "a", "b"))).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(valueOf("b")).isEqualTo("v1");
		assertThat(ttlOf("b")).isBetween(TTL.minus(CLOSE), TTL);
		assertThat(fenceOf("b")).isEqualTo(100);
	}

	/** It may have been extended for longer since the healing was decided. */
	@Test
	void keyThatIsThereIsNotShortenedByHealing() {
		acquire(request("v1", 100, "a"));
		assertThat(heal(request("v1", 100, "a", "b").withTtl(Duration.ofSeconds(1)))).isInstanceOf(Vote.Granted.class);
		assertThat(ttlOf("a")).isBetween(TTL.minus(CLOSE), TTL);
		assertThat(ttlOf("b")).isLessThanOrEqualTo(Duration.ofSeconds(1));
	}

	@Test
	void foreignKeyIsNotHealed() {
		hold("b", "stranger", Duration.ofSeconds(30));
		assertThat(heal(request("v1", 100, "a", "b"))).isInstanceOf(Vote.Held.class);
		assertThat(valueOf("a")).isNull();
		assertThat(valueOf("b")).isEqualTo("stranger");
	}

	@Test
	void higherFenceDoesNotForbidHealingAndStays() {
		acquire(request("v0", 500, "a"));
		release(request("v0", 500, "a"));
		assertThat(heal(request("v1", 100, "a"))).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(fenceOf("a")).isEqualTo(500);
	}

	@Test
	void lowerFenceIsRaisedByHealing() {
		acquire(request("v0", 50, "a"));
		release(request("v0", 50, "a"));
		heal(request("v1", 100, "a"));
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	@Test
	void releaseDeletesOwnKeysAndKeepsTheFence() {
		acquire(request("v1", 100, "a", "b"));
		assertThat(release(request("v1", 100, "a", "b"))).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isNull();
		assertThat(valueOf("b")).isNull();
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	@Test
	void releaseLaterLeavesExactlyTheTimeAskedFor() {
		LockRequest request = request("v1", 100, "a", "b");
		acquire(request);
		assertThat(await(node().releaseLater(request.withTtl(Duration.ofSeconds(5))))).isInstanceOf(Vote.Granted.class);
		assertThat(ttlOf("a")).as("shorter than before").isBetween(Duration.ofSeconds(3), Duration.ofSeconds(5));
		assertThat(await(node().releaseLater(request.withTtl(Duration.ofHours(2))))).isInstanceOf(Vote.Granted.class);
		assertThat(ttlOf("b")).as("longer than before").isGreaterThan(Duration.ofMinutes(119));
		assertHeld(acquire(request("v2", 200, "a")), Duration.ofHours(2));
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	@Test
	void releaseLaterTouchesOwnKeysOnly() {
		acquire(request("v1", 100, "a", "b"));
		delete("a");
		hold("a", "stranger", Duration.ofSeconds(30));
		assertThat(await(node().releaseLater(request("v1", 100, "a", "b").withTtl(Duration.ofSeconds(5)))))
			.isInstanceOf(Vote.Missing.class);
		assertThat(ttlOf("a")).isGreaterThan(Duration.ofSeconds(27));
		assertThat(ttlOf("b")).isLessThanOrEqualTo(Duration.ofSeconds(5));
		delete("b");
		assertThat(await(node().releaseLater(request("v1", 100, "b")))).isInstanceOf(Vote.Missing.class);
		assertThat(valueOf("b")).isNull();
	}

	@Test
	void releaseDeletesWhatIsOursEvenIfTheRestIsGone() {
		acquire(request("v1", 100, "a", "b", "c"));
		delete("a");
		hold("b", "stranger", TTL);
		assertThat(release(request("v1", 100, "a", "b", "c"))).isInstanceOf(Vote.Missing.class);
		assertThat(valueOf("b")).isEqualTo("stranger");
		assertThat(valueOf("c")).isNull();
	}

	@Test
	void releaseOfWhatIsNotThereIsNoError() {
		assertThat(release(request("v1", 100, "a"))).isInstanceOf(Vote.Missing.class);
	}

	private Vote transfer(LockRequest request, String before) {
		return await(node().transfer(request, before));
	}

	@Test
	void blockOfTokensHasToBeginAboveTheFenceAndLeavesItsEnd() {
		LockRequest block = new LockRequest(List.of("a"), "v1", TTL, 116, 16);
		assertThat(block.firstToken()).isEqualTo(101);
		assertThat(acquire(block)).isInstanceOf(Vote.Granted.class);
		assertThat(acquire(block)).as("repeated").isInstanceOf(Vote.Granted.class);
		assertThat(fenceOf("a")).isEqualTo(116);
		release(block);
		assertThat(acquire(new LockRequest(List.of("a"), "v2", TTL, 131, 16))).isEqualTo(new Vote.Stale(116));
		assertThat(acquire(new LockRequest(List.of("a"), "v2", TTL, 132, 16))).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void transferReplacesTheValueAndRaisesTheFence() {
		acquire(request("v1", 100, "a", "b"));
		LockRequest next = new LockRequest(List.of("a", "b"), "v2", TTL.dividedBy(2), 200, 16);
		assertThat(transfer(next, "v1")).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v2");
		assertThat(valueOf("b")).isEqualTo("v2");
		assertThat(ttlOf("b")).isBetween(TTL.dividedBy(2).minus(CLOSE), TTL.dividedBy(2));
		assertThat(fenceOf("a")).isEqualTo(200);
		assertThat(release(request("v1", 100, "a"))).isInstanceOf(Vote.Missing.class);
		assertThat(valueOf("a")).isEqualTo("v2");
	}

	@Test
	void transferCanBeRepeated() {
		acquire(request("v1", 100, "a"));
		assertThat(transfer(request("v2", 200, "a"), "v1")).isInstanceOf(Vote.Granted.class);
		assertThat(transfer(request("v2", 200, "a"), "v1")).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v2");
	}

	@Test
	void nothingIsTransferredThatIsGoneOrForeign() {
		acquire(request("v1", 100, "a", "b"));
		delete("b");
		assertThat(transfer(request("v2", 200, "a", "b"), "v1")).isInstanceOf(Vote.Missing.class);
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(valueOf("b")).isNull();
		hold("b", "stranger", Duration.ofSeconds(30));
		assertHeld(transfer(request("v2", 200, "a", "b"), "v1"), Duration.ofSeconds(30));
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(fenceOf("a")).isEqualTo(100);
	}

	@Test
	void nothingIsTransferredPastAFence() {
		acquire(request("v1", 300, "a"));
		assertThat(transfer(new LockRequest(List.of("a"), "v2", TTL, 315, 16), "v1")).isEqualTo(new Vote.Stale(300));
		assertThat(valueOf("a")).isEqualTo("v1");
		assertThat(fenceOf("a")).isEqualTo(300);
		assertThat(transfer(new LockRequest(List.of("a"), "v2", TTL, 316, 16), "v1")).isInstanceOf(Vote.Granted.class);
		assertThat(fenceOf("a")).isEqualTo(316);
	}

	@Test
	void transferWithoutATokenTouchesNoFence() {
		acquire(request("v1", LockRequest.NO_TOKEN, "a"));
		assertThat(transfer(request("v2", LockRequest.NO_TOKEN, "a"), "v1")).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isEqualTo("v2");
		assertThat(fenceOf("a")).isZero();
	}

	@Test
	void whatIsWithdrawnIsDeleted() {
		acquire(request("v1", 100, "a"));
		assertThat(await(node().withdraw(request("v1", 100, "a")))).isEqualTo(Vote.Granted.INSTANCE);
		assertThat(await(node().withdraw(request("v1", 100, "a")))).isInstanceOf(Vote.Missing.class);
		assertThat(valueOf("a")).isNull();
	}

	@Test
	void releaseThatNobodyWaitsForIsToldToNobody() {
		acquire(request("v1", 100, "a"));
		Vote vote = release(request("v1", 100, "a"));
		assertThat(vote).isInstanceOf(Vote.Granted.class);
		assertThat(((Vote.Granted) vote).listeners()).isNotPositive();
	}

	@Test
	void requestsAreCarriedOutInOrder() {
		java.util.concurrent.CompletionStage<Vote> last = null;
		for (int i = 0; i < 500; i++) {
			LockRequest request = request("v" + i, 1000 + i, "a");
			node().acquire(request);
			last = node().release(request);
		}
		assertThat(await(last)).isInstanceOf(Vote.Granted.class);
		assertThat(valueOf("a")).isNull();
		assertThat(fenceOf("a")).isEqualTo(1499);
	}

}
