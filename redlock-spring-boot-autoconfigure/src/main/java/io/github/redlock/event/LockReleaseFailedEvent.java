package io.github.redlock.event;

import io.github.redlock.LockHandle;
import io.github.redlock.LockReleaseException;

/**
 * A release was not confirmed by a quorum.
 *
 * @param lock the lock, invalid by now
 * @param error every node's vote
 * @since 0.1.0
 */
public record LockReleaseFailedEvent(LockHandle lock, LockReleaseException error) {
}
