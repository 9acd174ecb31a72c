package io.github.redlock.aop;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.framework.autoproxy.DefaultAdvisorAutoProxyCreator;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.SimpleThreadScope;

import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Beans of other scopes than singleton get one lock per call, whatever lies between.
 */
class BeanScopeTests {

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, () -> this.cluster.client((builder) -> builder.listener(this.recorder)))
		.withInitializer((context) -> context.getBeanFactory().registerScope("request", new SimpleThreadScope()))
		.withUserConfiguration(Scopes.class);

	@ParameterizedTest
	@CsvSource({ "prototype, true", "prototype, false", "requested, true", "requested, false", "byInterface, true",
			"byInterface, false" })
	@SuppressWarnings("unchecked")
	void oneLockPerCall(String bean, boolean proxyTargetClass) {
		this.runner.withPropertyValues("spring.aop.proxy-target-class=" + proxyTargetClass).run((context) -> {
			assertThat(context).hasNotFailed();
			for (int i = 1; i <= 2; i++) {
				assertThat(((Callable<Boolean>) context.getBean(bean)).call()).isTrue();
				this.cluster.time().advance(java.time.Duration.ofMillis(1));
				assertThat(this.recorder.events("acquired")).hasSize(i);
				assertThat(this.recorder.events("released")).hasSize(i);
			}
		});
	}

	@Test
	void prototypeWithAnAnnotationThatCannotWorkStopsTheApplication() {
		this.runner.withBean("broken", Broken.class, Broken::new, (definition) -> definition.setScope("request"))
			.run((context) -> assertThat(context).getFailure().hasMessageContaining("Broken.run"));
	}

	static class Broken {

		@DistributedLock(ttl = 0)
		public void run() {
		}

	}

	static class Service implements Callable<Boolean> {

		@Override
		@DistributedLock(key = "a")
		public Boolean call() {
			return CurrentLock.find().isPresent();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Scopes {

		@Bean
		@Scope(ConfigurableBeanFactory.SCOPE_PROTOTYPE)
		Service prototype() {
			return new Service();
		}

		@Bean
		@Scope(scopeName = "request", proxyMode = ScopedProxyMode.TARGET_CLASS)
		Service requested() {
			return new Service();
		}

		@Bean
		@Scope(scopeName = "request", proxyMode = ScopedProxyMode.INTERFACES)
		Service byInterface() {
			return new Service();
		}

	}

	static class Kinds {

		@DistributedLock(key = "a")
		public String value() {
			return "value";
		}

		@DistributedLock(key = "a")
		public CompletableFuture<String> future() {
			return CompletableFuture.completedFuture("future");
		}

		@DistributedLock(key = "a")
		public Mono<String> mono() {
			return Mono.just("mono");
		}

	}

	/** [58] */
	@Test
	void beanThatIsProxiedTwiceIsLockedOnce() {
		this.runner.withBean("secondCreator", DefaultAdvisorAutoProxyCreator.class)
			.withBean(Kinds.class)
			.run((context) -> {
				Kinds bean = context.getBean(Kinds.class);
				assertThat(AopUtils.isAopProxy(AopProxyUtils.getSingletonTarget(bean))).as("proxied twice").isTrue();
				assertThat(bean.value()).isEqualTo("value");
				CompletableFuture<String> future = bean.future();
				this.cluster.time().advance(java.time.Duration.ofSeconds(1));
				assertThat(future).isCompletedWithValue("future");
				CompletableFuture<String> mono = bean.mono().toFuture();
				this.cluster.time().advance(java.time.Duration.ofSeconds(1));
				assertThat(mono).isCompletedWithValue("mono");
				assertThat(this.recorder.events("acquired")).hasSize(3);
				assertThat(this.recorder.events("released")).hasSize(3);
			});
	}

}
