package io.github.redlock.aop;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Methods that the container calls on the object behind the proxy.
 */
class ContainerCallsTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, () -> new FakeCluster(3).client());

	static class AfterConstruction {

		@PostConstruct
		@DistributedLock
		public void run() {
		}

	}

	@DistributedLock
	static class AfterConstructionOfALockedClass {

		@PostConstruct
		public void run() {
		}

	}

	static class BeforeDestruction {

		@PreDestroy
		@DistributedLock
		public void run() {
		}

	}

	static class Setter {

		@Autowired
		@DistributedLock
		public void run(BeanFactory beanFactory) {
		}

	}

	static class Initializing implements InitializingBean {

		@Override
		@DistributedLock
		public void afterPropertiesSet() {
		}

	}

	@DistributedLock
	static class Disposable implements DisposableBean {

		@Override
		public void destroy() {
		}

	}

	static class Closeable implements AutoCloseable {

		@Override
		@DistributedLock
		public void close() {
		}

	}

	static class Lifecycle implements SmartLifecycle {

		@Override
		public void start() {
		}

		@Override
		@DistributedLock
		public void stop() {
		}

		@Override
		public boolean isRunning() {
			return false;
		}

	}

	static class OwnAware implements BeanFactoryAware {

		@Override
		@DistributedLock
		public void setBeanFactory(BeanFactory beanFactory) {
		}

	}

	static class Named {

		@DistributedLock
		public void begin() {
		}

		public void end() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class InitMethod {

		@Bean(initMethod = "begin")
		Named named() {
			return new Named();
		}

	}

	static class Shutdown {

		@DistributedLock
		public void shutdown() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class InferredDestroyMethod {

		@Bean
		Shutdown inferred() {
			return new Shutdown();
		}

	}

	@ParameterizedTest
	@ValueSource(classes = { AfterConstruction.class, AfterConstructionOfALockedClass.class, BeforeDestruction.class,
			Setter.class, Initializing.class, Disposable.class, Closeable.class, Lifecycle.class, OwnAware.class,
			InitMethod.class, InferredDestroyMethod.class })
	void areRefused(Class<?> type) {
		this.runner.withBean(type).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).isInstanceOf(RedlockConfigurationException.class)
				.hasMessageContaining("the container itself calls the method");
		});
		this.runner.withPropertyValues("redlock.annotation.on-unadvisable=warn")
			.withBean(type)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@DistributedLock
	static class Allowed implements BeanFactoryAware, SmartLifecycle {

		@PostConstruct
		void notPublic() {
		}

		@Override
		public void setBeanFactory(BeanFactory beanFactory) {
		}

		public boolean isLocked() {
			return CurrentLock.find().isPresent();
		}

		@Override
		public void start() {
		}

		@Override
		public void stop(Runnable callback) {
			callback.run();
		}

		@Override
		public void stop() {
		}

		@Override
		public boolean isRunning() {
			return false;
		}

	}

	/**
	 * Not public, a setter that nobody else calls, and a life cycle whose methods are
	 * called through the proxy.
	 */
	@Test
	void othersAreNotRefused() {
		this.runner.withBean(Allowed.class)
			.run((context) -> assertThat(context.getBean(Allowed.class).isLocked()).isTrue());
	}

}
