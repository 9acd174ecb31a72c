package io.github.redlock.autoconfigure;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.TracingAwareMeterObservationHandler;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

import io.github.redlock.actuate.RedlockMetrics;
import io.github.redlock.aop.SectionTimer;

/**
 * Auto-configuration of meters, where the application has a {@link MeterRegistry}.
 * <p>
 * The handler that times sections comes before the one of Spring Boot, which goes on
 * timing all other observations: the first one that supports an observation handles it.
 * Spring Boot 3.5 makes its own only where no bean is declared as a
 * {@code MeterObservationHandler}, and therefore ours is not declared as one.
 * <p>
 * Switched off by {@code redlock.metrics.enabled=false}.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RedlockAutoConfiguration.class,
		afterName = {
				"org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
				"org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration" })
@ConditionalOnClass(name = "io.micrometer.core.instrument.MeterRegistry")
@ConditionalOnBean(
		type = { "io.github.redlock.autoconfigure.RedlockFactory", "io.micrometer.core.instrument.MeterRegistry" })
@ConditionalOnBooleanProperty(name = "redlock.metrics.enabled", matchIfMissing = true)
public final class RedlockMetricsAutoConfiguration {

	/**
	 * Made by Spring Boot.
	 */
	public RedlockMetricsAutoConfiguration() {
	}

	/**
	 * Apart, so that the class around it can be looked at where the library is missing.
	 */
	@Configuration(proxyBeanMethods = false)
	static final class Meters {

		@Bean
		@ConditionalOnMissingBean
		RedlockMetrics redlockMetrics(MeterRegistry meterRegistry) {
			return new RedlockMetrics(meterRegistry);
		}

		/**
		 * When all clients are there.
		 */
		@Bean
		SmartInitializingSingleton redlockGauges(RedlockMetrics redlockMetrics, RedlockFactory redlockFactory) {
			return () -> redlockFactory.sets().forEach(redlockMetrics::bind);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnMissingClass("io.micrometer.tracing.Tracer")
	static final class Sections {

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		ObservationHandler<Observation.Context> redlockSectionTimer(MeterRegistry meterRegistry) {
			return new SectionTimer(meterRegistry);
		}

	}

	/**
	 * Samples name the trace that they come from.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(name = "io.micrometer.tracing.Tracer")
	static final class TracedSections {

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		ObservationHandler<Observation.Context> redlockSectionTimer(MeterRegistry meterRegistry,
				ObjectProvider<Tracer> tracer) {
			SectionTimer timer = new SectionTimer(meterRegistry);
			Tracer available = tracer.getIfAvailable();
			return (available != null) ? new TracingAwareMeterObservationHandler<>(timer, available) : timer;
		}

	}

}
