package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;
import io.github.redlock.testing.VirtualTime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Timeouts, marking down, probing and repeated releases of one node.
 */
class NodeGuardTests {

	private static final Duration TIMEOUT = Duration.ofMillis(200);

	private final VirtualTime time = new VirtualTime();

	private final FakeLockNode node = new FakeLockNode("node", this.time);

	private final Recorder recorder = new Recorder();

	private final NodeGuard guard = new NodeGuard(this.node, this.time, TIMEOUT,
			new EventDispatcher(List.of(this.recorder), this.time), new VotingNodes("redlock", new Quorum(3)));

	private final List<Vote> votes = new ArrayList<>();

	private static LockRequest request(String resource, String value) {
		return new LockRequest(List.of(resource), value, Duration.ofSeconds(10), LockRequest.NO_TOKEN);
	}

	private static Duration ms(long millis) {
		return Duration.ofMillis(millis);
	}

	private void send(LockCommand command, String value) {
		this.guard.send(command, request("a", value), this.votes::add);
	}

	private Vote.Failed failure(int index) {
		return (Vote.Failed) this.votes.get(index);
	}

	@Test
	void silentNodeIsGivenUpExactlyAfterTheTimeout() {
		this.node.freeze();
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(TIMEOUT.minusNanos(1));
		assertThat(this.votes).isEmpty();
		this.time.advance(Duration.ofNanos(1));
		assertThat(failure(0).reason()).isEqualTo(Vote.Failed.Reason.TIMEOUT);
		assertThat(failure(0).error()).hasMessageContaining("node").hasMessageContaining("200 ms");
	}

	@Test
	void timeoutDoesNotRunWhileAConnectionIsBeingOpened() {
		this.node.freeze().connecting(true);
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(TIMEOUT.multipliedBy(4));
		assertThat(this.votes).isEmpty();
		assertThat(this.recorder.events()).isEmpty();
		this.node.connecting(false);
		this.time.advance(TIMEOUT.minusNanos(1));
		assertThat(this.votes).isEmpty();
		this.time.advance(Duration.ofNanos(1));
		assertThat(failure(0).reason()).isEqualTo(Vote.Failed.Reason.TIMEOUT);
		send(LockCommand.ACQUIRE, "v2");
		this.time.advance(TIMEOUT);
		assertThat(failure(1).reason()).isEqualTo(Vote.Failed.Reason.TIMEOUT);
	}

	@Test
	void timeoutIsWholeAfterAConnectionThatWasOpenedBetweenTwoLooks() {
		this.node.freeze().connecting(true);
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(TIMEOUT.minusMillis(10));
		this.node.connecting(false);
		this.time.advance(TIMEOUT.minusNanos(1));
		assertThat(this.votes).isEmpty();
		this.time.advance(Duration.ofNanos(1));
		assertThat(failure(0).reason()).isEqualTo(Vote.Failed.Reason.TIMEOUT);
	}

	@Test
	void nobodyWaitsForAConnectionWithoutAnEnd() {
		this.node.freeze().connecting(true);
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(this.node.connectTime().plus(TIMEOUT).minusNanos(1));
		assertThat(this.votes).isEmpty();
		this.time.advance(Duration.ofNanos(1));
		assertThat(failure(0).reason()).isEqualTo(Vote.Failed.Reason.TIMEOUT);
	}

	/** As after a pause of this process. */
	@Test
	void answerThatHasArrivedIsNotGivenUp() {
		this.node.leaveUnread();
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(TIMEOUT);
		assertThat(this.votes).singleElement().isInstanceOf(Vote.Granted.class);
		assertThat(this.recorder.events()).isEmpty();
	}

	@Test
	void nobodyWaitsForMoreThanAnotherTimeoutUntilAnswersAreRead() {
		this.node.leaveUnread().neverCatchUp();
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(TIMEOUT.multipliedBy(2).minusNanos(1));
		assertThat(this.votes).isEmpty();
		this.time.advance(Duration.ofNanos(1));
		assertThat(failure(0).reason()).isEqualTo(Vote.Failed.Reason.TIMEOUT);
	}

	/** The thread that reads the answer is a caller's, with a stack of its own depth. */
	@Test
	void voteWhoseDeliveryEndedInAnErrorIsDeliveredAgain() {
		this.guard.send(LockCommand.ACQUIRE, request("a", "v1"), (vote) -> {
			this.votes.add(vote);
			if (this.votes.size() == 1) {
				throw new StackOverflowError("as intended");
			}
		});
		this.time.advance(TIMEOUT);
		assertThat(this.votes).hasSize(2).allMatch(Vote.Granted.class::isInstance);
		this.time.advance(TIMEOUT.multipliedBy(3));
		assertThat(this.votes).hasSize(2);
	}

	@Test
	void timeoutWhoseDeliveryEndedInAnErrorIsDeliveredAgain() {
		this.node.freeze();
		this.guard.send(LockCommand.ACQUIRE, request("a", "v1"), (vote) -> {
			this.votes.add(vote);
			if (this.votes.size() == 1) {
				throw new OutOfMemoryError("as intended");
			}
		});
		assertThatThrownBy(() -> this.time.advance(TIMEOUT)).isInstanceOf(OutOfMemoryError.class);
		this.time.advance(TIMEOUT.multipliedBy(3));
		assertThat(this.votes).hasSize(2).allMatch(Vote.Failed.class::isInstance);
	}

	@Test
	void nodeIsResetWhenEvenAPingIsNotAnswered() {
		this.node.freeze();
		send(LockCommand.ACQUIRE, "v1");
		send(LockCommand.RELEASE, "v1");
		this.time.advance(TIMEOUT);
		assertThat(this.node.log()).doesNotContain("reset");
		this.time.advance(TIMEOUT);
		assertThat(this.node.log()).contains("reset");
	}

	@Test
	void everyRequestHasItsOwnTimeout() {
		this.node.freeze();
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(150));
		send(LockCommand.RELEASE, "v1");
		this.time.advance(ms(50));
		assertThat(this.votes).hasSize(1);
		this.time.advance(ms(149));
		assertThat(this.votes).hasSize(1);
		this.time.advance(ms(1));
		assertThat(this.votes).hasSize(2);
	}

	@Test
	void lateAnswerIsNotDeliveredTwice() {
		this.node.latency(ms(150), ms(150));
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(Duration.ofSeconds(1));
		assertThat(this.votes).hasSize(1);
	}

	@Test
	void nodeThatRefusesConnectionsIsDownAtOnceAndAskedNoMore() {
		this.node.refuse(true);
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(Duration.ZERO);
		assertThat(failure(0).reason()).isEqualTo(Vote.Failed.Reason.UNREACHABLE);
		send(LockCommand.ACQUIRE, "v2");
		assertThat(failure(1).reason()).isEqualTo(Vote.Failed.Reason.DOWN);
		assertThat(failure(1).error()).as("says why it is down").hasMessage("connection refused");
		this.time.advance(Duration.ZERO);
		assertThat(this.recorder.events("nodeDown")).hasSize(1);
	}

	@Test
	void oneSilenceIsForgivenTwoAreNot() {
		this.node.freeze();
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(TIMEOUT);
		assertThat(this.recorder.events("nodeDown")).isEmpty();
		send(LockCommand.RELEASE, "v1");
		this.time.advance(TIMEOUT);
		assertThat(this.recorder.events("nodeDown")).hasSize(1);
		send(LockCommand.ACQUIRE, "v3");
		assertThat(failure(2).reason()).isEqualTo(Vote.Failed.Reason.DOWN);
	}

	@Test
	void answerBetweenTwoSilencesKeepsTheNodeUp() {
		for (int i = 0; i < 5; i++) {
			this.node.freeze();
			send(LockCommand.ACQUIRE, "v" + i);
			this.time.advance(TIMEOUT);
			this.node.thaw();
			send(LockCommand.EXTEND, "v" + i);
			this.time.advance(ms(1));
		}
		assertThat(this.recorder.events("nodeDown")).isEmpty();
	}

	@Test
	void unknownErrorIsAVoteAgainstAndOnlyManyRunningAreAReasonNotToVote() {
		this.node.failWith(new IllegalStateException("ERR something new"));
		send(LockCommand.EXTEND, "v1");
		send(LockCommand.EXTEND, "v2");
		this.time.advance(ms(1));
		assertThat(this.votes).hasSize(2)
			.allSatisfy((vote) -> assertThat(((Vote.Failed) vote).reason()).isEqualTo(Vote.Failed.Reason.ERROR_REPLY));
		assertThat(this.recorder.events()).containsExactly("nodeError node", "nodeError node");
		send(LockCommand.EXTEND, "v3");
		this.time.advance(ms(1));
		assertThat(this.recorder.events("nodeDown")).hasSize(1);
	}

	@Test
	void requestThatIsRefusedIsNoReasonNotToVote() {
		this.node.failWith(Vote.Failed.Reason.REFUSED, new IllegalStateException("CROSSSLOT"));
		for (int i = 0; i < 10; i++) {
			send(LockCommand.EXTEND, "v" + i);
			this.time.advance(ms(1));
		}
		assertThat(this.recorder.events("nodeDown")).isEmpty();
	}

	/** [79] */
	@Test
	void nodeThatCannotServeDoesNotVoteUntilAProbeSucceeds() {
		this.node.failWith(Vote.Failed.Reason.UNABLE, new IllegalStateException("it is a read-only replica"));
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		assertThat(failure(0).reason()).isEqualTo(Vote.Failed.Reason.UNABLE);
		send(LockCommand.ACQUIRE, "v2");
		assertThat(failure(1).reason()).isEqualTo(Vote.Failed.Reason.DOWN);
		assertThat(failure(1).error()).hasMessageContaining("read-only replica");
		this.time.advance(Duration.ofSeconds(10));
		assertThat(this.recorder.events("nodeDown")).hasSize(1);
		assertThat(this.recorder.events("nodeUp")).isEmpty();
		this.node.failWith(null);
		this.time.advance(Duration.ofNanos(NodeHealth.MAX_BACKOFF_NANOS));
		assertThat(this.recorder.events("nodeUp")).hasSize(1);
		send(LockCommand.ACQUIRE, "v3");
		this.time.advance(ms(1));
		assertThat(this.votes.get(2)).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void nodeThatIsSilentOnceIsProbedWhileItVotes() {
		this.node.freeze();
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(TIMEOUT);
		assertThat(this.recorder.events("nodeDown")).isEmpty();
		this.time.advance(TIMEOUT);
		assertThat(this.node.log()).as("its connection is cut after two timeouts").contains("reset");
		assertThat(this.recorder.events("nodeDown")).hasSize(1);
	}

	@Test
	void releasesThatAreKeptAreBounded() {
		for (int i = 0; i < KeptReleases.MAX_KEPT + 1000; i++) {
			this.guard.send(LockCommand.ACQUIRE, request("a" + i, "v" + i), this.votes::add);
		}
		this.time.advance(ms(1));
		this.node.refuse(true);
		for (int i = 0; i < KeptReleases.MAX_KEPT + 1000; i++) {
			this.guard.send(LockCommand.RELEASE, request("a" + i, "v" + i), this.votes::add);
		}
		this.time.advance(Duration.ofSeconds(1));
		this.node.refuse(false).log().clear();
		this.time.advance(Duration.ofSeconds(3));
		assertThat(this.node.log().stream().filter((entry) -> entry.startsWith("release")))
			.hasSize(KeptReleases.MAX_KEPT);
		assertThat(this.node.valueOf("a999")).as("the oldest was dropped").isEqualTo("v999");
		assertThat(this.node.valueOf("a1000")).isNull();
	}

	/** A node that comes back is not flooded. */
	@Test
	void releasesThatAreKeptAreSentAgainAFewAtATime() {
		for (int i = 0; i < 3 * KeptReleases.MAX_IN_FLIGHT; i++) {
			this.guard.send(LockCommand.ACQUIRE, request("a" + i, "v" + i), this.votes::add);
		}
		this.time.advance(ms(1));
		this.node.refuse(true);
		for (int i = 0; i < 3 * KeptReleases.MAX_IN_FLIGHT; i++) {
			this.guard.send(LockCommand.RELEASE, request("a" + i, "v" + i), this.votes::add);
		}
		this.time.advance(Duration.ofSeconds(1));
		this.node.refuse(false).latency(ms(5), ms(5)).log().clear();
		List<Integer> arrived = new ArrayList<>();
		for (int i = 0; i < 3000; i++) {
			int before = this.node.log().size();
			this.time.advance(ms(1));
			if (this.node.log().size() > before) {
				arrived.add(this.node.log().size() - before);
			}
		}
		assertThat(arrived).as("the probe, and what came together").containsExactly(1, 100, 100, 100);
	}

	/** A node that refuses everything costs no memory. */
	@Test
	void releasesThatHaveExpiredAreForgottenWhileTheNodeIsDown() {
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		this.node.refuse(true);
		send(LockCommand.RELEASE, "v1");
		this.time.advance(Duration.ofSeconds(20));
		this.node.refuse(false).log().clear();
		this.time.advance(Duration.ofSeconds(5));
		assertThat(this.node.log()).containsExactly("probe");
	}

	/** A source of time that fails once must not end all timeouts and probes. */
	@Test
	void timerThatCannotBeSetIsSetByTheNextRequest() {
		AtomicBoolean broken = new AtomicBoolean();
		TimeSource fragile = new ForwardingTimeSource(this.time) {
			@Override
			public Cancellable schedule(long delayNanos, Runnable task) {
				if (broken.get()) {
					throw new OutOfMemoryError("as intended");
				}
				return super.schedule(delayNanos, task);
			}
		};
		NodeGuard guard = new NodeGuard(this.node, fragile, TIMEOUT,
				new EventDispatcher(List.of(this.recorder), this.time), new VotingNodes("redlock", new Quorum(3)));
		broken.set(true);
		assertThatThrownBy(() -> guard.send(LockCommand.ACQUIRE, request("a", "v1"), this.votes::add))
			.isInstanceOf(OutOfMemoryError.class);
		broken.set(false);
		this.node.freeze();
		guard.send(LockCommand.ACQUIRE, request("a", "v2"), this.votes::add);
		this.time.advance(TIMEOUT.multipliedBy(2));
		assertThat(this.votes).hasSize(2);
		broken.set(true);
		guard.send(LockCommand.ACQUIRE, request("a", "v3"), this.votes::add);
		broken.set(false);
		this.node.thaw();
		guard.send(LockCommand.ACQUIRE, request("a", "v4"), this.votes::add);
		this.time.advance(Duration.ofSeconds(3));
		guard.send(LockCommand.RELEASE, request("a", "v4"), this.votes::add);
		this.time.advance(ms(1));
		assertThat(this.votes.get(this.votes.size() - 1)).isNotInstanceOf(Vote.Failed.class);
	}

	@Test
	void nodeThatThrowsIsAVoteAgainst() {
		NodeGuard throwing = new NodeGuard(new FakeLockNode("node", this.time) {
			@Override
			public java.util.concurrent.CompletionStage<Vote> acquire(LockRequest request) {
				throw new IllegalStateException("broken implementation");
			}
		}, this.time, TIMEOUT, new EventDispatcher(List.of(), this.time), new VotingNodes("redlock", new Quorum(3)));
		throwing.send(LockCommand.ACQUIRE, request("a", "v"), this.votes::add);
		assertThat(failure(0).error()).hasMessage("broken implementation");
	}

	@Test
	void nodeThatIsBackVotesAgain() {
		this.node.refuse(true);
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(50));
		this.node.refuse(false);
		this.time.advance(Duration.ofSeconds(1));
		send(LockCommand.ACQUIRE, "v2");
		this.time.advance(ms(1));
		assertThat(this.votes.get(1)).isInstanceOf(Vote.Granted.class);
		assertThat(this.recorder.events("nodeUp")).containsExactly("nodeUp node");
	}

	/** A machine that is busy starting applications must not take its nodes for dead. */
	@Test
	void slowStartIsNoFailure() {
		this.node.freeze();
		this.guard.start(() -> {
		});
		this.time.advance(Duration.ofSeconds(1));
		this.node.thaw();
		this.time.advance(ms(1));
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		assertThat(this.votes).singleElement().isInstanceOf(Vote.Granted.class);
		assertThat(this.recorder.events()).isEmpty();
	}

	@Test
	void nodeThatCannotBeReachedAtTheStartIsDownAndProbed() {
		this.node.refuse(true);
		this.guard.start(() -> {
		});
		this.time.advance(ms(50));
		send(LockCommand.ACQUIRE, "v1");
		assertThat(failure(0).reason()).isEqualTo(Vote.Failed.Reason.DOWN);
		this.node.refuse(false);
		this.time.advance(Duration.ofSeconds(1));
		assertThat(this.recorder.events("nodeUp")).hasSize(1);
	}

	@Test
	void probesBackOffUpToALimitOneAtATime() {
		this.node.refuse(true);
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(Duration.ofSeconds(60));
		// The request and probes at 0, 0.1, 0.3, 0.7, 1.5, 3.1 s and every 2 s from then
		// on.
		assertThat(this.recorder.events("nodeError")).hasSizeBetween(30, 36);
		assertThat(this.time.scheduled()).isEqualTo(1);
	}

	/** [65] */
	@Test
	void flappingNodeIsNotAskedInATightLoop() {
		this.node.loseReplies(true);
		NodeGuard flapping = new NodeGuard(new FakeLockNode("node", this.time) {
			@Override
			public java.util.concurrent.CompletionStage<Vote> acquire(LockRequest request) {
				return java.util.concurrent.CompletableFuture.completedFuture(
						new Vote.Failed(Vote.Failed.Reason.UNREACHABLE, new IllegalStateException("reset")));
			}
		}, this.time, TIMEOUT, new EventDispatcher(List.of(this.recorder), this.time),
				new VotingNodes("redlock", new Quorum(3)));
		for (int i = 0; i < 10_000; i++) {
			flapping.send(LockCommand.ACQUIRE, request("a", "v" + i), this.votes::add);
			this.time.advance(ms(1));
		}
		assertThat(this.recorder.events("nodeDown")).hasSizeBetween(5, 12);
		assertThat(this.time.scheduled()).isLessThanOrEqualTo(2);
	}

	@Test
	void unconfirmedReleaseIsSentAgainBeforeAnythingElse() {
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		this.node.loseRequests(true);
		send(LockCommand.RELEASE, "v1");
		this.time.advance(ms(1));
		assertThat(this.node.valueOf("a")).isEqualTo("v1");
		this.node.loseRequests(false);
		this.node.log().clear();
		this.time.advance(Duration.ofSeconds(1));
		assertThat(this.node.log()).containsExactly("probe", "release [a]");
		assertThat(this.node.valueOf("a")).isNull();
		this.time.advance(Duration.ofMinutes(1));
		assertThat(this.node.log()).as("and only once").hasSize(2);
	}

	@Test
	void releaseOfANodeThatIsDownAlreadyIsKeptToo() {
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		this.node.refuse(true);
		send(LockCommand.EXTEND, "v1");
		this.time.advance(ms(1));
		send(LockCommand.RELEASE, "v1");
		assertThat(failure(2).reason()).isEqualTo(Vote.Failed.Reason.DOWN);
		this.node.refuse(false);
		this.time.advance(Duration.ofSeconds(1));
		assertThat(this.node.valueOf("a")).isNull();
	}

	@Test
	void releaseIsNotKeptWhereNothingWasEverSent() {
		this.node.refuse(true);
		this.guard.start(() -> {
		});
		this.time.advance(ms(1));
		send(LockCommand.ACQUIRE, "v1");
		send(LockCommand.RELEASE, "v1");
		this.node.refuse(false);
		this.time.advance(Duration.ofSeconds(5));
		assertThat(this.node.log()).containsExactly("probe");
	}

	/** The acquisition may have been carried out only now, by a node that stood still. */
	@Test
	void releaseIsSentAgainOnceHoweverMuchTimeHasPassed() {
		this.node.loseReplies(true);
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		this.node.loseReplies(false).refuse(true);
		send(LockCommand.RELEASE, "v1");
		this.time.advance(Duration.ofSeconds(11));
		this.node.refuse(false).hold("a", "v1", Duration.ofSeconds(10)).log().clear();
		this.time.advance(Duration.ofSeconds(5));
		assertThat(this.node.log()).containsExactly("probe", "release [a]");
		assertThat(this.node.valueOf("a")).isNull();
	}

	/** The node may have carried out an extension of which nobody heard. */
	@Test
	void releaseIsKeptForTheLongestTtlThatTheNodeMayHave() {
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		this.node.loseReplies(true);
		this.guard.send(LockCommand.EXTEND, request("a", "v1").withTtl(Duration.ofSeconds(60)), this.votes::add);
		this.time.advance(ms(1));
		this.node.refuse(true).loseReplies(false);
		send(LockCommand.RELEASE, "v1");
		this.time.advance(Duration.ofSeconds(20));
		assertThat(this.node.valueOf("a")).isEqualTo("v1");
		this.node.refuse(false);
		this.time.advance(Duration.ofSeconds(3));
		assertThat(this.node.valueOf("a")).isNull();
	}

	/**
	 * Once it was sent again, it is kept until the longest ttl is over, and no longer.
	 */
	@Test
	void releaseThatKeepsFailingIsForgottenWhenTheKeyIsGoneAnyway() {
		List<Duration> releases = new ArrayList<>();
		NodeGuard picky = new NodeGuard(new FakeLockNode("node", this.time) {
			@Override
			public java.util.concurrent.CompletionStage<Vote> release(LockRequest request) {
				releases.add(NodeGuardTests.this.time.elapsed());
				return java.util.concurrent.CompletableFuture.completedFuture(
						new Vote.Failed(Vote.Failed.Reason.ERROR_REPLY, new IllegalStateException("WRONGTYPE")));
			}
		}, this.time, TIMEOUT, new EventDispatcher(List.of(this.recorder), this.time),
				new VotingNodes("redlock", new Quorum(3)));
		picky.send(LockCommand.ACQUIRE, request("a", "v1"), this.votes::add);
		for (int seconds : new int[] { 60, 20 }) {
			picky.send(LockCommand.EXTEND, request("a", "v1").withTtl(Duration.ofSeconds(seconds)), this.votes::add);
		}
		picky.send(LockCommand.RELEASE, request("a", "v1"), this.votes::add);
		this.time.advance(Duration.ofMinutes(5));
		assertThat(releases).as("while the key may be there").hasSizeGreaterThan(3);
		assertThat(releases.get(releases.size() - 1)).isBetween(Duration.ofSeconds(25), Duration.ofSeconds(60));
		assertThat(this.time.scheduled()).as("once it is gone").isZero();
	}

	/**
	 * A confirmed release shows that the node works again: the next one starts afresh.
	 */
	@Test
	void pauseBeforeAReleaseIsSentAgainIsShortOnceOneWasConfirmed() {
		for (String value : List.of("v1", "v2")) {
			send(LockCommand.ACQUIRE, value);
			this.time.advance(ms(1));
			this.node.failWith(new IllegalStateException("BUSY Redis is busy running a script"));
			send(LockCommand.RELEASE, value);
			this.time.advance(Duration.ofSeconds(5));
			this.node.failWith(null);
			this.time.advance(Duration.ofSeconds(3));
			assertThat(this.node.valueOf("a")).isNull();
		}
		send(LockCommand.ACQUIRE, "v3");
		this.time.advance(ms(1));
		this.node.failWith(new IllegalStateException("BUSY Redis is busy running a script"));
		send(LockCommand.RELEASE, "v3");
		this.time.advance(ms(1));
		this.node.failWith(null);
		this.time.advance(ms(500));
		assertThat(this.node.valueOf("a")).isNull();
	}

	@Test
	void releaseThatAlwaysFailsIsNotSentInATightLoopHoweverMuchElseSucceeds() {
		NodeGuard picky = new NodeGuard(new FakeLockNode("node", this.time) {
			@Override
			public java.util.concurrent.CompletionStage<Vote> release(LockRequest request) {
				return java.util.concurrent.CompletableFuture.completedFuture(
						new Vote.Failed(Vote.Failed.Reason.ERROR_REPLY, new IllegalStateException("WRONGTYPE")));
			}
		}, this.time, TIMEOUT, new EventDispatcher(List.of(this.recorder), this.time),
				new VotingNodes("redlock", new Quorum(3)));
		picky.send(LockCommand.ACQUIRE, request("a", "v1"), this.votes::add);
		this.time.advance(ms(1));
		picky.send(LockCommand.RELEASE, request("a", "v1"), this.votes::add);
		for (int i = 0; i < 2000; i++) {
			picky.send(LockCommand.EXTEND, request("a", "v1"), this.votes::add);
			this.time.advance(ms(5));
		}
		assertThat(this.recorder.events("nodeError")).hasSizeBetween(3, 12);
	}

	@Test
	void releaseAnsweredWithAnErrorIsSentAgainLater() {
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		this.node.failWith(new IllegalStateException("BUSY Redis is busy running a script"));
		send(LockCommand.RELEASE, "v1");
		this.time.advance(ms(450));
		this.node.failWith(null);
		this.time.advance(Duration.ofSeconds(3));
		assertThat(this.node.valueOf("a")).isNull();
	}

	@Test
	void confirmationThatComesLateIsEnough() {
		send(LockCommand.ACQUIRE, "v1");
		this.time.advance(ms(1));
		this.node.latency(ms(0), ms(250));
		send(LockCommand.RELEASE, "v1");
		this.time.advance(ms(400));
		this.node.latency(ms(0), ms(0));
		this.time.advance(Duration.ofSeconds(5));
		assertThat(this.node.log()).filteredOn((entry) -> entry.startsWith("release")).hasSizeLessThanOrEqualTo(2);
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void closedGuardAnswersAtOnceAndSchedulesNothing() {
		this.guard.close();
		send(LockCommand.ACQUIRE, "v1");
		send(LockCommand.RELEASE, "v1");
		assertThat(this.votes).hasSize(2)
			.allSatisfy((vote) -> assertThat(((Vote.Failed) vote).reason()).isEqualTo(Vote.Failed.Reason.DOWN));
		assertThat(this.time.scheduled()).isZero();
	}

	/** Passes on to another source of time. */
	private static class ForwardingTimeSource implements TimeSource {

		private final TimeSource time;

		ForwardingTimeSource(TimeSource time) {
			this.time = time;
		}

		@Override
		public long nanoTime() {
			return this.time.nanoTime();
		}

		@Override
		public long wallClockMicros() {
			return this.time.wallClockMicros();
		}

		@Override
		public Cancellable schedule(long delayNanos, Runnable task) {
			return this.time.schedule(delayNanos, task);
		}

		@Override
		public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
			return this.time.await(stage);
		}

	}

}
