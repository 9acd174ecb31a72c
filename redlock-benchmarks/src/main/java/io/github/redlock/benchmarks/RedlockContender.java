package io.github.redlock.benchmarks;

import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;

/**
 * The lock of this project. It is extended automatically, as under the annotation.
 */
final class RedlockContender implements Contender {

	private final DefaultRedlock redlock;

	private final RedisLockNodes nodes;

	private final LockOptions options = LockOptions.builder().autoExtend(true).waitTime(WAIT).build();

	RedlockContender(List<Integer> ports, Duration ttl, boolean fencing) {
		this(nodes(ports), ttl, fencing);
	}

	RedlockContender(RedisLockNodes nodes, Duration ttl, boolean fencing) {
		this.nodes = nodes;
		this.redlock = new RedlockBuilder().nodes(this.nodes.nodes()).defaultTtl(ttl).fencing(fencing).build();
	}

	private static RedisLockNodes nodes(List<Integer> ports) {
		RedisLockNodes nodes = new RedisLockNodes("redlock:");
		for (int port : ports) {
			nodes.add(new RedisNodeSettings(Nodes.HOST + ":" + port, Nodes.HOST, port, null, null, 0, null),
					Duration.ofSeconds(1), Duration.ofMillis(200));
		}
		return nodes;
	}

	DefaultRedlock redlock() {
		return this.redlock;
	}

	@Override
	public @Nullable Object lock(String resource) {
		try {
			return this.redlock.acquire(resource, this.redlock.defaultTtl(), this.options);
		}
		catch (LockNotAcquiredException ex) {
			return null;
		}
	}

	@Override
	public void unlock(Object lock) {
		((LockHandle) lock).release();
	}

	@Override
	public void close() {
		this.redlock.close();
		this.nodes.close();
	}

}
