package io.github.redlock.actuate;

import org.jspecify.annotations.Nullable;

import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.redis.RedisLockNodes;

/**
 * One lock client of the application, on its set of nodes.
 *
 * @param name of the set: {@code redlock} for {@code redlock.nodes}, else the name under
 * {@code redlock.sets}
 * @param redlock the client
 * @param nodes its nodes, {@code null} where they are in memory
 * @since 0.1.0
 */
public record RedlockSet(String name, DefaultRedlock redlock, @Nullable RedisLockNodes nodes) {
}
