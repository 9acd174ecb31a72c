package io.github.redlock.fault;

import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.RedlockException;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.redis.TlsSettings;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.TlsServers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Callers that lock with hardly any stack left, beside innocent ones. The overflow is
 * theirs alone. [83]
 */
class StackOverflowIT {

	private static final int STACK_BYTES = 256 * 1024;

	private static final int CALLS = Integer.getInteger("fault.calls", 3000);

	private static final int CALLS_PER_MEASUREMENT = 50;

	private final List<RedisServer> servers = new ArrayList<>();

	private final RedisLockNodes nodes = new RedisLockNodes("redlock:");

	private DefaultRedlock redlock;

	private final AtomicInteger overflows = new AtomicInteger();

	private final AtomicInteger granted = new AtomicInteger();

	private final Queue<String> violations = new ConcurrentLinkedQueue<>();

	private void start(boolean encrypted, Path directory) throws Exception {
		TlsServers tls = new TlsServers(directory);
		KeyStore keyStore = tls.certificateFor("ip:127.0.0.1");
		for (int i = 0; i < 3; i++) {
			int tlsPort = TlsServers.freePort();
			RedisServer server = tls.startBeside(tlsPort, keyStore);
			this.servers.add(server);
			this.nodes.add(
					new RedisNodeSettings("node" + i, "127.0.0.1", encrypted ? tlsPort : server.port(), null, null, 0,
							encrypted ? new TlsSettings(TlsServers.trusting(keyStore)) : null),
					Duration.ofSeconds(1), Duration.ofMillis(200));
		}
		this.redlock = new RedlockBuilder().nodes(this.nodes.nodes()).build();
	}

	/** Go down the stack, and do something there. */
	private static int descend(int depth, Runnable action) {
		if (depth == 0) {
			action.run();
			return 0;
		}
		return descend(depth - 1, action) + 1;
	}

	private static int deepest() {
		int low = 0;
		int high = 1 << 16;
		while (low < high) {
			int middle = (low + high + 1) / 2;
			try {
				descend(middle, () -> {
				});
				low = middle;
			}
			catch (StackOverflowError ex) {
				high = middle - 1;
			}
		}
		return low;
	}

	private void lockAtTheEndOfTheStack(long seed) {
		Random random = new Random(seed);
		int deepest = 0;
		for (int i = 0; i < CALLS; i++) {
			if (i % CALLS_PER_MEASUREMENT == 0) {
				// Frames become smaller when their methods are compiled.
				deepest = deepest();
			}
			int depth = Math.max(0, deepest - random.nextInt(1000));
			try {
				descend(depth, () -> {
					Optional<LockHandle> lock = this.redlock.tryAcquire(List.of("bad" + random.nextInt(100)),
							Duration.ofSeconds(2), LockOptions.defaults());
					lock.ifPresent(LockHandle::release);
				});
			}
			catch (StackOverflowError ex) {
				this.overflows.incrementAndGet();
			}
			catch (RedlockException ex) {
				// What an overflow at the release has left is held for a while.
			}
		}
	}

	private void lockAndLook(int number, AtomicBoolean over) {
		List<Jedis> looks = this.servers.stream().map(RedisServer::connect).toList();
		for (int i = 0; !over.get(); i++) {
			String resource = "good" + number + "-" + i % 1000;
			try (LockHandle lock = this.redlock.acquire(resource, Duration.ofSeconds(20))) {
				long holding = looks.stream()
					.filter((jedis) -> lock.value().equals(jedis.get("redlock:" + resource)))
					.count();
				if (holding < 2) {
					this.violations.add(resource + " is held on " + holding + " of 3 nodes, valid: " + lock.isValid());
				}
				this.granted.incrementAndGet();
			}
			catch (RedlockException ex) {
				this.violations.add(resource + ": " + ex);
			}
		}
		looks.forEach(Jedis::close);
	}

	@ParameterizedTest(name = "encrypted: {0}")
	@ValueSource(booleans = { false, true })
	@Timeout(300)
	void callersWithoutStackHurtNobodyElse(boolean encrypted, @TempDir Path directory) throws Exception {
		start(encrypted, directory);
		AtomicBoolean over = new AtomicBoolean();
		List<Thread> good = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			int number = i;
			good.add(started(new Thread(() -> lockAndLook(number, over), "good" + i)));
		}
		List<Thread> bad = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			int seed = i;
			bad.add(started(new Thread(null, () -> lockAtTheEndOfTheStack(seed), "bad" + i, STACK_BYTES)));
		}
		for (Thread thread : bad) {
			thread.join();
		}
		int before = this.granted.get();
		assertThat(before).as("locks of the innocent").isPositive();
		assertThat(this.overflows).as("overflows").hasPositiveValue();
		org.awaitility.Awaitility.await()
			.atMost(20, TimeUnit.SECONDS)
			.untilAsserted(() -> assertThat(this.granted).as("they go on").hasValueGreaterThan(before + 100));
		over.set(true);
		for (Thread thread : good) {
			thread.join();
		}
		assertThat(this.violations).isEmpty();
		assertThat(this.redlock.whenIdle().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(20));
		this.redlock.close();
		this.nodes.close();
		this.servers.forEach(RedisServer::close);
	}

	private static Thread started(Thread thread) {
		thread.setDaemon(true);
		thread.start();
		return thread;
	}

}
