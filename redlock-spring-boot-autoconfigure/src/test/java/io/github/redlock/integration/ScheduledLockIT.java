package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.config.ScheduledTask;
import org.springframework.scheduling.config.ScheduledTaskHolder;

import io.github.redlock.annotation.ScheduledLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A scheduled job of three instances of an application, on real servers. The ticks come
 * from the test, so that all instances have theirs at the same moment.
 */
class ScheduledLockIT {

	private static final AtomicInteger runs = new AtomicInteger();

	private static final List<Long> tokens = new ArrayList<>();

	private final RedisServers servers = new RedisServers(3);

	private final List<RedisServer> up = new ArrayList<>(this.servers.servers());

	private final ExecutorService threads = Executors.newFixedThreadPool(3);

	private final List<ConfigurableApplicationContext> instances = List.of(instance(), instance(), instance());

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableScheduling
	static class Application {

		@Bean
		Job job() {
			return new Job();
		}

	}

	static class Job {

		@Scheduled(cron = "0 0 0 1 1 *")
		@ScheduledLock(name = "job", holdAtLeast = "4s", maxHold = "1m", ttl = "1s")
		public void run() {
			CurrentLock.assertLocked("job");
			synchronized (tokens) {
				tokens.add(CurrentLock.get().fencingToken());
			}
			runs.incrementAndGet();
		}

	}

	private ConfigurableApplicationContext instance() {
		return new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.properties(this.servers.properties())
			.properties("spring.main.banner-mode=off", "redlock.key-prefix=scheduled:")
			.run();
	}

	private static Runnable jobOf(ConfigurableApplicationContext instance) {
		return instance.getBeansOfType(ScheduledTaskHolder.class)
			.values()
			.stream()
			.flatMap((holder) -> holder.getScheduledTasks().stream())
			.map(ScheduledTask::getTask)
			.findFirst()
			.orElseThrow()
			.getRunnable();
	}

	@AfterEach
	void stop() {
		this.threads.shutdown();
		this.instances.forEach(ConfigurableApplicationContext::close);
		this.servers.close();
	}

	@Test
	void jobRunsOncePerTickOverAllInstances() throws Exception {
		assertOncePerTick();
	}

	/** The votes split more often then. */
	@Test
	void jobRunsOncePerTickWithAMinorityDown() throws Exception {
		this.servers.server(1).kill();
		this.up.remove(this.servers.server(1));
		assertOncePerTick();
	}

	private void assertOncePerTick() throws Exception {
		runs.set(0);
		tokens.clear();
		for (int tick = 1; tick <= 3; tick++) {
			List<Future<?>> ticks = new ArrayList<>();
			for (ConfigurableApplicationContext instance : this.instances) {
				ticks.add(this.threads.submit(jobOf(instance)));
			}
			for (Future<?> each : ticks) {
				each.get();
			}
			// A machine whose clock is behind: its tick comes now.
			jobOf(this.instances.get(2)).run();
			assertThat(runs).as("tick %d", tick).hasValue(tick);
			assertThat(holding()).as("kept by a quorum").isGreaterThanOrEqualTo(2);
			await().atMost(Duration.ofSeconds(10)).until(() -> holding() == 0);
		}
		assertThat(tokens).isSorted().doesNotHaveDuplicates();
	}

	private long holding() {
		return this.up.stream().filter((server) -> {
			try (Jedis jedis = server.connect()) {
				return jedis.exists("scheduled:job");
			}
		}).count();
	}

}
