package io.github.redlock.event;

import java.util.List;

import io.github.redlock.LockNotAcquiredException;

/**
 * An acquisition failed for good.
 *
 * @param resources what was to be locked
 * @param error why there is no lock
 * @since 0.1.0
 */
public record LockNotAcquiredEvent(List<String> resources, LockNotAcquiredException error) {
}
