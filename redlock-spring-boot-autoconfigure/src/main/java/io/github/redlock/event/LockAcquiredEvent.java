package io.github.redlock.event;

import io.github.redlock.LockHandle;

/**
 * A lock was acquired. Published with {@code redlock.lock-events=true} only.
 *
 * @param lock the lock
 * @since 0.1.0
 */
public record LockAcquiredEvent(LockHandle lock) {
}
