package io.github.redlock.event;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;

/**
 * A lock was lost before its release.
 *
 * @param lock the lock, invalid by now
 * @param error how it was lost
 * @since 0.1.0
 */
public record LockLostEvent(LockHandle lock, LockLostException error) {
}
