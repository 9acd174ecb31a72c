package io.github.redlock.aop;

import java.time.Duration;

import jakarta.validation.ConstraintViolationException;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.validation.autoconfigure.ValidationAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.validation.annotation.Validated;
import org.springframework.validation.beanvalidation.MethodValidationPostProcessor;

import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Where the lock lies beside {@code @Validated}; the table is in docs/annotation.md.
 */
class ValidatedMethodTests {

	private final FakeCluster cluster = new FakeCluster(3);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, this.cluster::client)
		.withBean(Service.class);

	@Validated
	static class Service {

		@DistributedLock(key = "#id", waitTime = 0)
		public void run(@NotNull @Size(min = 2) String id) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ValidationFirst {

		@Bean
		static MethodValidationPostProcessor methodValidationPostProcessor() {
			MethodValidationPostProcessor processor = new MethodValidationPostProcessor();
			processor.setBeforeExistingAdvisors(true);
			return processor;
		}

	}

	private void hold(String resource) {
		this.cluster.nodes().forEach((node) -> node.hold(resource, "stranger", Duration.ofHours(1)));
	}

	@Test
	void validationLiesInside() {
		this.runner.withConfiguration(AutoConfigurations.of(ValidationAutoConfiguration.class)).run((context) -> {
			Service service = context.getBean(Service.class);
			service.run("valid");
			assertThatIllegalArgumentException().isThrownBy(() -> service.run(null));
			assertThatExceptionOfType(ConstraintViolationException.class).isThrownBy(() -> service.run("x"));
			hold("x");
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> service.run("x"));
		});
	}

	@Test
	void validationCanBePutOutside() {
		this.runner.withUserConfiguration(ValidationFirst.class).run((context) -> {
			Service service = context.getBean(Service.class);
			service.run("valid");
			hold("x");
			assertThatExceptionOfType(ConstraintViolationException.class).isThrownBy(() -> service.run("x"));
			assertThatExceptionOfType(ConstraintViolationException.class).isThrownBy(() -> service.run(null));
		});
	}

}
