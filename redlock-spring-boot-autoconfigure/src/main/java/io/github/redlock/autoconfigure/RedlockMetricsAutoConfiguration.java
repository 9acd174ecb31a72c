package io.github.redlock.autoconfigure;

import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.redlock.actuate.RedlockMetrics;

/**
 * Auto-configuration of meters, where the application has a {@link MeterRegistry}.
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

}
