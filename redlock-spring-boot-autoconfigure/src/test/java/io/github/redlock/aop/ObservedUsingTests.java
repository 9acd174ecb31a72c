package io.github.redlock.aop;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.test.simple.SimpleSpan;
import io.micrometer.tracing.test.simple.SimpleTracer;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockCallback;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.memory.InMemoryLocks;

import static io.micrometer.observation.tck.TestObservationRegistryAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * What is observed of blocks that run under a lock without an annotation.
 */
class ObservedUsingTests {

	private static final Duration TTL = Duration.ofSeconds(20);

	private static final LockOptions PAY = LockOptions.builder().name("pay").waitTime(Duration.ZERO).build();

	private final TestObservationRegistry registry = TestObservationRegistry.create();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
		.withPropertyValues("redlock.mode=in-memory");

	private void run(BlockTest test) {
		this.runner.withBean(ObservationRegistry.class, () -> this.registry).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(Redlock.class), context.getBean(InMemoryLocks.class));
		});
	}

	private String current() {
		Observation current = this.registry.getCurrentObservation();
		return (current != null) ? current.getContext().getName() : "none";
	}

	private <T, X extends Throwable> T pay(Redlock redlock, LockCallback<T, X> routine) throws X {
		return redlock.using(List.of("a"), TTL, PAY, routine);
	}

	private void assertOne(String section, String outcome) {
		SectionObservationTests.assertOne(this.registry, section, outcome);
		assertThat(this.registry.getCurrentObservation()).isNull();
	}

	private void assertError() {
		assertThat(this.registry).hasObservationWithNameEqualTo(SectionObservation.NAME).that().hasError();
	}

	@Test
	void routineSeesItsSection() {
		run((redlock, locks) -> {
			String seen = pay(redlock, (lock, signal) -> current());
			assertThat(seen).isEqualTo(SectionObservation.NAME);
			assertOne("pay", "acquired");
		});
	}

	@Test
	void blockWithoutANameIsOneOfNone() {
		run((redlock, locks) -> {
			redlock.using("a", TTL, (lock, signal) -> 1);
			assertOne("none", "acquired");
		});
	}

	@Test
	void errorOfTheRoutineIsOneOfTheSection() {
		run((redlock, locks) -> {
			assertThatIllegalStateException().isThrownBy(() -> pay(redlock, (lock, signal) -> {
				throw new IllegalStateException("as the work may");
			})).withMessage("as the work may");
			assertOne("pay", "acquired");
			assertError();
		});
	}

	@Test
	void sectionWithoutALockSaysWhy() {
		run((redlock, locks) -> {
			locks.hold("a", Duration.ofHours(1));
			assertThatExceptionOfType(LockNotAcquiredException.class)
				.isThrownBy(() -> pay(redlock, (lock, signal) -> 1));
			assertOne("pay", "held");
			assertError();
		});
	}

	@Test
	void lockThatTheRoutineDoesNotGetIsAnErrorOfItsOwn() {
		run((redlock, locks) -> {
			locks.hold("b", Duration.ofHours(1));
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(
					() -> pay(redlock, (lock, signal) -> redlock.acquire("b", TTL, PAY.toBuilder().name("b").build())));
			assertOne("pay", "acquired");
		});
	}

	@Test
	void asynchronousRoutineSeesItsSectionUntilItEnds() {
		run((redlock, locks) -> {
			CompletableFuture<String> work = new CompletableFuture<>();
			CompletableFuture<String> seen = new CompletableFuture<>();
			CompletableFuture<String> result = redlock.usingAsync(List.of("a"), TTL, PAY, (lock, signal) -> {
				seen.complete(current());
				return work;
			});
			assertThat(seen.get(20, TimeUnit.SECONDS)).isEqualTo(SectionObservation.NAME);
			assertThat(this.registry).hasObservationWithNameEqualTo(SectionObservation.NAME)
				.that()
				.hasBeenStarted()
				.isNotStopped();
			work.complete("done");
			assertThat(result.get(20, TimeUnit.SECONDS)).isEqualTo("done");
			await().untilAsserted(() -> assertOne("pay", "acquired"));
		});
	}

	@Test
	void asynchronousSectionWithoutALockSaysWhy() {
		run((redlock, locks) -> {
			locks.hold("a", Duration.ofHours(1));
			CompletableFuture<String> result = redlock.usingAsync(List.of("a"), TTL, PAY,
					(lock, signal) -> CompletableFuture.completedFuture("not this"));
			assertThat(result).failsWithin(Duration.ofSeconds(20))
				.withThrowableThat()
				.withCauseInstanceOf(LockNotAcquiredException.class);
			await().untilAsserted(() -> assertOne("pay", "held"));
			assertError();
		});
	}

	@Test
	void callerThatCancelsEndsTheWorkAndTheSection() {
		run((redlock, locks) -> {
			CompletableFuture<String> work = new CompletableFuture<>();
			CompletableFuture<String> begun = new CompletableFuture<>();
			CompletableFuture<String> result = redlock.usingAsync(List.of("a"), TTL, PAY, (lock, signal) -> {
				begun.complete("yes");
				return work;
			});
			begun.get(20, TimeUnit.SECONDS);
			await().until(() -> result.cancel(true));
			await().until(work::isCancelled);
			assertOne("pay", "acquired");
			assertThat(this.registry).hasObservationWithNameEqualTo(SectionObservation.NAME)
				.that()
				.hasError()
				.thenError()
				.isInstanceOf(CancellationException.class);
		});
	}

	@Test
	void callThatIsRefusedIsASectionThatFailed() {
		run((redlock, locks) -> {
			assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> redlock.usingAsync(List.of(" "), TTL, PAY,
					(lock, signal) -> CompletableFuture.completedFuture(1))))
				.isInstanceOf(IllegalArgumentException.class);
			assertOne("pay", "unknown");
			assertError();
		});
	}

	@Test
	void sectionIsASpanOfTheCallerWithItsAcquisitionAsAnEvent() {
		SimpleTracer tracer = new SimpleTracer();
		this.registry.observationConfig().observationHandler(new DefaultTracingObservationHandler(tracer));
		run((redlock, locks) -> {
			Observation.createNotStarted("request", this.registry)
				.observe(() -> pay(redlock, (lock, signal) -> current()));
			List<SimpleSpan> spans = List.copyOf(tracer.getSpans());
			assertThat(spans).extracting(SimpleSpan::getName).containsExactly("request", "lock pay");
			SimpleSpan section = spans.get(1);
			assertThat(section.getParentId()).isEqualTo(spans.get(0).getSpanId());
			assertThat(section.getEvents()).extracting(java.util.Map.Entry::getValue).containsExactly("lock acquired");
			assertThat(section.getTags()).containsEntry("name", "pay").containsEntry("outcome", "acquired");
		});
	}

	@Test
	void nothingIsObservedWithoutARegistry() {
		this.runner.run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			assertThat(redlock.<Boolean, RuntimeException>using("a", TTL, (lock, signal) -> lock.isValid())).isTrue();
			assertThat(redlock.usingAsync("a", TTL, (lock, signal) -> CompletableFuture.completedFuture(1))
				.get(20, TimeUnit.SECONDS)).isEqualTo(1);
			assertThat(this.registry).doesNotHaveAnyObservation();
		});
	}

	private interface BlockTest {

		void accept(Redlock redlock, InMemoryLocks locks) throws Exception;

	}

}
