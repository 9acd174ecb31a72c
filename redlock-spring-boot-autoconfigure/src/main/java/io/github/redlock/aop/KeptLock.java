package io.github.redlock.aop;

import java.util.Optional;

/**
 * A lock that stays with its thread after the method that took it, until it is released.
 * Another thread may do that.
 */
final class KeptLock {

	private final HeldLock held;

	private volatile boolean released;

	KeptLock(HeldLock held) {
		this.held = held;
	}

	/**
	 * The lock, unless it has been released.
	 */
	Optional<HeldLock> lockIfHeld() {
		return this.released ? Optional.empty() : Optional.of(this.held);
	}

	/**
	 * From now on it does not count any more.
	 */
	void released() {
		this.released = true;
	}

}
