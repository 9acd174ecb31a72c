package io.github.redlock.autoconfigure;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.redlock.actuate.RedlockEndpoint;

/**
 * Auto-configuration of the endpoint {@code redlock}, where the application has Spring
 * Boot's actuator and exposes it.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RedlockAutoConfiguration.class)
@ConditionalOnClass(
		name = "org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint")
@ConditionalOnBean(RedlockFactory.class)
public final class RedlockEndpointAutoConfiguration {

	/**
	 * Made by Spring Boot.
	 */
	public RedlockEndpointAutoConfiguration() {
	}

	/**
	 * Apart, so that the class around it can be looked at where the library is missing.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnAvailableEndpoint(RedlockEndpoint.class)
	static final class Endpoints {

		@Bean
		@ConditionalOnMissingBean
		RedlockEndpoint redlockEndpoint(RedlockFactory redlockFactory) {
			return new RedlockEndpoint(redlockFactory::sets);
		}

	}

}
