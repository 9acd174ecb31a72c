package io.github.redlock.autoconfigure;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

import io.github.redlock.actuate.RedlockEndpoint;

/**
 * Auto-configuration of the endpoint {@code redlock}, where the application has Spring
 * Boot's actuator and exposes it.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RedlockAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(RedlockEndpoint.class)
@ConditionalOnBean(RedlockFactory.class)
public final class RedlockEndpointAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	RedlockEndpoint redlockEndpoint(RedlockFactory redlockFactory) {
		return new RedlockEndpoint(redlockFactory::sets);
	}

}
