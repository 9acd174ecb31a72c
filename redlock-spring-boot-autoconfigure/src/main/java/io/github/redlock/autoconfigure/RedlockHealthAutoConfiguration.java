package io.github.redlock.autoconfigure;

import java.util.List;
import java.util.stream.Collectors;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.redlock.Redlock;
import io.github.redlock.actuate.RedlockHealthIndicator;
import io.github.redlock.actuate.RedlockSet;

/**
 * Auto-configuration of the health indicator {@code redlock}, where the application has
 * Spring Boot's health module: one for the only set of nodes, or one for each. Switched
 * off by {@code management.health.redlock.enabled=false}.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RedlockAutoConfiguration.class,
		beforeName = "org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration")
@ConditionalOnClass(name = { "org.springframework.boot.health.contributor.HealthIndicator",
		"org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator" })
@ConditionalOnBean(RedlockFactory.class)
public final class RedlockHealthAutoConfiguration {

	/**
	 * Made by Spring Boot.
	 */
	public RedlockHealthAutoConfiguration() {
	}

	/**
	 * Apart, so that the class around it can be looked at where the library is missing.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnEnabledHealthIndicator("redlock")
	static final class Indicator {

		@Bean
		@ConditionalOnMissingBean(name = { "redlockHealthIndicator", "redlockHealthContributor" })
		HealthContributor redlockHealthContributor(RedlockFactory redlockFactory, ListableBeanFactory beanFactory) {
			// All of them are to be there, also where beans are made when they are
			// needed.
			beanFactory.getBeansOfType(Redlock.class);
			List<RedlockSet> sets = redlockFactory.sets();
			if (sets.isEmpty()) {
				HealthIndicator unknown = () -> Health.unknown()
					.withDetail("nodes", "those of a bean of your own")
					.build();
				return unknown;
			}
			return (sets.size() == 1) ? new RedlockHealthIndicator(sets.get(0))
					: CompositeHealthContributor.fromMap(
							sets.stream().collect(Collectors.toMap(RedlockSet::name, (set) -> set)),
							RedlockHealthIndicator::new);
		}

	}

}
