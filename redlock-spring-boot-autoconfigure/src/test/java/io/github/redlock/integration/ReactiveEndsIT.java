package io.github.redlock.integration;

import java.time.Duration;
import java.util.Optional;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where a reader of a publisher cancels it because it has seen enough, whoever comes next
 * finds the lock released.
 */
class ReactiveEndsIT {

	private static final int TIMES = 200;

	private static final Duration TTL = Duration.ofSeconds(20);

	private final RedisServers servers = new RedisServers(3);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
				AopAutoConfiguration.class))
		.withPropertyValues(this.servers.properties())
		.withBean(Service.class);

	@AfterEach
	void stop() {
		this.servers.close();
	}

	static class Service {

		@DistributedLock(key = "numbers", waitTime = 0)
		public Flux<Integer> numbers() {
			return Flux.range(1, 5);
		}

		@DistributedLock(key = "numbers", waitTime = 0)
		public Flux<Integer> numbersOfAnotherThread() {
			return Flux.range(1, 5).publishOn(Schedulers.parallel());
		}

	}

	enum End {

		COMPLETION {
			@Override
			void read(Flux<Integer> numbers) {
				numbers.blockLast();
			}
		},

		NEXT {
			@Override
			void read(Flux<Integer> numbers) {
				numbers.next().block();
			}
		},

		TAKE {
			@Override
			void read(Flux<Integer> numbers) {
				numbers.take(5).collectList().block();
			}
		},

		ANY {
			@Override
			void read(Flux<Integer> numbers) {
				numbers.any((number) -> number == 2).block();
			}
		},

		BLOCK_FIRST {
			@Override
			void read(Flux<Integer> numbers) {
				numbers.blockFirst();
			}
		};

		abstract void read(Flux<Integer> numbers);

	}

	@ParameterizedTest
	@EnumSource
	void releaseComesBeforeTheEnd(End end) {
		this.runner.run((context) -> {
			Service service = context.getBean(Service.class);
			assertNoneIsRefused(context.getBean(Redlock.class), () -> end.read(service.numbers()),
					() -> end.read(service.numbersOfAnotherThread()));
		});
	}

	@ParameterizedTest
	@EnumSource
	void releaseComesBeforeTheEndOfAFlow(FlowEnd end) {
		this.runner.withBean(FlowService.class).run((context) -> {
			FlowService service = context.getBean(FlowService.class);
			assertNoneIsRefused(context.getBean(Redlock.class), () -> end.read(service.numbers()),
					() -> end.read(service.numbersOfAnotherThread()));
		});
	}

	private static void assertNoneIsRefused(Redlock redlock, Runnable read, Runnable readOfAnotherThread) {
		// A server that does not know the script of a release yet is asked twice.
		redlock.acquire("numbers", TTL).release();
		int refused = 0;
		for (int i = 0; i < TIMES; i++) {
			((i % 2 == 0) ? read : readOfAnotherThread).run();
			Optional<LockHandle> next = redlock.tryAcquire("numbers", TTL);
			refused += next.isEmpty() ? 1 : 0;
			next.orElseGet(() -> redlock.acquire("numbers", TTL)).release();
		}
		assertThat(refused).as("refused of " + TIMES).isZero();
	}

}
