package io.github.redlock.memory;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.redis.connection.RedisConnectionFactory;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.annotation.LockLossPolicy;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.redis.RedisLockNodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * What users of the lock test their applications with. Real time, no Redis.
 */
class InMemoryLocksTests {

	private static final Duration TTL = Duration.ofSeconds(20);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
				AopAutoConfiguration.class))
		.withPropertyValues("redlock.mode=in-memory", "redlock.wait-time=0", "redlock.sets.other.key-prefix=x")
		.withBean(Service.class);

	private interface BeanTest {

		void accept(Redlock redlock, InMemoryLocks locks, Service service) throws Exception;

	}

	private void run(BeanTest test) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(Redlock.class), context.getBean(InMemoryLocks.class),
					context.getBean(Service.class));
		});
	}

	static class Service {

		@DistributedLock(key = "#id", onUnavailable = LockFailurePolicy.SKIP)
		public String run(String id) {
			return "ran under " + CurrentLock.get().resources();
		}

		@DistributedLock(key = "#id", onLost = LockLossPolicy.INTERRUPT)
		public void stuck(String id, CountDownLatch started) throws InterruptedException {
			started.countDown();
			new CountDownLatch(1).await();
		}

	}

	@Test
	void noRedisIsNeeded() {
		this.runner.run((context) -> {
			assertThat(context).doesNotHaveBean(RedisConnectionFactory.class).doesNotHaveBean(RedisLockNodes.class);
			assertThat(context.getBean(Service.class).run("a")).isEqualTo("ran under [a]");
		});
	}

	@Test
	void locksExcludeEachOtherAndTokensGrow() {
		run((redlock, locks, service) -> {
			LockHandle first = redlock.acquire("a", TTL);
			assertThat(redlock.tryAcquire("a", TTL)).isEmpty();
			assertThat(locks.isHeld("a")).isTrue();
			first.release();
			assertThat(locks.isHeld("a")).isFalse();
			try (LockHandle second = redlock.acquire("a", TTL)) {
				assertThat(second.fencingToken()).isGreaterThan(first.fencingToken());
			}
		});
	}

	@Test
	void lockEndsWithItsTtlAndWaitersGetIt() {
		run((redlock, locks, service) -> {
			LockHandle first = redlock.acquire("a", Duration.ofMillis(300));
			LockHandle second = redlock.acquire("a", TTL,
					LockOptions.builder().waitTime(Duration.ofSeconds(10)).build());
			assertThat(first.isValid()).isFalse();
			assertThat(second.release()).isTrue();
		});
	}

	@Test
	void resourceCanBeHeldBySomebodyElse() {
		run((redlock, locks, service) -> {
			locks.hold("a", TTL);
			assertThat(service.run("a")).isNull();
			assertThat(service.run("b")).isNotNull();
			locks.free("a");
			assertThat(service.run("a")).isNotNull();
		});
	}

	@Test
	void nodesCanFailAndRecover() {
		run((redlock, locks, service) -> {
			locks.fail();
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> service.run("a"))
				.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.NO_QUORUM));
			locks.recover();
			assertThat(service.run("a")).isNotNull();
		});
	}

	@Test
	void lockCanBeLostNow() {
		run((redlock, locks, service) -> {
			LockHandle lock = redlock.acquire("a", TTL);
			locks.lose("a");
			assertThat(lock.isValid()).isFalse();
			assertThat(lock.lost().toCompletableFuture().get(10, TimeUnit.SECONDS))
				.isInstanceOf(LockLostException.class);
			assertThatIllegalStateException().isThrownBy(() -> locks.lose("a")).withMessageContaining("Nobody here");
		});
	}

	@Test
	void reactionToALossCanBeTested() {
		run((redlock, locks, service) -> {
			CountDownLatch started = new CountDownLatch(1);
			Thread test = new Thread(() -> {
				try {
					started.await();
					locks.lose("a");
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			});
			test.start();
			assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> service.stuck("a", started));
			test.join();
		});
	}

	@Test
	void everySetOfNodesIsInMemory() {
		this.runner.run((context) -> {
			Redlock other = context.getBean("otherRedlock", Redlock.class);
			try (LockHandle first = other.acquire("a", TTL);
					LockHandle second = context.getBean(Redlock.class).acquire("a", TTL)) {
				assertThat(first.isValid()).isTrue();
				assertThat(second.isValid()).as("another set").isTrue();
			}
		});
	}

}
