package io.github.redlock.autoconfigure;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.TracingAwareMeterObservationHandler;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.Redlock;
import io.github.redlock.actuate.RedlockEndpoint;
import io.github.redlock.actuate.RedlockHealthIndicator;
import io.github.redlock.actuate.RedlockMetrics;
import io.github.redlock.aop.SectionTimer;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What operators see is there where its library is, and can be switched off.
 */
class OptionalLibrariesTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(RedlockAutoConfiguration.class,
			DistributedLockAutoConfiguration.class, RedlockHealthAutoConfiguration.class,
			RedlockEndpointAutoConfiguration.class, RedlockMetricsAutoConfiguration.class);

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
		.withConfiguration(AutoConfigurations.of(EndpointAutoConfiguration.class))
		.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
		.withPropertyValues("redlock.mode=in-memory", "management.endpoints.web.exposure.include=*");

	@Test
	void isThereWhereItsLibraryIs() {
		this.runner.run((context) -> {
			assertThat(context).hasSingleBean(RedlockMetrics.class).hasSingleBean(RedlockEndpoint.class);
			assertThat(context.getBean("redlockHealthContributor")).isInstanceOf(RedlockHealthIndicator.class);
			assertThat(context.getBean(RedlockHealthIndicator.class).health().getStatus()).isEqualTo(Status.UP);
			assertThat(context.getBean(RedlockEndpoint.class).sets()).containsOnlyKeys("redlock");
			assertThat(context.getBean(RedlockEndpoint.class).resource("redlock", "a"))
				.as("nodes in memory cannot be asked")
				.isNull();
		});
	}

	@Test
	void everySetHasAHealthOfItsOwn() {
		this.runner.withPropertyValues("redlock.sets.other.key-prefix=x").run((context) -> {
			CompositeHealthContributor composite = context.getBean("redlockHealthContributor",
					CompositeHealthContributor.class);
			assertThat(composite.stream().map(CompositeHealthContributor.Entry::name))
				.containsExactlyInAnyOrder("redlock", "other");
			assertThat(context.getBean(RedlockEndpoint.class).sets()).containsOnlyKeys("redlock", "other");
			assertThat(context.getBean(MeterRegistry.class).get(RedlockMetrics.NODES_VOTING).gauges()).hasSize(2);
		});
	}

	@Test
	void isNotThereWhereItsLibraryIsNot() {
		new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.withPropertyValues("redlock.mode=in-memory")
			.withClassLoader(new FilteredClassLoader(HealthIndicator.class, MeterRegistry.class,
					ConditionalOnAvailableEndpoint.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(Redlock.class)
				.doesNotHaveBean("redlockHealthContributor")
				.doesNotHaveBean("redlockMetrics")
				.doesNotHaveBean("redlockSectionTimer")
				.doesNotHaveBean("redlockEndpoint"));
	}

	@Test
	void sectionsAreTimedWithTracingAndWithout() {
		this.runner
			.run((context) -> assertThat(context.getBean("redlockSectionTimer")).isInstanceOf(SectionTimer.class));
		this.runner.withClassLoader(new FilteredClassLoader(Tracer.class))
			.run((context) -> assertThat(context.getBean("redlockSectionTimer")).isInstanceOf(SectionTimer.class));
		this.runner.withBean(Tracer.class, () -> Tracer.NOOP)
			.run((context) -> assertThat(context.getBean("redlockSectionTimer"))
				.isInstanceOf(TracingAwareMeterObservationHandler.class));
	}

	@Test
	void canBeSwitchedOff() {
		this.runner
			.withPropertyValues("management.health.redlock.enabled=false", "redlock.metrics.enabled=false",
					"management.endpoint.redlock.access=NONE")
			.run((context) -> assertThat(context).doesNotHaveBean(HealthContributor.class)
				.doesNotHaveBean(RedlockMetrics.class)
				.doesNotHaveBean(SectionTimer.class)
				.doesNotHaveBean(RedlockEndpoint.class));
		this.runner.withPropertyValues("redlock.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(HealthContributor.class)
				.doesNotHaveBean(RedlockMetrics.class)
				.doesNotHaveBean(RedlockEndpoint.class));
	}

	@Test
	void lockOfTheApplicationIsUnknown() {
		this.runner
			.withBean(Redlock.class,
					() -> new FakeCluster(3).client((builder) -> builder.callbackExecutor(Runnable::run)))
			.run((context) -> assertThat(
					context.getBean("redlockHealthContributor", HealthIndicator.class).health().getStatus())
				.isEqualTo(Status.UNKNOWN));
	}

}
