package io.github.redlock.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.ErrorResponse;

import io.github.redlock.Redlock;

/**
 * Auto-configuration of what a web client gets to see where a request found no lock.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RedlockAutoConfiguration.class)
@ConditionalOnClass(ErrorResponse.class)
@ConditionalOnWebApplication
@ConditionalOnBean(Redlock.class)
@ConditionalOnBooleanProperty(name = "redlock.web.error-responses", matchIfMissing = true)
public final class RedlockWebAutoConfiguration {

	/**
	 * Made by Spring Boot.
	 */
	public RedlockWebAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean
	LockErrorResponses lockErrorResponses() {
		return new LockErrorResponses();
	}

}
