package io.github.redlock.aop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

import org.aopalliance.intercept.MethodInterceptor;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.interceptor.ExposeInvocationInterceptor;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskExecutor;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.annotation.LockLossPolicy;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.memory.InMemoryLocks;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Annotated methods that return a future. Number 54 of docs/traps.md.
 */
class FutureMethodTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final Duration HOUR = Duration.ofHours(1);

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, () -> this.cluster.client((builder) -> builder.listener(this.recorder)))
		.withBean(Service.class);

	/** Static, because a bean behind a proxy cannot be asked for its fields. */
	private static CompletableFuture<String> work;

	private static FutureTask<String> task;

	private static Runnable onCall;

	private static CompletableFuture<String> cancelled;

	private static boolean interrupted;

	private static final List<LockHandle> seen = new ArrayList<>();

	private static final List<String> threads = new ArrayList<>();

	@BeforeEach
	void reset() {
		work = new CompletableFuture<>();
		task = new FutureTask<>(() -> "task");
		onCall = () -> {
		};
		seen.clear();
		threads.clear();
	}

	private interface BeanTest {

		void accept(Service bean) throws Exception;

	}

	private void run(BeanTest test) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(Service.class));
		});
	}

	private void advance(Duration duration) {
		this.cluster.time().advance(duration);
	}

	private void settle() {
		advance(Duration.ofMillis(1));
	}

	private long released() {
		settle();
		return this.recorder.events("released").size();
	}

	private static ThrowableAssertAlternative<ExecutionException> assertFailed(Future<?> future) {
		assertThat(future.isDone()).isTrue();
		return assertThatExceptionOfType(ExecutionException.class).isThrownBy(future::get);
	}

	static class Service {

		@DistributedLock(key = "a", ttl = 9_000)
		public CompletableFuture<String> future() {
			seen.add(CurrentLock.get());
			return work;
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public CompletionStage<String> stage() {
			onCall.run();
			return work.minimalCompletionStage();
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public Future<String> task() {
			seen.add(CurrentLock.get());
			return task;
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public CompletableFuture<String> throwing() {
			throw new IllegalStateException("mine");
		}

		@DistributedLock(key = "a")
		public CompletableFuture<String> returningNull() {
			return null;
		}

		@DistributedLock(key = "#id")
		public CompletableFuture<String> keyed(String id) {
			return work;
		}

		@DistributedLock(key = "a", waitTime = 0, onUnavailable = LockFailurePolicy.FALLBACK, fallback = "busy")
		public CompletableFuture<String> withFallback() {
			return work;
		}

		private CompletableFuture<String> busy(LockNotAcquiredException error) {
			return CompletableFuture.completedFuture("busy " + error.getReason());
		}

		@DistributedLock(key = "a", ttl = 9_000, onLost = LockLossPolicy.INTERRUPT)
		public CompletableFuture<String> cancelledOnLoss() {
			onCall.run();
			return work;
		}

		@DistributedLock(key = "a", ttl = 9_000, onLost = LockLossPolicy.LOG)
		public CompletableFuture<String> loggedOnLoss() {
			return work;
		}

	}

	@Test
	void lockIsHeldAndExtendedUntilTheFutureCompletes() {
		run((bean) -> {
			CompletableFuture<String> result = bean.future();
			assertThat(seen).as("the caller does not wait for the lock").isEmpty();
			advance(TTL.multipliedBy(5));
			assertThat(seen.get(0).isValid()).isTrue();
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			assertThat(result).isNotDone();
			work.complete("done");
			assertThat(result).as("completes after the release").isNotDone();
			settle();
			assertThat(result).isCompletedWithValue("done");
			assertThat(this.cluster.holding("a")).isZero();
			assertThat(released()).isEqualTo(1);
			assertThat(CurrentLock.find()).isEmpty();
		});
	}

	@Test
	void stageThatIsNoFutureIsFollowedToo() {
		run((bean) -> {
			CompletionStage<String> result = bean.stage();
			settle();
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			work.complete("done");
			settle();
			assertThat(result.toCompletableFuture()).isCompletedWithValue("done");
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	@Test
	void futureThatCannotTellIsWaitedFor() {
		run((bean) -> {
			Future<String> result = bean.task();
			task.run();
			settle();
			settle();
			assertThat(result.get()).isEqualTo("task");
			assertThat(released()).isEqualTo(1);
		});
	}

	@Test
	void failureOfTheFutureComesOutUnchanged() {
		run((bean) -> {
			CompletableFuture<String> result = bean.future();
			settle();
			work.completeExceptionally(new IllegalStateException("mine"));
			settle();
			assertFailed(result).havingCause().isInstanceOf(IllegalStateException.class).withMessage("mine");
			assertThat(released()).isEqualTo(1);
		});
	}

	@Test
	void methodThatThrowsReleasesToo() {
		run((bean) -> {
			CompletableFuture<String> result = bean.throwing();
			settle();
			settle();
			assertFailed(result).havingCause().withMessage("mine");
			assertThat(released()).isEqualTo(1);
		});
	}

	@Test
	void nullInsteadOfAFutureIsAnError() {
		run((bean) -> {
			CompletableFuture<String> result = bean.returningNull();
			settle();
			settle();
			assertFailed(result).havingCause().withMessageContaining("returningNull").withMessageContaining("null");
			assertThat(released()).isEqualTo(1);
		});
	}

	@Test
	void cancellingGivesUpTheWaiting() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		run((bean) -> {
			CompletableFuture<String> result = bean.future();
			settle();
			result.cancel(true);
			this.cluster.nodes().forEach((node) -> node.delete("a"));
			this.cluster.clearLogs();
			advance(Duration.ofMinutes(1));
			assertThat(this.cluster.node(0).log()).isEmpty();
			assertThat(seen).isEmpty();
		});
	}

	@Test
	void cancellingCancelsTheWorkAndReleasesOnce() {
		run((bean) -> {
			CompletableFuture<String> result = bean.future();
			settle();
			result.cancel(true);
			assertThat(work).isCancelled();
			assertThat(released()).isEqualTo(1);
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	/** The future was completed by its reader just when the lock came. */
	@Test
	void lockThatComesTooLateIsReleasedAndTheMethodDoesNotRun() {
		run((bean) -> {
			CompletableFuture<String> result = bean.future();
			result.completeExceptionally(new CancellationException("a timeout of the caller"));
			advance(Duration.ofSeconds(1));
			assertThat(seen).isEmpty();
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	@Test
	void unusableKeyFailsTheFuture() {
		run((bean) -> assertFailed(bean.keyed(" ")).havingCause().withMessageContaining("blank key"));
	}

	@Test
	void noLockFailsTheFuture() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		run((bean) -> {
			CompletableFuture<String> result = bean.future();
			advance(Duration.ofSeconds(5));
			assertFailed(result).withCauseInstanceOf(LockNotAcquiredException.class);
			assertThat(seen).isEmpty();
		});
	}

	@Test
	void fallbackAnswersInsteadOfTheMethod() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
		run((bean) -> {
			CompletableFuture<String> result = bean.withFallback();
			advance(Duration.ofSeconds(1));
			assertThat(result).isCompletedWithValue("busy HELD");
		});
	}

	private void lose() {
		settle();
		this.cluster.nodes().forEach(FakeLockNode::wipe);
		advance(TTL);
	}

	@Test
	void lossFailsTheFutureWhenTheWorkEnds() {
		run((bean) -> {
			CompletableFuture<String> result = bean.future();
			lose();
			assertThat(result).isNotDone();
			work.complete("done");
			settle();
			assertFailed(result).withCauseInstanceOf(LockLostException.class);
		});
	}

	@Test
	void lossCancelsTheWorkWhereThatIsWanted() {
		run((bean) -> {
			CompletableFuture<String> result = bean.cancelledOnLoss();
			lose();
			assertThat(work).isCancelled();
			settle();
			assertFailed(result).withCauseInstanceOf(LockLostException.class);
		});
	}

	@Test
	void lossThatIsOnlyLoggedLetsTheResultOut() {
		run((bean) -> {
			CompletableFuture<String> result = bean.loggedOnLoss();
			lose();
			work.complete("done");
			settle();
			assertThat(result).isCompletedWithValue("done");
		});
	}

	record Left(CompletableFuture<String> future) {
	}

	static class Outer {

		private final Service inner;

		Outer(Service inner) {
			this.inner = inner;
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public String waiting() {
			CompletableFuture<String> result = this.inner.future();
			work.complete("done");
			return result.join();
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public Left leaving() {
			return new Left(this.inner.future());
		}

		@DistributedLock(key = { "a", "b" }, ttl = 9_000)
		public CompletableFuture<String> nested() {
			return this.inner.future();
		}

	}

	@Test
	void nestedMethodJoinsTheLockOfItsCaller() {
		this.runner.withBean(Outer.class).run((context) -> {
			assertThat(context.getBean(Outer.class).waiting()).isEqualTo("done");
			settle();
			assertThat(this.recorder.events("acquired")).hasSize(1);
		});
	}

	@Test
	void nestedFutureJoinsTheLockOfAFuture() {
		this.runner.withBean(Outer.class).run((context) -> {
			CompletableFuture<String> result = context.getBean(Outer.class).nested();
			settle();
			work.complete("done");
			settle();
			assertThat(result).isCompletedWithValue("done");
			assertThat(this.recorder.events("acquired")).containsExactly("acquired [a, b]");
		});
	}

	/**
	 * Work that goes on after the lock it joined is not protected any more, and says so.
	 */
	@Test
	void nestedWorkThatOutlivesTheLockOfItsCallerFails() {
		this.runner.withBean(Outer.class).run((context) -> {
			CompletableFuture<String> result = context.getBean(Outer.class).leaving().future();
			work.complete("done");
			assertFailed(result).havingCause()
				.isInstanceOf(LockLostException.class)
				.withMessageContaining("before a nested method that needs it had ended");
		});
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	static class AsyncConfiguration {

		@Bean
		TaskExecutor taskExecutor() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setCorePoolSize(1);
			executor.setThreadNamePrefix("users-");
			return executor;
		}

		@Bean
		AsyncService asyncService() {
			return new AsyncService();
		}

	}

	static class AsyncService {

		@Async
		@DistributedLock(key = "a")
		public CompletableFuture<String> run() {
			threads.add(Thread.currentThread().getName() + " " + CurrentLock.get().isValid());
			return work;
		}

	}

	/**
	 * The lock lies inside @Async: taken, and waited for, on the thread of its executor.
	 */
	@Test
	void asyncMethodIsLockedOnTheThreadOfItsExecutor() {
		this.runner.withUserConfiguration(AsyncConfiguration.class).run((context) -> {
			AsyncService bean = context.getBean(AsyncService.class);
			work.complete("done");
			assertThat(bean.run().get()).isEqualTo("done");
			assertThat(threads).containsExactly("users-1 true");
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	@Test
	void failureOfAnAsyncMethodComesOutUnchanged() {
		this.runner.withUserConfiguration(AsyncConfiguration.class).run((context) -> {
			AsyncService bean = context.getBean(AsyncService.class);
			work.completeExceptionally(new IllegalStateException("mine"));
			CompletableFuture<String> result = bean.run();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(result::get)
				.havingRootCause()
				.withMessage("mine");
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	/** It says that it is a future, and throws when it is treated as one. */
	@Test
	void stageThatCannotBeCancelledIsStillFollowed() {
		run((bean) -> {
			onCall = () -> cancelled.cancel(true);
			cancelled = (CompletableFuture<String>) bean.stage();
			settle();
			assertThat(this.cluster.holding("a")).as("the work goes on").isEqualTo(3);
			work.complete("done");
			settle();
			assertReleased();
		});
	}

	private void assertReleased() {
		assertThat(this.cluster.holding("a")).isZero();
		assertThat(released()).isEqualTo(1);
	}

	@Test
	void lossWhileTheMethodItselfRunsInterruptsItsThread() {
		run((bean) -> {
			onCall = () -> {
				this.cluster.nodes().forEach(FakeLockNode::wipe);
				advance(TTL);
				interrupted = Thread.currentThread().isInterrupted();
			};
			CompletableFuture<String> result = bean.cancelledOnLoss();
			advance(TTL.multipliedBy(3));
			assertThat(interrupted).isTrue();
			assertThat(Thread.interrupted()).isFalse();
			assertThat(work).isCancelled();
			assertFailed(result).withCauseInstanceOf(LockLostException.class);
		});
	}

	@Test
	void outageIsNoReasonToSkipAFuture() {
		run((bean) -> {
			this.cluster.node(0).refuse(true);
			this.cluster.node(1).refuse(true);
			CompletableFuture<String> result = bean.withFallback();
			advance(Duration.ofSeconds(1));
			assertFailed(result).withCauseInstanceOf(LockNotAcquiredException.class);
		});
	}

	@Test
	void nameThatIsRefusedFailsTheFutureToo() {
		run((bean) -> assertFailed(bean.keyed("fence:{1}")).havingCause().withMessageContaining("fence:{"));
	}

	/** The lock may be there before the caller has its future. */
	@Test
	void methodNeverRunsOnTheThreadOfItsCaller() {
		DefaultRedlock redlock = new RedlockBuilder().nodes(new InMemoryLocks(System::nanoTime).newNodes()).build();
		try (redlock) {
			new ApplicationContextRunner()
				.withConfiguration(
						AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
				.withBean("direct", Redlock.class, () -> redlock)
				.withBean(ThreadService.class)
				.run((context) -> {
					ThreadService bean = context.getBean(ThreadService.class);
					for (int i = 0; i < 2000; i++) {
						assertThat(bean.thread().get()).isNotSameAs(Thread.currentThread());
					}
				});
		}
	}

	static class ThreadService {

		@DistributedLock(key = "a", waitTime = 10_000)
		public CompletableFuture<Thread> thread() {
			return CompletableFuture.completedFuture(Thread.currentThread());
		}

	}

	/** As aspects do, which ask for the invocation they belong to. */
	@Test
	void adviceFurtherInsideFindsItsInvocation() {
		List<String> invoked = new ArrayList<>();
		DefaultPointcutAdvisor inside = new DefaultPointcutAdvisor((MethodInterceptor) (invocation) -> {
			invoked.add(ExposeInvocationInterceptor.currentInvocation().getMethod().getName());
			return invocation.proceed();
		});
		ProxyFactory factory = new ProxyFactory(new Service());
		factory.addAdvisor(ExposeInvocationInterceptor.ADVISOR);
		factory.addAdvisor(new DistributedLockAdvisor(this.cluster::client, new DefaultListableBeanFactory()));
		factory.addAdvisor(inside);
		Service proxy = (Service) factory.getProxy();
		CompletableFuture<String> result = proxy.future();
		work.complete("done");
		advance(Duration.ofSeconds(1));
		assertThat(result).isCompletedWithValue("done");
		assertThat(invoked).containsExactly("future");
	}

}
