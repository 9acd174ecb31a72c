package io.github.redlock.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.redlock.AbortSignal;
import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.LockReleaseException;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * The block styles. Numbers in brackets: see docs/traps.md.
 */
class UsingTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final DefaultRedlock redlock = this.cluster.client((builder) -> builder.listener(this.recorder));

	private void advance(Duration duration) {
		this.cluster.time().advance(duration);
	}

	private void breakQuorum() {
		this.cluster.node(0).refuse(true);
		this.cluster.node(1).refuse(true);
	}

	@Test
	void resultComesOutAndTheLockIsReleased() {
		String result = this.redlock.using("a", TTL, (lock, signal) -> {
			assertThat(lock.isValid()).isTrue();
			assertThat(signal.isAborted()).isFalse();
			assertThat(this.cluster.holding("a", lock.value())).isGreaterThanOrEqualTo(2);
			return "done";
		});
		assertThat(result).isEqualTo("done");
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void lockIsExtendedWhileTheRoutineRuns() {
		this.redlock.using("a", TTL, (lock, signal) -> {
			advance(TTL.multipliedBy(10));
			signal.throwIfAborted();
			return null;
		});
		assertThat(this.recorder.events("extended")).hasSizeGreaterThan(20);
	}

	@Test
	void lockIsNotExtendedWhereThatIsSwitchedOff() {
		LockOptions options = LockOptions.builder().autoExtend(false).build();
		assertThatExceptionOfType(LockLostException.class)
			.isThrownBy(() -> this.redlock.using(List.of("a"), TTL, options, (lock, signal) -> {
				advance(TTL);
				return null;
			}));
	}

	/** [40] */
	@Test
	void exceptionOfTheRoutineComesOutUnchangedWithTheReleaseErrorSuppressed() {
		IOException mine = new IOException("mine");
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> this.redlock.using("a", TTL, (lock, signal) -> {
			breakQuorum();
			throw mine;
		})).isSameAs(mine);
		assertThat(mine.getSuppressed()).singleElement().isInstanceOf(LockReleaseException.class);
	}

	/** [41] */
	@Test
	void resultComesOutEvenIfTheReleaseFails() {
		String result = this.redlock.using("a", TTL, (lock, signal) -> {
			breakQuorum();
			return "done";
		});
		assertThat(result).isEqualTo("done");
		advance(Duration.ofMillis(1));
		assertThat(this.recorder.events("releaseFailed")).containsExactly("releaseFailed [a]");
	}

	@Test
	void lossTurnsANormalReturnIntoAnException() {
		assertThatExceptionOfType(LockLostException.class)
			.isThrownBy(() -> this.redlock.using("a", TTL, (lock, signal) -> {
				this.cluster.nodes().forEach(FakeLockNode::wipe);
				advance(TTL);
				assertThat(signal.isAborted()).isTrue();
				return "done";
			}))
			.withMessageContaining("[a]");
	}

	/** Found only when the nodes are asked to delete what is not there any more. */
	@Test
	void lossThatNobodyNoticedBeforeTheReleaseIsAnExceptionToo() {
		assertThatExceptionOfType(LockLostException.class)
			.isThrownBy(() -> this.redlock.using("a", TTL, (lock, signal) -> {
				advance(Duration.ofMillis(1));
				this.cluster.nodes().forEach(FakeLockNode::wipe);
				return "done";
			}));
	}

	@Test
	void lossIsSuppressedIntoTheExceptionOfTheRoutine() {
		IllegalStateException mine = new IllegalStateException("mine");
		assertThatExceptionOfType(IllegalStateException.class)
			.isThrownBy(() -> this.redlock.using("a", TTL, (lock, signal) -> {
				this.cluster.time().pause(TTL);
				throw mine;
			}))
			.isSameAs(mine);
		assertThat(mine.getSuppressed()).singleElement().isInstanceOf(LockLostException.class);
	}

	@Test
	void abortSignalTellsOfALossByTheClockAlone() {
		List<AbortSignal> signals = new ArrayList<>();
		assertThatExceptionOfType(LockLostException.class)
			.isThrownBy(() -> this.redlock.using("a", TTL, (lock, signal) -> {
				signals.add(signal);
				assertThat(signal.error()).isEmpty();
				this.cluster.time().pause(TTL);
				assertThat(signal.isAborted()).isTrue();
				assertThatExceptionOfType(LockLostException.class).isThrownBy(signal::throwIfAborted);
				signal.throwIfAborted();
				throw new AssertionError("went on without the lock");
			}))
			.satisfies((ex) -> assertThat(ex.getSuppressed()).isEmpty());
		assertThat(signals.get(0).error()).isPresent();
	}

	@Test
	void routineDoesNotRunWithoutTheLock() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		assertThatExceptionOfType(LockNotAcquiredException.class)
			.isThrownBy(() -> this.redlock.using("a", TTL, (lock, signal) -> {
				throw new AssertionError("ran without the lock");
			}));
	}

	/** [33]: whatever ends a worker ends its lock. */
	@Test
	void workerThatIsInterruptedOrDiesReleases() {
		assertThatExceptionOfType(InterruptedException.class)
			.isThrownBy(() -> this.redlock.using("a", TTL, (lock, signal) -> {
				Thread.currentThread().interrupt();
				throw new InterruptedException("a blocking call was interrupted");
			}));
		assertThat(Thread.interrupted()).isTrue();
		assertThatExceptionOfType(StackOverflowError.class)
			.isThrownBy(() -> this.redlock.using("b", TTL, (lock, signal) -> {
				throw new StackOverflowError();
			}));
		advance(Duration.ofMinutes(1));
		assertThat(this.cluster.holding("a") + this.cluster.holding("b")).isZero();
		assertThat(this.recorder.events("extended")).isEmpty();
	}

	@Test
	void routineMayReleaseEarly() {
		this.redlock.using("a", TTL, (lock, signal) -> {
			assertThat(lock.release()).isTrue();
			assertThat(signal.isAborted()).isFalse();
			return null;
		});
		advance(Duration.ofMillis(1));
		assertThat(this.recorder.events("released")).hasSize(1);
	}

	@Test
	void asynchronousRoutineHoldsTheLockUntilItsStageCompletes() {
		CompletableFuture<String> routine = new CompletableFuture<>();
		CompletableFuture<String> result = this.redlock.usingAsync("a", TTL, (lock, signal) -> routine);
		advance(TTL.multipliedBy(5));
		assertThat(this.cluster.holding("a")).isEqualTo(3);
		assertThat(result).isNotDone();
		routine.complete("done");
		advance(Duration.ofMillis(1));
		assertThat(result).isCompletedWithValue("done");
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void asynchronousRoutineThatFailsReleasesToo() {
		IllegalStateException mine = new IllegalStateException("mine");
		CompletableFuture<String> failed = this.redlock.usingAsync("a", TTL,
				(lock, signal) -> CompletableFuture.failedFuture(mine));
		CompletableFuture<String> thrown = this.redlock.usingAsync("b", TTL, (lock, signal) -> {
			throw mine;
		});
		advance(Duration.ofMillis(1));
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(failed::get).havingCause().isSameAs(mine);
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(thrown::get).havingCause().isSameAs(mine);
		assertThat(this.cluster.holding("a") + this.cluster.holding("b")).isZero();
	}

	@Test
	void asynchronousRoutineThatThrowsAnErrorReleasesToo() {
		AssertionError mine = new AssertionError("mine");
		CompletableFuture<String> thrown = this.redlock.usingAsync("a", TTL, (lock, signal) -> {
			throw mine;
		});
		advance(Duration.ofMillis(1));
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(thrown::get).havingCause().isSameAs(mine);
		assertThat(this.cluster.holding("a")).isZero();
	}

	@Test
	void asynchronousRoutineMayReturnAStageThatCannotBeCancelled() {
		CompletableFuture<String> routine = new CompletableFuture<>() {
			@Override
			public CompletableFuture<String> toCompletableFuture() {
				throw new UnsupportedOperationException();
			}
		};
		CompletableFuture<String> result = this.redlock.usingAsync("a", TTL, (lock, signal) -> routine);
		advance(Duration.ofMillis(1));
		result.cancel(true);
		advance(Duration.ofMillis(1));
		assertThat(this.cluster.holding("a")).as("until the routine ends").isEqualTo(3);
		routine.complete("done");
		advance(Duration.ofMillis(1));
		assertThat(this.cluster.holding("a")).isZero();
	}

	static List<RuntimeException> refusals() {
		return List.of(new RejectedExecutionException("full"), new IllegalStateException("not running"));
	}

	@ParameterizedTest
	@MethodSource("refusals")
	void executorThatRefusesEverythingHurtsNobody(RuntimeException refusal) {
		DefaultRedlock redlock = this.cluster
			.client((builder) -> builder.listener(this.recorder).callbackExecutor((task) -> {
				throw refusal;
			}));
		assertThat(redlock.acquire("a", TTL).release()).isTrue();
		CompletableFuture<LockHandle> future = redlock.acquireAsync("b", TTL);
		advance(Duration.ofMillis(1));
		assertThat(future).succeedsWithin(Duration.ofSeconds(20)).matches(LockHandle::isValid);
		Awaitility.await().until(() -> this.recorder.events().size() == 3);
		assertThat(this.recorder.events()).containsExactly("acquired [a]", "released [a] true", "acquired [b]");
	}

	@Test
	void sourceOfValuesThatThrowsIsAFailureAndNoHang() {
		DefaultRedlock redlock = this.cluster.client((builder) -> builder.values(() -> {
			throw new IllegalStateException("no entropy");
		}));
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.acquire("a", TTL))
			.withMessageContaining("no entropy");
	}

	@Test
	void asynchronousRoutineHearsOfALoss() {
		CompletableFuture<String> routine = new CompletableFuture<>();
		CompletableFuture<String> result = this.redlock.usingAsync("a", TTL, (lock, signal) -> {
			lock.lost().thenAccept((error) -> routine.complete("stopped"));
			return routine;
		});
		advance(Duration.ofMillis(1));
		this.cluster.nodes().forEach(FakeLockNode::wipe);
		advance(TTL);
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
			.withCauseInstanceOf(LockLostException.class);
	}

	@Test
	void cancelledAsynchronousBlockCancelsItsRoutineAndReleasesOnce() {
		CompletableFuture<String> routine = new CompletableFuture<>();
		CompletableFuture<String> result = this.redlock.usingAsync("a", TTL, (lock, signal) -> routine);
		advance(Duration.ofMillis(1));
		result.cancel(true);
		advance(Duration.ofMillis(1));
		assertThat(routine).isCancelled();
		assertThat(this.cluster.holding("a")).isZero();
		assertThat(this.recorder.events("released")).hasSize(1);
	}

	@Test
	void asynchronousBlockWithoutLockFails() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		CompletableFuture<String> result = this.redlock.usingAsync("a", TTL, (lock, signal) -> {
			throw new AssertionError("ran without the lock");
		});
		advance(Duration.ofSeconds(2));
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
			.withCauseInstanceOf(LockNotAcquiredException.class);
	}

	@Test
	void listenerThatThrowsHurtsNobody() {
		DefaultRedlock redlock = this.cluster.client((builder) -> builder.listener(new Recorder() {
			@Override
			public void acquired(LockHandle lock) {
				throw new IllegalStateException("a bug of the listener");
			}
		}).listener(this.recorder));
		assertThat(redlock.acquire("a", TTL).release()).isTrue();
		advance(Duration.ofMillis(1));
		assertThat(this.recorder.events()).containsExactly("acquired [a]", "released [a] true");
	}

	@Test
	void listenerThatThrowsAnErrorGoesOnHearing() {
		List<String> heard = new ArrayList<>();
		DefaultRedlock redlock = this.cluster.client((builder) -> builder.listener(new Recorder() {
			@Override
			public void acquired(LockHandle lock) {
				heard.add("acquired");
				throw new AssertionError("a bug of the listener");
			}
		}));
		redlock.acquire("a", TTL);
		redlock.acquire("b", TTL);
		advance(Duration.ofMillis(1));
		assertThat(heard).hasSize(2);
	}

	@Test
	void nodeErrorsAreReportedEvenIfTheQuorumMadeThemHarmless() {
		this.cluster.node(2).failWith(new IllegalStateException("OOM"));
		this.redlock.acquire("a", TTL);
		advance(Duration.ofMillis(1));
		assertThat(this.recorder.events()).containsExactly("acquired [a]", "nodeError node2");
	}

	/** A routine that fails after the loss fails with its own exception. */
	@Test
	void lossIsSuppressedIntoTheExceptionOfAnAsynchronousRoutine() {
		CompletableFuture<String> routine = new CompletableFuture<>();
		CompletableFuture<String> result = this.redlock.usingAsync("a", TTL, (lock, signal) -> routine);
		advance(Duration.ofMillis(1));
		this.cluster.nodes().forEach(FakeLockNode::wipe);
		advance(TTL);
		routine.completeExceptionally(new IllegalStateException("card declined"));
		advance(Duration.ofMillis(1));
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
			.satisfies((ex) -> assertThat(ex.getCause()).hasMessage("card declined")
				.satisfies((cause) -> assertThat(cause.getSuppressed())
					.hasExactlyElementsOfTypes(LockLostException.class)));
	}

	@Test
	void cancelledAsynchronousBlockStopsWaitingForItsLock() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		LockOptions patient = LockOptions.builder().retryDelay(Duration.ofMinutes(1)).build();
		CompletableFuture<String> result = this.redlock.usingAsync(List.of("a"), TTL, patient,
				(lock, signal) -> CompletableFuture.completedFuture("ran"));
		advance(Duration.ofSeconds(1));
		assertThat(this.cluster.time().scheduled()).as("the pause before the next attempt").isEqualTo(1);
		result.cancel(true);
		advance(Duration.ofSeconds(1));
		assertThat(this.cluster.time().scheduled()).as("what is left of it").isZero();
	}

	@Test
	void closingClosesTheNodes() {
		List<String> closed = new ArrayList<>();
		DefaultRedlock redlock = new RedlockBuilder().time(this.cluster.time())
			.callbackExecutor(this.cluster.time())
			.nodes(List.of(new FakeLockNode("node", this.cluster.time()) {
				@Override
				public void close() {
					closed.add(name());
				}
			}))
			.build();
		redlock.close();
		redlock.close();
		assertThat(closed).containsExactly("node");
	}

	@Test
	void builderRefusesWhatCannotWork() {
		RedlockBuilder builder = new RedlockBuilder();
		assertThatIllegalArgumentException().isThrownBy(builder::build).withMessageContaining("nodes");
		builder.nodes(this.cluster.nodes()).defaultTtl(Duration.ofNanos(1));
		assertThatIllegalArgumentException().isThrownBy(builder::build).withMessageContaining("ttl");
		assertThatIllegalArgumentException().isThrownBy(() -> builder.commandTimeout(Duration.ZERO))
			.withMessageContaining("commandTimeout");
		for (double share : new double[] { 0, -1, 0.91, Double.NaN }) {
			assertThatIllegalArgumentException().isThrownBy(() -> builder.extendAfter(share))
				.withMessageContaining("extendAfter");
		}
	}

}
