package io.github.redlock.integration;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.ReactiveCurrentLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * Number 54 of docs/traps.md: methods that finish later block no event loop, on real
 * servers, watched by BlockHound.
 */
@EnabledIfSystemProperty(named = "blockhound", matches = "true", disabledReason = "runs in a JVM of its own")
class NonBlockingIT {

	private static final Queue<BlockingOperationError> violations = new ConcurrentLinkedQueue<>();

	private final RedisServers servers = new RedisServers(3);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
				AopAutoConfiguration.class))
		.withPropertyValues(this.servers.properties())
		.withBean(Service.class);

	/** BlockHound does not know that a selector blocks. */
	@BeforeAll
	static void watch() {
		BlockHound.install(
				(builder) -> builder
					.markAsBlocking("io.github.redlock.redis.Leadership", "await",
							"(Ljava/util/function/Supplier;)Ljava/lang/Object;")
					.blockingMethodCallback((method) -> {
						BlockingOperationError error = new BlockingOperationError(method);
						// An error in a clean-up would only be logged.
						violations.add(error);
						throw error;
					}));
	}

	@AfterEach
	void stop() {
		violations.clear();
		this.servers.close();
	}

	static class Service {

		@DistributedLock(key = "a", waitTime = 10_000)
		public Mono<Long> mono() {
			return ReactiveCurrentLock.get().map((lock) -> lock.fencingToken());
		}

		@DistributedLock(key = "a", waitTime = 10_000)
		public Flux<String> flux() {
			return Flux.just("first", "second").delayElements(Duration.ofMillis(20));
		}

		@DistributedLock(key = "a", waitTime = 10_000)
		public CompletableFuture<String> future() {
			return CompletableFuture.completedFuture("done");
		}

		@DistributedLock(key = "a")
		public String blocking() {
			return "done";
		}

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

	/** On a thread that must not be blocked. */
	private static <T> CompletableFuture<T> onEventLoop(Supplier<T> action) {
		return Mono.fromSupplier(action).subscribeOn(Schedulers.parallel()).toFuture();
	}

	/** Without this, the other tests show nothing. */
	@Test
	void blockingMethodIsNoticed() {
		run((bean) -> assertThatThrownBy(() -> onEventLoop(bean::blocking).get(20, TimeUnit.SECONDS))
			.hasRootCauseInstanceOf(BlockingOperationError.class));
	}

	@Test
	void futureBlocksNobody() {
		run((bean) -> assertThat(onEventLoop(bean::future).get(20, TimeUnit.SECONDS).get(20, TimeUnit.SECONDS))
			.isEqualTo("done"));
	}

	@Test
	void publishersBlockNobody() {
		run((bean) -> {
			List<Long> tokens = Flux.range(0, 20)
				.flatMap((i) -> bean.mono().subscribeOn(Schedulers.parallel()))
				.collectList()
				.block(Duration.ofSeconds(30));
			assertThat(tokens).as("20 who wait for one another").hasSize(20).doesNotHaveDuplicates();
			assertThat(bean.flux().subscribeOn(Schedulers.parallel()).collectList().block(Duration.ofSeconds(20)))
				.containsExactly("first", "second");
			await().until(() -> this.servers.holding("redlock:a") == 0);
			assertThat(violations).isEmpty();
		});
	}

	@Test
	void cancellingOnAnEventLoopBlocksNobody() {
		run((bean) -> {
			Mono<String> first = bean.flux().next().subscribeOn(Schedulers.parallel());
			assertThat(first.publishOn(Schedulers.parallel()).block(Duration.ofSeconds(20))).isEqualTo("first");
			await().until(() -> this.servers.holding("redlock:a") == 0);
			assertThat(violations).isEmpty();
		});
	}

}
