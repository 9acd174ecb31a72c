package io.github.redlock.aop;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.test.simple.SimpleTracer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.tracer.common.SpanContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockMetricsAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Samples in Prometheus lead to the trace of the section that they come from, wired as
 * Spring Boot does it.
 */
class ExemplarTests {

	private final SimpleTracer tracer = new SimpleTracer();

	private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT,
			new PrometheusRegistry(), Clock.SYSTEM, new CurrentSpan());

	private final ObservationRegistry observations = ObservationRegistry.create();

	static class Service {

		@DistributedLock(name = "pay", key = "#key")
		public void pay(String key) {
		}

	}

	@Test
	void samplesOfASectionNameItsTrace() {
		this.observations.observationConfig().observationHandler(new DefaultTracingObservationHandler(this.tracer));
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class,
					DistributedLockAutoConfiguration.class, RedlockMetricsAutoConfiguration.class))
			.withPropertyValues("redlock.mode=in-memory")
			.withBean(ObservationRegistry.class, () -> this.observations)
			.withBean(MeterRegistry.class, () -> this.meters)
			.withBean(Tracer.class, () -> this.tracer)
			.withBean(Service.class)
			.run((context) -> {
				context.getBeanProvider(ObservationHandler.class)
					.forEach(this.observations.observationConfig()::observationHandler);
				context.getBean(Service.class).pay("a");
				String trace = this.tracer.onlySpan().context().traceId();
				assertThat(this.meters.scrape("application/openmetrics-text").lines())
					.anySatisfy((line) -> assertThat(line).startsWith("redlock_section_seconds_count")
						.contains("name=\"pay\"", "trace_id=\"" + trace + "\""))
					.anySatisfy((line) -> assertThat(line).startsWith("redlock_acquire_seconds_count")
						.contains("name=\"pay\"", "trace_id=\"" + trace + "\""));
			});
	}

	/** What Spring Boot's bean of this type does. */
	private final class CurrentSpan implements SpanContext {

		private @Nullable Span span() {
			return ExemplarTests.this.tracer.currentSpan();
		}

		@Override
		public @Nullable String getCurrentTraceId() {
			Span span = span();
			return (span != null) ? span.context().traceId() : null;
		}

		@Override
		public @Nullable String getCurrentSpanId() {
			Span span = span();
			return (span != null) ? span.context().spanId() : null;
		}

		@Override
		public boolean isCurrentSpanSampled() {
			return span() != null;
		}

		@Override
		public void markCurrentSpanAsExemplar() {
		}

	}

}
