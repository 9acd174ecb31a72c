package io.github.redlock.fault;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;

import javax.net.ssl.SSLContext;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.RedlockException;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.redis.TlsSettings;

/**
 * One caller in which an error is thrown somewhere in the transport, beside an innocent
 * one. Loaded by a {@link FaultClassLoader}; takes and returns types of the JDK.
 */
public final class FaultScenario implements BiFunction<List<Integer>, SSLContext, Object> {

	private static final Duration TTL = Duration.ofMillis(700);

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private final List<Jedis> servers = new ArrayList<>();

	private final List<String> violations = new ArrayList<>();

	/**
	 * Run it.
	 * @param ports those of the servers, and last the call site, or -1 to find out which
	 * there are
	 * @param tls for encrypted nodes, {@code null} for clear text
	 * @return the call sites, or what was wrong
	 */
	@Override
	public Object apply(List<Integer> ports, SSLContext tls) {
		DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder();
		if (tls != null) {
			config.ssl(true).sslSocketFactory(tls.getSocketFactory());
		}
		int site = ports.get(ports.size() - 1);
		RedisLockNodes nodes = new RedisLockNodes("redlock:");
		for (int port : ports.subList(0, ports.size() - 1)) {
			nodes.add(
					new RedisNodeSettings("node" + port, "127.0.0.1", port, null, null, 0,
							(tls != null) ? new TlsSettings(tls) : null),
					Duration.ofSeconds(1), Duration.ofMillis(200));
			this.servers.add(new Jedis(new HostAndPort("127.0.0.1", port), config.build()));
		}
		try (DefaultRedlock redlock = new RedlockBuilder().nodes(nodes.nodes()).build()) {
			return run(redlock, site);
		}
		finally {
			FaultPoint.disarm();
			nodes.close();
			this.servers.forEach(Jedis::close);
		}
	}

	private Object run(DefaultRedlock redlock, int site) {
		lockAndRelease(redlock, "warm");
		AtomicBoolean stop = new AtomicBoolean();
		AtomicLong granted = new AtomicLong();
		Thread bystander = new Thread(() -> {
			while (!stop.get()) {
				try {
					redlock.acquire("bystander", TTL).release();
					granted.incrementAndGet();
				}
				catch (RedlockException ex) {
					// It may lose a vote.
				}
			}
		});
		bystander.start();
		Thread victim = new Thread(() -> {
			if (site < 0) {
				FaultPoint.record();
			}
			else {
				FaultPoint.arm(site);
			}
			lockAndRelease(redlock, "victim");
			FaultPoint.disarm();
		});
		victim.start();
		join(victim, "the caller in which the error is thrown");
		check(redlock, granted);
		stop.set(true);
		join(bystander, "the innocent caller");
		CompletionStage<Void> idle = redlock.whenIdle();
		isIn(idle.toCompletableFuture(), "nobody waits and nothing is held");
		return (site < 0) ? List.copyOf(FaultPoint.passed())
				: this.violations.isEmpty() ? "" : this.violations.toString();
	}

	/** What may throw here is the caller's own. */
	private void lockAndRelease(DefaultRedlock redlock, String resource) {
		try {
			Optional<LockHandle> lock = redlock.tryAcquire(List.of(resource), TTL, LockOptions.defaults());
			if (lock.isPresent()) {
				long holding = this.servers.stream()
					.filter((server) -> lock.get().value().equals(server.get("redlock:" + resource)))
					.count();
				if (lock.get().isValid() && holding < 2) {
					this.violations.add(resource + " is valid, and on " + holding + " nodes");
				}
				lock.get().release();
			}
		}
		catch (RedlockException | StackOverflowError ex) {
			// As wanted.
		}
	}

	/** Everybody goes on, and gets what was left behind when it has expired. */
	private void check(DefaultRedlock redlock, AtomicLong granted) {
		long before = granted.get();
		CompletableFuture<Boolean> others = CompletableFuture.supplyAsync(() -> {
			LockOptions patient = LockOptions.builder().waitTime(Duration.ofSeconds(10)).build();
			for (String resource : new String[] { "victim", "other" }) {
				redlock.acquire(List.of(resource), TTL, patient).release();
			}
			return true;
		});
		isIn(others, "others lock");
		try {
			Awaitility.await().atMost(PATIENCE).until(() -> granted.get() > before);
		}
		catch (ConditionTimeoutException ex) {
			this.violations.add("the innocent caller is not granted a lock any more");
		}
	}

	private void isIn(CompletableFuture<?> future, String what) {
		try {
			future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException | ExecutionException ex) {
			this.violations.add("not so: " + what + ": " + ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void join(Thread thread, String what) {
		try {
			thread.join(PATIENCE.toMillis());
			if (thread.isAlive()) {
				this.violations.add(what + " hangs at " + List.of(thread.getStackTrace()));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
