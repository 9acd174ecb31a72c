package io.github.redlock.event;

import io.github.redlock.LockHandle;

/**
 * A release was confirmed by a quorum. Published with {@code redlock.lock-events=true}
 * only.
 *
 * @param lock the lock, invalid by now
 * @param wasValid {@code false} if the lock had been lost before
 * @since 0.1.0
 */
public record LockReleasedEvent(LockHandle lock, boolean wasValid) {
}
