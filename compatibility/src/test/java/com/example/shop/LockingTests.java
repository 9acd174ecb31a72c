package com.example.shop;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.example.shop.Shops.Driver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.context.ConfigurableApplicationContext;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.redis.LockKeyReport;
import io.github.redlock.redis.RedisLockNodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Two instances of the application lock on the same servers.
 */
class LockingTests {

	private static final Duration TTL = Duration.ofSeconds(20);

	private final Shops shops = new Shops();

	@TempDir
	private Path directory;

	static Stream<Driver> drivers() {
		return Shops.hasLettuce() ? Stream.of(Driver.values()) : Stream.of(Driver.DEFAULT);
	}

	static Stream<String> ownConnections() {
		return Shops.hasLettuce() ? Stream.of("jedis", "lettuce") : Stream.of();
	}

	@AfterEach
	void close() throws Exception {
		this.shops.close();
	}

	@ParameterizedTest
	@MethodSource("drivers")
	void servers(Driver driver) throws Exception {
		this.shops.onServers(driver);
		excludes(3);
	}

	@ParameterizedTest
	@MethodSource("drivers")
	void encryptedServers(Driver driver) throws Exception {
		this.shops.onEncryptedServers(driver, this.directory);
		excludes(3);
	}

	@ParameterizedTest(allowZeroInvocations = true)
	@MethodSource("ownConnections")
	void connectionOfTheApplication(String clientType) throws Exception {
		this.shops.onTheConnectionOfTheApplication(clientType);
		excludes(1);
	}

	/** With the driver that subscribes: the pause between two attempts is too long. */
	@Test
	void waiterHearsOfARelease() throws Exception {
		this.shops.onServers(Driver.DEFAULT).with("redlock.retry.delay=1m", "redlock.retry.jitter=0s");
		Redlock holder = this.shops.start().getBean(Redlock.class);
		Redlock waiter = this.shops.start().getBean(Redlock.class);
		LockHandle held = holder.acquire("a", TTL);
		CompletableFuture<LockHandle> waiting = waiter.acquireAsync(List.of("a"), TTL,
				LockOptions.builder().waitTime(Duration.ofSeconds(40)).build());
		await().atMost(Duration.ofSeconds(20)).until(() -> subscribers() > 0);
		held.release();
		assertThat(waiting.get(20, TimeUnit.SECONDS).release()).isTrue();
	}

	private long subscribers() {
		return this.shops.subscribers("redlock:released:a");
	}

	private void excludes(int nodes) throws Exception {
		ConfigurableApplicationContext first = this.shops.start();
		ConfigurableApplicationContext second = this.shops.start();
		annotatedMethodExcludesOtherInstance(first.getBean(Stock.class), second, nodes);
		lockIsExtendedAndReleased(first.getBean(Redlock.class), second.getBean(Redlock.class));
		futureIsLockedUntilItCompletes(first.getBean(Stock.class), second.getBean(Stock.class));
		nothingIsCountedTwice(first.getBean(Stock.class), second.getBean(Stock.class));
	}

	private static void annotatedMethodExcludesOtherInstance(Stock stock, ConfigurableApplicationContext other,
			int nodes) throws Exception {
		CountDownLatch inside = new CountDownLatch(1);
		CountDownLatch end = new CountDownLatch(1);
		CompletableFuture<String> holder = CompletableFuture.supplyAsync(() -> stock.take("a", () -> {
			inside.countDown();
			awaitLatch(end);
			return "taken";
		}));
		awaitLatch(inside);
		assertThat(other.getBean(Stock.class).reserve("a")).isEqualTo("held by somebody else");
		// A quorum has decided; the last node may still be at it.
		await().atMost(TTL)
			.untilAsserted(() -> assertThat(other.getBean(RedisLockNodes.class).inspect("stock:a")).hasSize(nodes)
				.extracting(LockKeyReport::state)
				.containsOnly(LockKeyReport.State.HELD));
		end.countDown();
		assertThat(holder.get(20, TimeUnit.SECONDS)).isEqualTo("taken");
		assertThat(other.getBean(Stock.class).reserve("a")).isEqualTo("reserved");
	}

	private static void lockIsExtendedAndReleased(Redlock redlock, Redlock other) {
		LockHandle lock = redlock.acquire("b", TTL);
		assertThat(other.tryAcquire("b", TTL)).isEmpty();
		assertThat(lock.extend(TTL.multipliedBy(2)).remainingValidity()).isGreaterThan(TTL);
		assertThat(lock.release()).isTrue();
		LockHandle next = await().atMost(TTL).until(() -> other.tryAcquire("b", TTL), Optional::isPresent).get();
		assertThat(next.fencingToken()).isGreaterThan(lock.fencingToken());
		assertThat(next.release()).isTrue();
	}

	private static void futureIsLockedUntilItCompletes(Stock stock, Stock other) throws Exception {
		CompletableFuture<String> delivery = new CompletableFuture<>();
		CompletableFuture<String> order = stock.order("c", delivery);
		await().atMost(TTL).until(() -> other.reserve("c").startsWith("held"));
		delivery.complete("delivered");
		assertThat(order.get(20, TimeUnit.SECONDS)).isEqualTo("delivered");
		await().atMost(TTL).until(() -> other.reserve("c").equals("reserved"));
	}

	private static void nothingIsCountedTwice(Stock... stocks) throws Exception {
		int[] count = new int[1];
		List<CompletableFuture<Void>> workers = new ArrayList<>();
		for (Stock stock : stocks) {
			for (int worker = 0; worker < 2; worker++) {
				workers.add(CompletableFuture.runAsync(() -> {
					for (int i = 0; i < 25; i++) {
						stock.take("d", () -> count[0]++);
					}
				}));
			}
		}
		CompletableFuture.allOf(workers.toArray(CompletableFuture[]::new)).get(2, TimeUnit.MINUTES);
		assertThat(count[0]).isEqualTo(100);
	}

	private static void awaitLatch(CountDownLatch latch) {
		try {
			assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
