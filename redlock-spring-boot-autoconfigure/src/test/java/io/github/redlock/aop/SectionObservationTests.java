package io.github.redlock.aop;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.test.simple.SimpleSpan;
import io.micrometer.tracing.test.simple.SimpleTracer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.memory.InMemoryLocks;

import static io.micrometer.observation.tck.TestObservationRegistryAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * What is observed of a locked section, for traces and metrics.
 */
class SectionObservationTests {

	private final TestObservationRegistry registry = TestObservationRegistry.create();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class))
		.withPropertyValues("redlock.mode=in-memory")
		.withBean(ObservationRegistry.class, () -> this.registry)
		.withBean(Service.class, () -> new Service(this.registry));

	static class Service {

		private final ObservationRegistry registry;

		Service(ObservationRegistry registry) {
			this.registry = registry;
		}

		private String current() {
			Observation current = this.registry.getCurrentObservation();
			return (current != null) ? current.getContext().getName() : "none";
		}

		@DistributedLock(key = "#key", waitTime = 0)
		public String plain(String key) {
			return current();
		}

		@DistributedLock(key = "#key", waitTime = 20_000)
		public void patient(String key) {
		}

		@DistributedLock(name = "failing", key = "#key")
		public void failing(String key) {
			throw new IllegalStateException("as the work may");
		}

		@DistributedLock(name = "skipped", key = "#key", waitTime = 0, onUnavailable = LockFailurePolicy.SKIP)
		public void skipped(String key) {
		}

		@DistributedLock(key = "#key", waitTime = 0)
		public CompletableFuture<String> future(String key) {
			return CompletableFuture.completedFuture(current());
		}

		@DistributedLock(key = "#key", waitTime = 0)
		public Mono<String> mono(String key) {
			return Mono.deferContextual((context) -> Mono
				.just(context.<Observation>get(SectionObservation.REACTOR_KEY).getContext().getName()));
		}

		@DistributedLock(key = "#key", waitTime = 0)
		public Flux<String> flux(String key) {
			return Flux.error(new IllegalStateException("as the work may"));
		}

	}

	private void run(SectionTest test) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(Service.class), context.getBean(InMemoryLocks.class));
		});
	}

	private void assertOne(String section, String outcome) {
		assertOne(this.registry, section, outcome);
	}

	/** A section ends just after its future, or its publisher. */
	private void awaitOne(String section, String outcome) {
		Awaitility.await().untilAsserted(() -> assertOne(section, outcome));
	}

	static void assertOne(TestObservationRegistry registry, String section, String outcome) {
		assertThat(registry).hasNumberOfObservationsWithNameEqualTo(SectionObservation.NAME, 1)
			.hasObservationWithNameEqualTo(SectionObservation.NAME)
			.that()
			.hasBeenStarted()
			.hasBeenStopped()
			.hasLowCardinalityKeyValue("name", section)
			.hasLowCardinalityKeyValue("outcome", outcome)
			.doesNotHaveHighCardinalityKeyValueWithKey("resource");
	}

	@Test
	void workOfAPlainMethodSeesItsSection() {
		run((service, locks) -> {
			assertThat(service.plain("a")).isEqualTo(SectionObservation.NAME);
			assertThat(this.registry.getCurrentObservation()).isNull();
			assertOne("Service.plain", "acquired");
		});
	}

	@Test
	void workOfAFutureSeesItsSection() {
		run((service, locks) -> {
			assertThat(service.future("a").get(20, TimeUnit.SECONDS)).isEqualTo(SectionObservation.NAME);
			awaitOne("Service.future", "acquired");
		});
	}

	@Test
	void workOfAPublisherSeesItsSection() {
		run((service, locks) -> {
			Mono<String> mono = service.mono("a");
			assertThat(this.registry).doesNotHaveAnyObservation();
			assertThat(mono.block(Duration.ofSeconds(20))).isEqualTo(SectionObservation.NAME);
			awaitOne("Service.mono", "acquired");
		});
	}

	@Test
	void errorOfTheWorkIsOneOfTheSection() {
		run((service, locks) -> {
			assertThatIllegalStateException().isThrownBy(() -> service.failing("a"));
			assertOne("failing", "acquired");
			assertThat(this.registry).hasObservationWithNameEqualTo(SectionObservation.NAME).that().hasError();
		});
	}

	@Test
	void errorOfAPublisherIsOneOfTheSection() {
		run((service, locks) -> {
			assertThatIllegalStateException().isThrownBy(() -> service.flux("a").blockLast(Duration.ofSeconds(20)));
			awaitOne("Service.flux", "acquired");
			assertThat(this.registry).hasObservationWithNameEqualTo(SectionObservation.NAME).that().hasError();
		});
	}

	@Test
	void sectionWithoutALockSaysWhy() {
		run((service, locks) -> {
			locks.hold("a", Duration.ofHours(1));
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> service.plain("a"));
			assertOne("Service.plain", "held");
		});
	}

	/** A linkage error is fatal to Reactor: its chain would never end. */
	@ParameterizedTest
	@ValueSource(strings = { "start", "event", "error", "close", "stop" })
	void handlerThatFailsHarmsNoSection(String when) {
		run((service, locks) -> {
			this.registry.observationConfig().observationHandler(new BrokenHandler(when));
			assertThat(service.plain("a")).isEqualTo(SectionObservation.NAME);
			assertThat(service.future("a").get(20, TimeUnit.SECONDS)).isEqualTo(SectionObservation.NAME);
			assertThat(service.mono("a").block(Duration.ofSeconds(20))).isEqualTo(SectionObservation.NAME);
			assertThatIllegalStateException().isThrownBy(() -> service.failing("a"));
			assertThatIllegalStateException().isThrownBy(() -> service.flux("a").blockLast(Duration.ofSeconds(20)));
			Awaitility.await().untilAsserted(() -> assertThat(locks.isHeld("a")).isFalse());
			assertThat(this.registry.getCurrentObservation()).isNull();
		});
	}

	@Test
	void sectionWhoseScopeCannotBeOpenedIsNotTheCurrentOne() {
		run((service, locks) -> {
			this.registry.observationConfig().observationHandler(new BrokenHandler("open"));
			assertThat(service.plain("a")).isEqualTo("none");
			assertThat(locks.isHeld("a")).isFalse();
			assertThat(this.registry.getCurrentObservation()).isNull();
		});
	}

	@Test
	void skippedSectionIsNoError() {
		run((service, locks) -> {
			locks.hold("skipped:a", Duration.ofHours(1));
			service.skipped("a");
			assertOne("skipped", "held");
			assertThat(this.registry).hasObservationWithNameEqualTo(SectionObservation.NAME).that().doesNotHaveError();
		});
	}

	@Test
	void sectionIsASpanWithItsAcquisitionAsAnEvent() {
		SimpleTracer tracer = new SimpleTracer();
		this.registry.observationConfig().observationHandler(new DefaultTracingObservationHandler(tracer));
		run((service, locks) -> {
			Observation.createNotStarted("request", this.registry).observe(() -> service.plain("a"));
			List<SimpleSpan> spans = List.copyOf(tracer.getSpans());
			assertThat(spans).extracting(SimpleSpan::getName).containsExactly("request", "lock Service.plain");
			SimpleSpan section = spans.get(1);
			assertThat(section.getParentId()).isEqualTo(spans.get(0).getSpanId());
			assertThat(section.getEvents()).extracting(java.util.Map.Entry::getValue).containsExactly("lock acquired");
			assertThat(section.getTags()).containsEntry("name", "Service.plain").containsEntry("outcome", "acquired");
		});
	}

	@Test
	void eachAttemptThatWinsNoLockIsAnEvent() {
		SimpleTracer tracer = new SimpleTracer();
		this.registry.observationConfig().observationHandler(new DefaultTracingObservationHandler(tracer));
		run((service, locks) -> {
			locks.hold("a", Duration.ofMillis(200));
			service.patient("a");
			assertThat(tracer.onlySpan().getEvents()).extracting(java.util.Map.Entry::getValue)
				.hasSizeGreaterThan(1)
				.startsWith("asked the nodes")
				.endsWith("lock acquired")
				.containsOnlyOnce("lock acquired");
		});
	}

	@Test
	void attemptsOfASectionWithoutALockAreEvents() {
		SimpleTracer tracer = new SimpleTracer();
		this.registry.observationConfig().observationHandler(new DefaultTracingObservationHandler(tracer));
		run((service, locks) -> {
			locks.hold("skipped:a", Duration.ofHours(1));
			service.skipped("a");
			assertThat(tracer.onlySpan().getEvents()).extracting(java.util.Map.Entry::getValue)
				.containsExactly("asked the nodes", "lock held");
		});
	}

	@Test
	void sectionOnOneThreadBecomesTheCurrentOneOnce() {
		AtomicInteger opened = new AtomicInteger();
		this.registry.observationConfig().observationHandler(new ObservationHandler<Observation.Context>() {

			@Override
			public void onScopeOpened(Observation.Context context) {
				opened.incrementAndGet();
			}

			@Override
			public boolean supportsContext(Observation.Context context) {
				return true;
			}

		});
		run((service, locks) -> {
			assertThat(service.plain("a")).isEqualTo(SectionObservation.NAME);
			assertThat(opened).hasValue(1);
		});
	}

	@Test
	void keyValuesOfTheApplicationAreThoseOfTheSectionToo() {
		this.registry.observationConfig()
			.observationFilter((context) -> context.addLowCardinalityKeyValue(KeyValue.of("region", "west")));
		run((service, locks) -> {
			service.plain("a");
			assertOne("Service.plain", "acquired");
			assertThat(this.registry).hasObservationWithNameEqualTo(SectionObservation.NAME)
				.that()
				.hasLowCardinalityKeyValue("region", "west");
		});
	}

	private interface SectionTest {

		void accept(Service service, InMemoryLocks locks) throws Exception;

	}

	/** Throws at one kind of notification. */
	static final class BrokenHandler implements ObservationHandler<Observation.Context> {

		private final String when;

		BrokenHandler(String when) {
			this.when = when;
		}

		private void failIf(String event) {
			if (event.equals(this.when)) {
				throw new NoSuchMethodError("as intended");
			}
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

		@Override
		public void onStart(Observation.Context context) {
			failIf("start");
		}

		@Override
		public void onScopeOpened(Observation.Context context) {
			failIf("open");
		}

		@Override
		public void onScopeClosed(Observation.Context context) {
			failIf("close");
		}

		@Override
		public void onEvent(Observation.Event event, Observation.Context context) {
			failIf("event");
		}

		@Override
		public void onError(Observation.Context context) {
			failIf("error");
		}

		@Override
		public void onStop(Observation.Context context) {
			failIf("stop");
		}

	}

}
