package io.github.redlock.integration;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.SetParams;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.data.redis.core.StringRedisTemplate;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.event.LockLostEvent;
import io.github.redlock.event.LockNotAcquiredEvent;
import io.github.redlock.event.NodeDownEvent;
import io.github.redlock.event.NodeErrorEvent;
import io.github.redlock.event.NodeUpEvent;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * The whole thing, configured by properties, on real servers.
 */
class ApplicationContextIT {

	private static final Duration TTL = Duration.ofSeconds(30);

	private final RedisServers servers = new RedisServers(3);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
				AopAutoConfiguration.class, SslAutoConfiguration.class));

	private RedisServer own;

	@BeforeEach
	void startOwn() {
		this.own = new RedisServer();
	}

	@AfterEach
	void stop() {
		this.own.close();
		this.servers.close();
	}

	/** Nothing said, with both drivers there, Boot takes Lettuce. */
	private static String clientType(String driver) {
		return driver.isEmpty() ? "unrelated=" : "spring.data.redis.client-type=" + driver;
	}

	@ParameterizedTest
	@ValueSource(strings = { "jedis", "lettuce", "" })
	void applicationsOwnConnectionWorksBesideTheNodes(String driver) {
		this.runner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
			.withPropertyValues(this.servers.properties())
			.withPropertyValues("spring.data.redis.port=" + this.own.port(), clientType(driver))
			.run((context) -> {
				StringRedisTemplate template = context.getBean(StringRedisTemplate.class);
				template.opsForValue().set("mine", "value");
				assertThat(template.opsForValue().get("mine")).isEqualTo("value");
				LockHandle lock = context.getBean(Redlock.class).acquire("a", TTL);
				await().until(() -> this.servers.holding("redlock:a") == 3);
				assertThat(template.hasKey("redlock:a")).isFalse();
				lock.release();
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "jedis", "lettuce", "" })
	void applicationsOwnConnectionServesAsTheOnlyNode(String driver) {
		this.runner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
			.withPropertyValues("spring.data.redis.port=" + this.own.port(), clientType(driver))
			.run((context) -> {
				Redlock redlock = context.getBean(Redlock.class);
				LockHandle lock = redlock.acquire("a", TTL);
				try (Jedis jedis = this.own.connect()) {
					assertThat(jedis.get("redlock:a")).isEqualTo(lock.value());
				}
				assertThat(redlock.tryAcquire("a", TTL)).isEmpty();
				assertThat(lock.release()).isTrue();
			});
	}

	/**
	 * [66]: the bare layout on the wire, a plain string with a time to live in
	 * milliseconds.
	 */
	@Test
	void emptyPrefixSharesKeysWithOtherImplementations() {
		this.runner.withPropertyValues(this.servers.properties())
			.withPropertyValues("redlock.key-prefix=", "redlock.retry.count=0")
			.run((context) -> {
				Redlock redlock = context.getBean(Redlock.class);
				LockHandle lock = redlock.acquire("locks:account:1", TTL);
				await().until(() -> this.servers.holding("locks:account:1") == 3);
				for (RedisServer server : this.servers.servers()) {
					try (Jedis jedis = server.connect()) {
						assertThat(jedis.set("locks:account:1", "theirs", SetParams.setParams().nx().px(1000)))
							.isNull();
						assertThat(jedis.get("locks:account:1")).isEqualTo(lock.value());
						assertThat(jedis.pttl("locks:account:1")).isBetween(1L, TTL.toMillis());
					}
				}
				lock.release();
				this.servers.holdAll("locks:account:1", "theirs", 30_000);
				assertThatExceptionOfType(LockNotAcquiredException.class)
					.isThrownBy(() -> redlock.acquire("locks:account:1", TTL))
					.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(LockNotAcquiredException.Reason.HELD));
			});
	}

	/** [11] */
	@Test
	void nodeThatIsDownAtStartUpNeitherDelaysNorDisablesAnything() {
		this.servers.server(0).kill();
		this.runner.withPropertyValues(this.servers.properties()).run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			assertThat(redlock.acquire("a", TTL).release()).isTrue();
			this.servers.server(0).start();
			this.servers.server(1).kill();
			assertThat(redlock
				.acquire("a", TTL, io.github.redlock.LockOptions.builder().waitTime(Duration.ofSeconds(20)).build())
				.isValid()).isTrue();
		});
	}

	static class Events {

		private final List<Object> events = new java.util.concurrent.CopyOnWriteArrayList<>();

		@EventListener
		void on(NodeErrorEvent event) {
			this.events.add(event);
		}

		@EventListener
		void on(NodeDownEvent event) {
			this.events.add(event);
		}

		@EventListener
		void on(NodeUpEvent event) {
			this.events.add(event);
		}

		@EventListener
		void on(LockLostEvent event) {
			this.events.add(event);
		}

		@EventListener
		void on(LockNotAcquiredEvent event) {
			this.events.add(event);
		}

		private boolean has(Class<?> type) {
			return this.events.stream().anyMatch(type::isInstance);
		}

	}

	@Test
	void whatGoesWrongIsPublishedAsApplicationEvents() {
		this.runner.withPropertyValues(this.servers.properties()).withBean(Events.class).run((context) -> {
			Events events = context.getBean(Events.class);
			Redlock redlock = context.getBean(Redlock.class);
			LockHandle lock = redlock.acquire("a", TTL);
			await().until(() -> this.servers.holding("redlock:a") == 3);
			this.servers.server(0).kill();
			redlock.acquire("b", TTL).release();
			await().until(() -> events.has(NodeErrorEvent.class) && events.has(NodeDownEvent.class));
			this.servers.server(0).start();
			await().atMost(Duration.ofSeconds(15)).until(() -> events.has(NodeUpEvent.class));
			assertThat(redlock.tryAcquire("a", TTL)).isEmpty();
			await().until(() -> events.has(LockNotAcquiredEvent.class));
			this.servers.flushAll();
			assertThat(lock.release()).isFalse();
			await().until(() -> events.has(LockLostEvent.class));
		});
	}

	/** It happens before anybody listens, and is told when they do. */
	@Test
	void nodeThatIsDownAtStartUpIsPublishedToo() {
		this.servers.server(0).kill();
		this.runner.withPropertyValues(this.servers.properties()).withBean(Events.class).run((context) -> {
			Events events = context.getBean(Events.class);
			await().until(() -> events.has(NodeDownEvent.class));
		});
	}

	static class Slow {

		private final CountDownLatch entered = new CountDownLatch(1);

		private final CountDownLatch leave = new CountDownLatch(1);

		@DistributedLock(key = "slow", ttl = 2000)
		public boolean work() throws InterruptedException {
			this.entered.countDown();
			this.leave.await(20, TimeUnit.SECONDS);
			return CurrentLock.get().isValid();
		}

		public CountDownLatch entered() {
			return this.entered;
		}

		public CountDownLatch leave() {
			return this.leave;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Slow.class)
	static class SlowApplication {

	}

	/** [60] and [64] */
	@Test
	void closingTheContextWaitsForWorkUnderALockAndLeavesNoThread() throws Exception {
		ConfigurableApplicationContext context = new SpringApplicationBuilder(SlowApplication.class)
			.web(WebApplicationType.NONE)
			.properties(this.servers.properties())
			.properties("spring.main.banner-mode=off")
			.run();
		Slow slow = context.getBean(Slow.class);
		CompletableFuture<Boolean> work = new CompletableFuture<>();
		new Thread(() -> {
			try {
				work.complete(slow.work());
			}
			catch (Exception ex) {
				work.completeExceptionally(ex);
			}
		}).start();
		assertThat(slow.entered().await(20, TimeUnit.SECONDS)).isTrue();
		CountDownLatch closing = new CountDownLatch(1);
		context.addApplicationListener((ApplicationListener<ContextClosedEvent>) (event) -> closing.countDown());
		Thread closer = new Thread(context::close);
		closer.start();
		assertThat(closing.await(20, TimeUnit.SECONDS)).isTrue();
		await().during(Duration.ofMillis(500)).until(closer::isAlive);
		slow.leave().countDown();
		assertThat(work.get(20, TimeUnit.SECONDS)).isTrue();
		closer.join(20_000);
		assertThat(closer.isAlive()).isFalse();
		assertThat(this.servers.holding("redlock:slow")).isZero();
		await().atMost(Duration.ofSeconds(15))
			.until(() -> Thread.getAllStackTraces()
				.keySet()
				.stream()
				.noneMatch((thread) -> thread.getName().startsWith("redlock-")));
	}

	@Test
	void manyCyclesUseAFixedNumberOfThreads() {
		this.runner.withPropertyValues(this.servers.properties()).run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			for (int i = 0; i < 2000; i++) {
				redlock.acquire("cycle", TTL).release();
			}
			assertThat(Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
				.filteredOn((name) -> name.startsWith("redlock-io") || name.startsWith("redlock-timer"))
				.as("the timer and the input and output in the background")
				.hasSize(2);
		});
	}

}
