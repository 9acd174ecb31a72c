package io.github.redlock.aop;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockLostException;
import io.github.redlock.Redlock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Annotated suspending functions and flows of Kotlin. Number 54 of docs/traps.md.
 */
class CoroutineMethodTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final Work work = new Work();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, () -> this.cluster.client((builder) -> builder.listener(this.recorder)))
		.withBean(CoroutineService.class);

	private interface BeanTest {

		void accept(Coroutines bean) throws Exception;

	}

	private void run(BeanTest test) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(new Coroutines(context.getBean(CoroutineService.class)));
		});
	}

	private void settle() {
		this.cluster.time().advance(Duration.ofMillis(1));
	}

	private void assertReleasedOnce() {
		settle();
		assertThat(this.cluster.holding("a")).isZero();
		assertThat(this.recorder.events("released")).hasSize(1);
	}

	@Test
	void suspendingFunctionHoldsItsLockUntilItEnds() {
		run((bean) -> {
			CompletableFuture<String> result = bean.suspending("a", this.work);
			this.cluster.time().advance(TTL.multipliedBy(5));
			assertThat(this.work.getSeen()).hasSize(1);
			assertThat(this.work.getSeen().get(0).isValid()).isTrue();
			assertThat(result).isNotDone();
			this.work.getGo().complete("done");
			settle();
			assertThat(result).isCompletedWithValue("a done");
			assertReleasedOnce();
		});
	}

	@Test
	void functionWithoutResultHoldsItsLockToo() {
		run((bean) -> {
			CompletableFuture<?> result = bean.nothing(this.work);
			settle();
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			this.work.getGo().complete("done");
			settle();
			assertThat(result).isCompleted();
			assertReleasedOnce();
		});
	}

	@Test
	void failureComesOutUnchanged() {
		run((bean) -> {
			CompletableFuture<String> result = bean.suspending("a", this.work);
			settle();
			this.work.getGo().completeExceptionally(new IllegalStateException("mine"));
			settle();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.havingRootCause()
				.withMessage("mine");
			assertReleasedOnce();
		});
	}

	@Test
	void cancelledCoroutineReleases() {
		run((bean) -> {
			CompletableFuture<String> result = bean.suspending("a", this.work);
			settle();
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			result.cancel(true);
			assertReleasedOnce();
		});
	}

	@Test
	void flowHoldsItsLockUntilItIsCollected() {
		run((bean) -> {
			CompletableFuture<?> result = bean.flowing(this.work);
			settle();
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			this.work.getGo().complete("second");
			settle();
			assertThat(result.get()).asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
				.containsExactly("first", "second");
			assertReleasedOnce();
		});
	}

	@Test
	void flowOfWhichOnlyTheBeginningIsWantedReleases() {
		run((bean) -> {
			CompletableFuture<String> result = bean.firstOfFlow(this.work);
			settle();
			assertThat(result).isCompletedWithValue("first");
			assertReleasedOnce();
		});
	}

	@Test
	void nextCallerFindsNoLockOfAFlowWhoseBeginningWasWanted() {
		run((bean) -> {
			CompletableFuture<?> result = bean.firstOfFlowTwice("a");
			settle();
			assertThat(result.get()).isEqualTo(java.util.List.of("a first", "a first"));
			settle();
			assertThat(this.cluster.holding("a")).isZero();
			assertThat(this.recorder.events("acquired")).hasSize(2);
			assertThat(this.recorder.events("released")).hasSize(2);
		});
	}

	@Test
	void flowOfASuspendingFunctionHoldsItsLockUntilItIsCollected() {
		run((bean) -> {
			CompletableFuture<?> result = bean.suspendingFlow(this.work);
			settle();
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			this.work.getGo().complete("second");
			settle();
			assertThat(result).isCompleted();
			assertReleasedOnce();
		});
	}

	@Test
	void deferredHoldsItsLockUntilItCompletes() {
		run((bean) -> {
			CompletableFuture<String> result = bean.deferred(this.work);
			settle();
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			this.work.getGo().complete("done");
			settle();
			assertThat(result).isCompletedWithValue("done");
			assertReleasedOnce();
		});
	}

	@Test
	void lossCancelsTheCoroutineWhereThatIsWanted() {
		run((bean) -> {
			CompletableFuture<String> result = bean.cancelledOnLoss(this.work);
			settle();
			this.cluster.nodes().forEach(FakeLockNode::wipe);
			this.cluster.time().advance(TTL);
			assertThat(this.work.getCancelled()).isTrue();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.havingRootCause()
				.isInstanceOf(LockLostException.class);
		});
	}

	@Test
	void heldLockIsSkippedOrAnsweredByTheFallback() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		run((bean) -> {
			CompletableFuture<String> skipped = bean.skipped();
			CompletableFuture<String> fallback = bean.withFallback("42");
			this.cluster.time().advance(Duration.ofSeconds(1));
			assertThat(skipped).isCompletedWithValue(null);
			assertThat(fallback).isCompletedWithValue("busy 42 HELD");
		});
	}

	@Test
	void nestedFunctionJoinsTheLockOfItsCaller() {
		this.runner.withBean(OuterCoroutineService.class).run((context) -> {
			Coroutines bean = new Coroutines(context.getBean(CoroutineService.class));
			CompletableFuture<String> result = bean.nested(context.getBean(OuterCoroutineService.class), this.work);
			settle();
			this.work.getGo().complete("done");
			settle();
			assertThat(result).isCompletedWithValue("a done");
			assertThat(this.recorder.events("acquired")).hasSize(1);
		});
	}

	@Test
	void skippedFunctionReturnsNothingInTheWayOfItsType() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		run((bean) -> {
			CompletableFuture<?> list = bean.skippedList();
			CompletableFuture<?> unit = bean.skippedUnit();
			this.cluster.time().advance(Duration.ofSeconds(1));
			assertThat(list.get()).isEqualTo(java.util.List.of());
			assertThat(unit).isCompleted();
		});
	}

	/** [57] */
	@Test
	void skippingWhatIsNeverNullIsRefused() {
		this.runner.withBean(SkippingNumber.class)
			.run((context) -> assertThat(context).getFailure()
				.hasMessageContaining("SkippingNumber.run")
				.hasMessageContaining("Integer, which is not nullable"));
		this.runner.withBean(SkippingText.class)
			.run((context) -> assertThat(context).getFailure()
				.hasMessageContaining("SkippingText.run")
				.hasMessageContaining("not nullable"));
	}

	@Test
	void functionCanAssertThatItIsLocked() {
		run((bean) -> {
			CompletableFuture<String> result = bean.asserting("a");
			settle();
			settle();
			assertThat(result).isCompletedWithValue("asserted");
		});
	}

	@Test
	void coroutineThatIsCancelledWhileItWaitsLeavesNothing() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		run((bean) -> {
			CompletableFuture<String> result = bean.suspending("a", this.work);
			settle();
			result.cancel(true);
			this.cluster.nodes().forEach((node) -> node.delete("a"));
			this.cluster.time().advance(Duration.ofMinutes(1));
			assertThat(this.work.getSeen()).isEmpty();
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

}
