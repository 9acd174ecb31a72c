package io.github.redlock.aop;

import java.util.Collection;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;

/**
 * A lock and the {@link Redlock} that took it: a lock on the same resource on other nodes
 * is another lock.
 *
 * @param redlock took it
 * @param lock the lock
 */
record HeldLock(Redlock redlock, LockHandle lock) {

	boolean covers(Redlock redlock, Collection<String> resources) {
		return this.redlock.equals(redlock) && this.lock.resources().stream().anyMatch(resources::contains);
	}

}
