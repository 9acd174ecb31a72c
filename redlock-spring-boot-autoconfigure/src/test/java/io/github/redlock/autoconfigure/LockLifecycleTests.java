package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Level;
import jakarta.annotation.PreDestroy;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.memory.InMemoryLocks;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * What happens to locks when a context is stopped, paused or closed.
 */
class LockLifecycleTests {

	private static final Duration TTL = Duration.ofSeconds(20);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
				AopAutoConfiguration.class))
		.withPropertyValues("redlock.mode=in-memory", "redlock.sets.other.key-prefix=x");

	private static final List<String> done = new CopyOnWriteArrayList<>();

	private static Thread closing(ConfigurableApplicationContext context) {
		Thread closer = new Thread(context::close, "closer");
		closer.start();
		return closer;
	}

	private static void assertWaits(Thread closer) {
		await().during(Duration.ofMillis(300)).until(closer::isAlive);
	}

	private static void assertEnds(Thread closer) throws InterruptedException {
		closer.join(20_000);
		assertThat(closer.isAlive()).isFalse();
	}

	static class Service {

		@DistributedLock(key = "#id")
		public void run(String id) {
			done.add(id + " " + CurrentLock.get().isValid());
		}

		@DistributedLock(key = "#id", redlock = "other")
		public void runElsewhere(String id) {
			done.add(id + " " + CurrentLock.get().isValid());
		}

	}

	/** Its executor is its own, and unknown to the container. */
	static class Destroyed implements DisposableBean {

		private final Service service;

		Destroyed(Service service) {
			this.service = service;
		}

		@PreDestroy
		void beforeDestruction() {
			this.service.run("@PreDestroy");
			this.service.runElsewhere("other @PreDestroy");
		}

		@Override
		public void destroy() throws Exception {
			this.service.run("destroy()");
			ExecutorService executor = Executors.newSingleThreadExecutor();
			executor.submit(() -> this.service.run("drained"));
			executor.shutdown();
			executor.awaitTermination(20, TimeUnit.SECONDS);
		}

	}

	@Test
	void beansLockUntilTheyAreDestroyed() {
		done.clear();
		this.runner.withBean(Destroyed.class).withBean(Service.class).run((context) -> assertThat(done).isEmpty());
		assertThat(done).containsExactly("@PreDestroy true", "other @PreDestroy true", "destroy() true",
				"drained true");
	}

	/** A listener that throws keeps the event from those behind it. */
	@Test
	void holdersAreWaitedForWhateverListenersDo() {
		this.runner.withInitializer((context) -> context.addApplicationListener((event) -> {
			if (event instanceof ContextClosedEvent) {
				throw new IllegalStateException("a listener of the application");
			}
		})).run((context) -> assertHolderIsWaitedFor(context.getSourceApplicationContext()));
	}

	private static void assertHolderIsWaitedFor(ConfigurableApplicationContext context) throws Exception {
		LockHandle lock = context.getBean("redlock", Redlock.class).acquire("a", TTL);
		Thread closer = closing(context);
		assertWaits(closer);
		assertThat(lock.isValid()).isTrue();
		assertThat(lock.release()).isTrue();
		assertEnds(closer);
	}

	static class Jobs {

		private final CountDownLatch begun = new CountDownLatch(1);

		private final CountDownLatch goOn = new CountDownLatch(1);

		@Async
		@DistributedLock(key = "#job")
		public void run(int job) throws InterruptedException {
			this.begun.countDown();
			this.goOn.await(20, TimeUnit.SECONDS);
			done.add(job + " " + CurrentLock.get().isValid());
		}

		public CountDownLatch begun() {
			return this.begun;
		}

		public CountDownLatch goOn() {
			return this.goOn;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	static class AsyncConfiguration {

		@Bean
		ThreadPoolTaskExecutor taskExecutor() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setCorePoolSize(1);
			executor.setMaxPoolSize(1);
			executor.setWaitForTasksToCompleteOnShutdown(true);
			executor.setAwaitTerminationSeconds(20);
			return executor;
		}

		@Bean
		DefaultLifecycleProcessor lifecycleProcessor() {
			DefaultLifecycleProcessor processor = new DefaultLifecycleProcessor();
			processor.setTimeoutPerShutdownPhase(200);
			return processor;
		}

	}

	/** Four jobs, of which three wait in the queue when the context begins to close. */
	@Test
	void jobsInTheQueueOfAnExecutorAreDoneUnderTheirLocks() {
		done.clear();
		this.runner.withUserConfiguration(AsyncConfiguration.class).withBean(Jobs.class).run((context) -> {
			Jobs jobs = context.getBean(Jobs.class);
			for (int i = 1; i <= 4; i++) {
				jobs.run(i);
			}
			assertThat(jobs.begun().await(20, TimeUnit.SECONDS)).isTrue();
			Thread closer = closing(context.getSourceApplicationContext());
			await().until(context.getSourceApplicationContext()::isClosed);
			jobs.goOn().countDown();
			closer.join(20_000);
		});
		assertThat(done).containsExactly("1 true", "2 true", "3 true", "4 true");
	}

	@Test
	void holdersAreWaitedForAndNamed() {
		List<String> log = Warnings.during(Level.INFO, () -> this.runner.run((context) -> {
			LockHandle lock = context.getBean(Redlock.class).acquire(List.of("order:42", "order:43"), TTL);
			LockHandle other = context.getBean("otherRedlock", Redlock.class).acquire("invoice", TTL);
			CompletableFuture<Boolean> valid = new CompletableFuture<>();
			Thread closer = closing(context.getSourceApplicationContext());
			assertWaits(closer);
			valid.complete(lock.release() && other.release());
			assertEnds(closer);
			assertThat(valid).isCompletedWithValue(true);
		}));
		assertThat(log).anySatisfy((line) -> assertThat(line).contains("Waiting for the release of 2 locks",
				"[order:42, order:43]", "[invoice]", "timeout-per-shutdown-phase"));
	}

	@Test
	void callersThatOnlyWaitAreNotWaitedForButTold() {
		CompletableFuture<Reason> told = new CompletableFuture<>();
		this.runner.run((context) -> {
			context.getBean(InMemoryLocks.class).hold("busy", Duration.ofHours(1));
			Redlock redlock = context.getBean(Redlock.class);
			Thread waiter = new Thread(() -> {
				try {
					redlock.acquire("busy", TTL, LockOptions.builder().waitTime(Duration.ofHours(1)).build());
				}
				catch (LockNotAcquiredException ex) {
					told.complete(ex.getReason());
				}
			});
			waiter.start();
			await().until(
					() -> waiter.getState() == Thread.State.WAITING || waiter.getState() == Thread.State.TIMED_WAITING);
			Thread closer = closing(context.getSourceApplicationContext());
			assertEnds(closer);
		});
		assertThat(told).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(Reason.CLOSED);
	}

	/** A test framework pauses the contexts that it keeps. */
	@Test
	void contextThatIsPausedOrStoppedWaitsForNobody() {
		this.runner.run((context) -> {
			ConfigurableApplicationContext source = context.getSourceApplicationContext();
			LockHandle lock = context.getBean(Redlock.class)
				.acquire("left behind", TTL, LockOptions.builder().autoExtend(true).build());
			Thread stopper = new Thread(() -> {
				source.pause();
				source.restart();
				source.stop();
				source.start();
			});
			stopper.start();
			stopper.join(5_000);
			assertThat(stopper.isAlive()).as("still waits").isFalse();
			assertThat(lock.isValid()).isTrue();
			source.stop();
			Thread closer = closing(source);
			assertWaits(closer);
			assertThat(lock.release()).isTrue();
			assertEnds(closer);
		});
	}

	/** Trap 64 */
	@Test
	void fiftyRestartsLeaveNothingBehind() {
		Set<Thread> before = Thread.getAllStackTraces().keySet();
		for (int i = 0; i < 50; i++) {
			this.runner.withBean(Service.class).run((context) -> {
				context.getBean(Service.class).run("restart");
				assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> {
					context.getBean(InMemoryLocks.class).hold("busy", Duration.ofHours(1));
					context.getBean(Redlock.class)
						.acquire("busy", TTL, LockOptions.builder().waitTime(Duration.ofMillis(1)).build());
				});
			});
		}
		await().atMost(Duration.ofSeconds(20))
			.untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
				.filteredOn((thread) -> thread.getName().startsWith("redlock-"))
				.isSubsetOf(before));
	}

}
