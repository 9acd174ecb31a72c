package io.github.redlock.aop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;

import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Single;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.annotation.LockLossPolicy;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Annotated methods that return a publisher. Number 54 of docs/traps.md.
 */
class ReactiveMethodTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final Duration HOUR = Duration.ofHours(1);

	/** Static, because a bean behind a proxy cannot be asked for its fields. */
	private static Sinks.One<String> one;

	private static Sinks.Many<String> many;

	private static final AtomicInteger calls = new AtomicInteger();

	private static final List<LockHandle> seen = new ArrayList<>();

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, () -> this.cluster.client((builder) -> builder.listener(this.recorder)))
		.withBean(Service.class);

	private interface BeanTest {

		void accept(Service bean) throws Exception;

	}

	@BeforeEach
	void reset() {
		one = Sinks.one();
		many = Sinks.many().unicast().onBackpressureBuffer();
		calls.set(0);
		seen.clear();
	}

	private void run(BeanTest test) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(Service.class));
		});
	}

	private void settle() {
		this.cluster.time().advance(Duration.ofMillis(1));
	}

	private void assertReleasedOnce() {
		settle();
		assertThat(this.cluster.holding("a")).isZero();
		assertThat(this.recorder.events("released")).hasSize(1);
		assertThat(this.cluster.time().scheduled()).isLessThanOrEqualTo(3);
	}

	private void holdElsewhere() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
	}

	static class Service {

		private static <T> T called(T publisher) {
			calls.incrementAndGet();
			CurrentLock.assertLocked("a");
			return publisher;
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public Mono<String> mono() {
			return called(ReactiveCurrentLock.get().doOnNext(seen::add).then(one.asMono()));
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public Flux<String> flux() {
			return called(many.asFlux());
		}

		@DistributedLock(key = "a")
		public Mono<Void> empty() {
			return called(Mono.empty());
		}

		@DistributedLock(key = "a")
		public Mono<String> throwing() {
			throw called(new IllegalStateException("mine"));
		}

		@DistributedLock(key = "#id")
		public Flux<String> keyed(String id) {
			return Flux.just(id);
		}

		@DistributedLock(key = "a", waitTime = 0, onUnavailable = LockFailurePolicy.SKIP)
		public Flux<String> skipped() {
			return called(Flux.just("ran"));
		}

		@DistributedLock(key = "a", waitTime = 0, onUnavailable = LockFailurePolicy.FALLBACK, fallback = "busy")
		public Mono<String> withFallback() {
			return called(Mono.just("ran"));
		}

		private Mono<String> busy(LockNotAcquiredException error) {
			return Mono.just("busy " + error.getReason());
		}

		@DistributedLock(key = "a", ttl = 9_000, onLost = LockLossPolicy.INTERRUPT)
		public Flux<String> cancelledOnLoss() {
			return called(many.asFlux());
		}

		@DistributedLock(key = "a", ttl = 9_000, onLost = LockLossPolicy.LOG)
		public Mono<String> loggedOnLoss() {
			return called(one.asMono());
		}

		@DistributedLock(key = "a")
		public Single<String> single() {
			return called(Single.fromPublisher(one.asMono()));
		}

		@DistributedLock(key = "a")
		public Completable completable() {
			return called(Completable.fromPublisher(one.asMono()));
		}

		@DistributedLock(key = "a")
		public Flowable<String> flowable() {
			return called(Flowable.fromPublisher(many.asFlux()));
		}

		@DistributedLock(key = "a")
		public Flow.Publisher<String> flowPublisher() {
			return called(JdkFlowAdapter.publisherToFlowPublisher(many.asFlux()));
		}

	}

	@Test
	void monoHoldsAndExtendsItsLockUntilItCompletes() {
		run((bean) -> {
			Mono<String> mono = bean.mono();
			settle();
			assertThat(this.cluster.node(0).log()).as("nothing before somebody subscribes")
				.doesNotContain("acquire [a]");
			CompletableFuture<String> result = mono.toFuture();
			this.cluster.time().advance(TTL.multipliedBy(5));
			assertThat(seen).hasSize(1);
			assertThat(seen.get(0).isValid()).isTrue();
			one.tryEmitValue("done");
			assertThat(result).as("completes after the release").isNotDone();
			settle();
			assertThat(result).isCompletedWithValue("done");
			assertReleasedOnce();
		});
	}

	@Test
	void everySubscriptionHasItsOwnLock() {
		run((bean) -> {
			Mono<String> mono = bean.mono();
			one.tryEmitValue("done");
			for (int i = 1; i <= 3; i++) {
				CompletableFuture<String> result = mono.toFuture();
				settle();
				settle();
				assertThat(result).isCompletedWithValue("done");
				assertThat(calls).hasValue(i);
			}
			assertThat(seen.stream().map(LockHandle::fencingToken)).doesNotHaveDuplicates().hasSize(3).isSorted();
		});
	}

	@Test
	void twoSubscriptionsAtOnceExcludeEachOther() {
		run((bean) -> {
			Mono<String> mono = bean.mono();
			mono.subscribe();
			settle();
			CompletableFuture<String> second = mono.toFuture();
			this.cluster.time().advance(Duration.ofSeconds(5));
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(second::get)
				.withCauseInstanceOf(LockNotAcquiredException.class);
			assertThat(calls).hasValue(1);
		});
	}

	@Test
	void fluxHoldsItsLockUntilItCompletes() {
		run((bean) -> {
			List<String> received = new ArrayList<>();
			CompletableFuture<List<String>> result = bean.flux().doOnNext(received::add).collectList().toFuture();
			settle();
			many.tryEmitNext("first");
			assertThat(received).as("elements do not wait for the end").containsExactly("first");
			this.cluster.time().advance(TTL.multipliedBy(3));
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			many.tryEmitNext("second");
			many.tryEmitComplete();
			settle();
			assertThat(result).isCompletedWithValue(List.of("first", "second"));
			assertReleasedOnce();
		});
	}

	@Test
	void emptyMonoReleases() {
		run((bean) -> {
			CompletableFuture<Void> result = bean.empty().toFuture();
			settle();
			settle();
			assertThat(result).isCompleted();
			assertReleasedOnce();
		});
	}

	@Test
	void errorComesOutUnchanged() {
		run((bean) -> {
			CompletableFuture<String> result = bean.mono().toFuture();
			settle();
			IllegalStateException mine = new IllegalStateException("mine");
			one.tryEmitError(mine);
			settle();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get).havingCause().isSameAs(mine);
			assertReleasedOnce();
			result = bean.throwing().toFuture();
			settle();
			settle();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.havingCause()
				.withMessage("mine");
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	@Test
	void cancelledSubscriptionReleases() {
		run((bean) -> {
			Disposable subscription = bean.flux().subscribe();
			settle();
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			subscription.dispose();
			assertThat(many.currentSubscriberCount()).isZero();
			assertReleasedOnce();
		});
	}

	@Test
	void subscriptionThatIsCancelledWhileItWaitsLeavesNothing() {
		holdElsewhere();
		run((bean) -> {
			Disposable subscription = bean.mono().subscribe();
			settle();
			subscription.dispose();
			this.cluster.nodes().forEach((node) -> node.delete("a"));
			this.cluster.time().advance(Duration.ofMinutes(1));
			assertThat(calls).hasValue(0);
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	/** At every moment between the request and the work. */
	@Test
	void subscriptionThatIsCancelledWhileTheLockComesLeavesNothing() {
		for (int micros = 0; micros < 400; micros += 20) {
			reset();
			int after = micros;
			this.cluster.nodes().forEach((node) -> node.latency(Duration.ofNanos(100_000), Duration.ofNanos(100_000)));
			run((bean) -> {
				Disposable subscription = bean.mono().subscribe();
				this.cluster.time().advance(Duration.ofNanos(after * 1000L));
				subscription.dispose();
				this.cluster.time().advance(Duration.ofSeconds(1));
				assertThat(this.cluster.holding("a")).as("cancelled after %d us", after).isZero();
			});
		}
	}

	@Test
	void unusableKeyFailsTheSubscription() {
		run((bean) -> {
			CompletableFuture<String> result = bean.keyed(" ").next().toFuture();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.havingCause()
				.withMessageContaining("blank key");
		});
	}

	@Test
	void heldLockIsAnErrorNothingOrTheFallback() {
		holdElsewhere();
		run((bean) -> {
			CompletableFuture<String> failed = bean.mono().toFuture();
			CompletableFuture<List<String>> skipped = bean.skipped().collectList().toFuture();
			CompletableFuture<String> fallback = bean.withFallback().toFuture();
			this.cluster.time().advance(Duration.ofSeconds(5));
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(failed::get)
				.withCauseInstanceOf(LockNotAcquiredException.class);
			assertThat(skipped).isCompletedWithValue(List.of());
			assertThat(fallback).isCompletedWithValue("busy HELD");
			assertThat(calls).hasValue(0);
		});
	}

	private void lose() {
		settle();
		this.cluster.nodes().forEach(FakeLockNode::wipe);
		this.cluster.time().advance(TTL);
	}

	@Test
	void lossFailsTheSubscriptionWhenItsWorkEnds() {
		run((bean) -> {
			CompletableFuture<String> result = bean.mono().toFuture();
			lose();
			assertThat(result).isNotDone();
			one.tryEmitValue("done");
			settle();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.withCauseInstanceOf(LockLostException.class);
		});
	}

	@Test
	void lossIsAttachedToAnErrorOfTheWork() {
		run((bean) -> {
			CompletableFuture<String> result = bean.mono().toFuture();
			lose();
			one.tryEmitError(new IllegalStateException("mine"));
			settle();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.havingCause()
				.withMessage("mine")
				.satisfies((ex) -> assertThat(ex.getSuppressed()).hasAtLeastOneElementOfType(LockLostException.class));
		});
	}

	@Test
	void lossCancelsTheWorkWhereThatIsWanted() {
		run((bean) -> {
			CompletableFuture<List<String>> result = bean.cancelledOnLoss().collectList().toFuture();
			lose();
			settle();
			assertThat(many.currentSubscriberCount()).isZero();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.withCauseInstanceOf(LockLostException.class);
		});
	}

	@Test
	void lossThatIsOnlyLoggedLetsTheResultOut() {
		run((bean) -> {
			CompletableFuture<String> result = bean.loggedOnLoss().toFuture();
			lose();
			one.tryEmitValue("done");
			settle();
			assertThat(result).isCompletedWithValue("done");
		});
	}

	@Test
	void releaseWithoutQuorumDoesNotHideTheResult() {
		run((bean) -> {
			CompletableFuture<String> result = bean.mono().toFuture();
			settle();
			this.cluster.node(0).refuse(true);
			this.cluster.node(1).refuse(true);
			one.tryEmitValue("done");
			this.cluster.time().advance(Duration.ofSeconds(1));
			assertThat(result).isCompletedWithValue("done");
		});
	}

	@Test
	void otherReactiveTypesHoldTheirLockToo() {
		run((bean) -> {
			assertHeldUntil(bean.single().toCompletionStage().toCompletableFuture());
			assertHeldUntil(bean.completable().toCompletionStage("nothing").toCompletableFuture());
			assertHeldUntil(bean.flowable().toList().toCompletionStage().toCompletableFuture());
			assertHeldUntil(JdkFlowAdapter.flowPublisherToFlux(bean.flowPublisher()).collectList().toFuture());
		});
	}

	private void assertHeldUntil(CompletableFuture<?> result) {
		settle();
		assertThat(this.cluster.holding("a")).isEqualTo(3);
		one.tryEmitValue("done");
		many.tryEmitComplete();
		settle();
		assertThat(result).isCompleted();
		assertThat(this.cluster.holding("a")).isZero();
		reset();
	}

	record Left(CompletableFuture<String> future) {
	}

	static class Outer {

		private final Service inner;

		Outer(Service inner) {
			this.inner = inner;
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public Mono<String> nested() {
			return this.inner.mono();
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public Left leaving() {
			return new Left(this.inner.mono().toFuture());
		}

	}

	@Test
	void nestedMethodJoinsTheLockOfItsChain() {
		this.runner.withBean(Outer.class).run((context) -> {
			CompletableFuture<String> result = context.getBean(Outer.class).nested().toFuture();
			settle();
			one.tryEmitValue("done");
			settle();
			assertThat(result).isCompletedWithValue("done");
			assertThat(this.recorder.events("acquired")).hasSize(1);
			assertReleasedOnce();
		});
	}

	/**
	 * Work that goes on after the lock it joined is not protected any more, and says so.
	 */
	@Test
	void nestedWorkThatOutlivesTheLockOfItsCallerFails() {
		this.runner.withBean(Outer.class).run((context) -> {
			CompletableFuture<String> result = context.getBean(Outer.class).leaving().future();
			one.tryEmitValue("done");
			settle();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.withCauseInstanceOf(LockLostException.class);
		});
	}

	@Test
	void chainWithoutALockSaysSo() {
		CompletableFuture<LockHandle> result = ReactiveCurrentLock.get().toFuture();
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
			.havingCause()
			.withMessageContaining("past the proxy");
	}

	static class RxOuter {

		private final Service inner;

		RxOuter(Service inner) {
			this.inner = inner;
		}

		@DistributedLock(key = "a")
		public Single<String> nested() {
			return this.inner.single();
		}

	}

	/** The Reactor context does not reach through RxJava. */
	@Test
	void nestedMethodOfAnotherLibraryJoinsTheLockOfItsCaller() {
		this.runner.withBean(RxOuter.class).run((context) -> {
			CompletableFuture<String> result = context.getBean(RxOuter.class)
				.nested()
				.toCompletionStage()
				.toCompletableFuture();
			settle();
			one.tryEmitValue("done");
			settle();
			assertThat(result).isCompletedWithValue("done");
			assertThat(this.recorder.events("acquired")).hasSize(1);
		});
	}

}
