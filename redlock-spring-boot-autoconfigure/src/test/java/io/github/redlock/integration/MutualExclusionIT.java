package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A counter that nothing but the lock guards, counted up by many threads of two
 * applications, on real servers.
 */
class MutualExclusionIT {

	private static final int THREADS_PER_APPLICATION = 4;

	private static final int ROUNDS_PER_THREAD = 600;

	private RedisServers servers;

	/** Neither volatile nor atomic on purpose. */
	private static int counter;

	private static long lastToken;

	private static final AtomicInteger inside = new AtomicInteger();

	private static final AtomicInteger entered = new AtomicInteger();

	@BeforeEach
	void startServers() {
		this.servers = new RedisServers(3);
	}

	@AfterEach
	void stopServers() {
		this.servers.close();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		Counter counter() {
			return new Counter();
		}

	}

	static class Counter {

		@DistributedLock(key = "counter", ttl = 10_000, waitTimeString = "60s")
		public void increment() {
			entered.incrementAndGet();
			assertThat(inside.incrementAndGet()).as("holders at the same time").isEqualTo(1);
			long token = CurrentLock.get().fencingToken();
			assertThat(token).as("token").isGreaterThan(lastToken);
			lastToken = token;
			int read = counter;
			Thread.yield();
			counter = read + 1;
			inside.decrementAndGet();
		}

	}

	private ConfigurableApplicationContext application() {
		SpringApplication application = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.properties(this.servers.properties())
			.properties("redlock.retry.delay=3ms", "redlock.retry.jitter=3ms", "spring.main.banner-mode=off",
					"spring.jmx.enabled=false")
			.build();
		return application.run();
	}

	private static void awaitProgress(List<Future<?>> futures) {
		int before = entered.get();
		await().atMost(Duration.ofSeconds(60))
			.until(() -> entered.get() > before + 40 || futures.stream().allMatch(Future::isDone));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void unguardedCounterStaysExact(boolean withAFailingNode) throws Exception {
		counter = 0;
		List<Future<?>> futures = new ArrayList<>();
		ExecutorService threads = Executors.newFixedThreadPool(2 * THREADS_PER_APPLICATION);
		try (ConfigurableApplicationContext first = application();
				ConfigurableApplicationContext second = application()) {
			for (ConfigurableApplicationContext context : List.of(first, second)) {
				Counter bean = context.getBean(Counter.class);
				for (int i = 0; i < THREADS_PER_APPLICATION; i++) {
					futures.add(threads.submit(() -> {
						for (int round = 0; round < ROUNDS_PER_THREAD; round++) {
							bean.increment();
						}
					}));
				}
			}
			if (withAFailingNode) {
				// No node comes back empty here: a node that forgets its votes can break
				// the
				// exclusion, which is a limit of the algorithm and not for this test.
				this.servers.server(1).freeze();
				awaitProgress(futures);
				this.servers.server(1).thaw();
				awaitProgress(futures);
				this.servers.server(0).kill();
			}
			for (Future<?> future : futures) {
				future.get(120, TimeUnit.SECONDS);
			}
		}
		finally {
			threads.shutdownNow();
		}
		assertThat(counter).isEqualTo(2 * THREADS_PER_APPLICATION * ROUNDS_PER_THREAD);
	}

}
