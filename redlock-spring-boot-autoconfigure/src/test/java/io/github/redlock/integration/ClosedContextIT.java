package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.Jedis;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.support.DefaultLifecycleProcessor;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.RedisServers;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What contexts leave behind on real servers when they end. Numbers in brackets: see
 * docs/traps.md.
 */
@Timeout(300)
class ClosedContextIT {

	private static final Duration TTL = Duration.ofSeconds(20);

	private static final LockOptions EXTENDED = LockOptions.builder().autoExtend(true).build();

	private final RedisServers servers = new RedisServers(3);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
		.withPropertyValues(this.servers.properties());

	@AfterEach
	void stop() {
		this.servers.close();
	}

	private static List<String> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.map(Thread::getName)
			.filter((name) -> name.startsWith("redlock-"))
			.toList();
	}

	/** Without the one that asks. */
	private static long connections(RedisServer server) {
		try (Jedis jedis = server.connect()) {
			return jedis.clientList().lines().count() - 1;
		}
	}

	private void assertNothingIsLeft() {
		await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
			assertThat(threads()).isEmpty();
			assertThat(this.servers.servers()).allSatisfy((server) -> assertThat(connections(server)).isZero());
		});
	}

	private static DefaultLifecycleProcessor impatient() {
		DefaultLifecycleProcessor processor = new DefaultLifecycleProcessor();
		processor.setTimeoutPerShutdownPhase(100);
		return processor;
	}

	/** Its lock is lost either way, and the log says so. */
	@ParameterizedTest
	@CsvSource({ "false, jedis", "true, jedis", "false, lettuce", "true, lettuce" })
	void lockOfAJobThatDoesNotEndIsReleasedOnlyIfThatIsWanted(boolean release, String driver) throws Exception {
		CountDownLatch aborted = new CountDownLatch(1);
		List<String> warnings = Warnings.during(() -> this.runner
			.withPropertyValues("redlock.client-type=" + driver, "redlock.release-held-on-close=" + release)
			.withBean("lifecycleProcessor", DefaultLifecycleProcessor.class, ClosedContextIT::impatient)
			.run((context) -> {
				LockHandle lock = context.getBean(Redlock.class).acquire("job", TTL, EXTENDED);
				lock.lost().thenRun(aborted::countDown);
				await().until(() -> this.servers.holding("redlock:job") == 3);
			}));
		assertThat(aborted.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(warnings).anySatisfy((line) -> assertThat(line).contains("Lost the lock on [job]: the Redlock was",
				release ? "released, although its holder may still be at work" : "expire by themselves"));
		assertNothingIsLeft();
		assertThat(this.servers.holding("redlock:job")).isEqualTo(release ? 0 : 3);
	}

	/** [64] and [65] */
	@Test
	void tenThousandCyclesAndACloseLeaveNothing() {
		List<Long> during = new ArrayList<>();
		this.runner.run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			for (int i = 0; i < 10_000; i++) {
				redlock.acquire("cycle" + i % 10, TTL, EXTENDED).release();
				if (i == 100 || i == 9_999) {
					during.add(connections(this.servers.server(0)) + threads().size());
				}
			}
		});
		assertThat(during.get(1)).as("connections and threads after all of them").isLessThanOrEqualTo(during.get(0));
		assertNothingIsLeft();
		assertThat(this.servers.holding("redlock:cycle1")).isZero();
	}

	/** The end of one is not the end of the others. */
	@Test
	void severalContextsExcludeEachOtherAndEndByThemselves() {
		Duration ttl = Duration.ofSeconds(2);
		this.runner.run((first) -> {
			LockHandle kept = first.getBean(Redlock.class).acquire("a", ttl, EXTENDED);
			int alone = threads().size();
			this.runner.run((second) -> {
				Redlock redlock = second.getBean(Redlock.class);
				assertThat(redlock.tryAcquire("a", ttl)).isEmpty();
				assertThat(redlock.acquire("b", ttl).release()).isTrue();
				assertThat(first.getBean(Redlock.class).acquire("b", ttl).release()).isTrue();
			});
			await().untilAsserted(() -> assertThat(threads()).hasSizeLessThanOrEqualTo(alone));
			await().during(ttl.plusMillis(500)).atMost(ttl.multipliedBy(5)).until(kept::isValid);
			assertThat(kept.release()).isTrue();
		});
		assertNothingIsLeft();
	}

}
