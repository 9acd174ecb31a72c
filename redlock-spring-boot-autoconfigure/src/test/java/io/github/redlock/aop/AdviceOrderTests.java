package io.github.redlock.aop;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;

import org.springframework.aop.framework.Advised;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.cache.concurrent.ConcurrentMapCacheManager;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskExecutor;
import org.springframework.resilience.annotation.ConcurrencyLimit;
import org.springframework.resilience.annotation.EnableResilientMethods;
import org.springframework.resilience.annotation.Retryable;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;

import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where the lock lies among the advice of Spring, all of it on one method. Numbers 51 and
 * 53 of docs/traps.md; the table is in docs/annotation.md.
 */
class AdviceOrderTests {

	private static final List<String> trace = new CopyOnWriteArrayList<>();

	private static FakeCluster cluster;

	private final Recorder recorder = new Recorder();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withUserConfiguration(Everything.class)
		.withBean(Redlock.class, () -> cluster.client((builder) -> builder.listener(this.recorder)));

	AdviceOrderTests() {
		trace.clear();
		cluster = new FakeCluster(3);
	}

	private static void note(String what) {
		trace.add(what + ((cluster.holding("a") >= 2) ? " held" : " free"));
	}

	@Test
	void everyAdviceHasItsPlace() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			Service bean = context.getBean(Service.class);
			assertThat(bean.run("x").get()).isEqualTo("result");
			assertThat(trace).as("retry outside, transaction inside, on the thread of @Async")
				.containsExactly("begin held", "body 1 on users-1 held", "rollback held", "begin held",
						"body 2 on users-1 held", "commit held");
			assertThat(this.recorder.events("acquired")).as("one lock per attempt").hasSize(2);
			trace.clear();
			assertThat(bean.run("x").get()).as("from the cache").isEqualTo("result");
			assertThat(trace).isEmpty();
			assertThat(this.recorder.events("acquired")).as("the cache is asked under the lock").hasSize(3);
		});
	}

	@Test
	void lockIsInsideTheConcurrencyLimit() {
		this.runner.run((context) -> {
			Advised proxy = (Advised) context.getBean(Service.class);
			List<String> advice = java.util.Arrays.stream(proxy.getAdvisors())
				.map((advisor) -> advisor.getAdvice().getClass().getSimpleName())
				.toList();
			assertThat(advice).containsSubsequence("DistributedLockInterceptor", "TransactionInterceptor");
			assertThat(advice).containsSubsequence("DistributedLockInterceptor", "CacheInterceptor");
			int lock = advice.indexOf("DistributedLockInterceptor");
			assertThat(advice.subList(0, lock)).anyMatch((name) -> name.contains("Async"))
				.anyMatch((name) -> name.contains("Retry"))
				.anyMatch((name) -> name.contains("ConcurrencyLimit"));
			assertThat(advice.indexOf("AnnotationAsyncExecutionInterceptor")).isLessThan(lock);
		});
	}

	@Test
	void orderIsAProperty() {
		this.runner.withPropertyValues("redlock.annotation.order=7")
			.run((context) -> assertThat(context.getBean(DistributedLockAdvisor.class).getOrder()).isEqualTo(7));
		this.runner.run((context) -> assertThat(context.getBean(DistributedLockAdvisor.class).getOrder())
			.isEqualTo(DistributedLockAdvisor.ORDER));
	}

	static class Service {

		private int calls;

		@Async
		@Retryable(maxRetries = 2, delay = 1)
		@ConcurrencyLimit(1)
		@DistributedLock(key = "a")
		@Transactional
		@Cacheable("results")
		public CompletableFuture<String> run(String id) {
			note("body " + ++this.calls + " on " + Thread.currentThread().getName());
			if (this.calls == 1) {
				throw new IllegalStateException("try again");
			}
			return CompletableFuture.completedFuture("result");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	@EnableCaching
	@EnableResilientMethods
	@EnableTransactionManagement
	static class Everything {

		@Bean
		Service service() {
			return new Service();
		}

		@Bean
		TaskExecutor taskExecutor() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setCorePoolSize(1);
			executor.setThreadNamePrefix("users-");
			return executor;
		}

		@Bean
		ConcurrentMapCacheManager cacheManager() {
			return new ConcurrentMapCacheManager();
		}

		@Bean
		PlatformTransactionManager transactionManager() {
			return new Transactions();
		}

	}

	private static final class Transactions extends AbstractPlatformTransactionManager {

		private static final long serialVersionUID = 1L;

		@Override
		protected Object doGetTransaction() {
			return new Object();
		}

		@Override
		protected void doBegin(Object transaction, TransactionDefinition definition) {
			note("begin");
		}

		@Override
		protected void doCommit(DefaultTransactionStatus status) {
			note("commit");
		}

		@Override
		protected void doRollback(DefaultTransactionStatus status) {
			note("rollback");
		}

	}

}
