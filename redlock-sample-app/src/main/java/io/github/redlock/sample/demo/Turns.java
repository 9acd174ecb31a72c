package io.github.redlock.sample.demo;

import java.time.Duration;

import org.springframework.stereotype.Component;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;

/**
 * Sees to it that a sale or a story is going on once at a time, on all instances
 * together.
 */
@Component
@OnDemo
class Turns {

	private static final Duration TTL = Duration.ofSeconds(6);

	/** Whoever sees the end of the turn before may be faster than its release. */
	private static final LockOptions BRIEFLY = LockOptions.builder()
		.waitTime(Duration.ofSeconds(1))
		.autoExtend(true)
		.build();

	private final Redlock redlock;

	Turns(Redlock redlock) {
		this.redlock = redlock;
	}

	/**
	 * Take the turn, until the lock is released.
	 * @throws DemoConflictException if it is taken
	 */
	LockHandle take(String resource, String ifTaken) {
		try {
			return this.redlock.acquire(resource, TTL, BRIEFLY);
		}
		catch (LockNotAcquiredException ex) {
			if (ex.getReason() == Reason.HELD) {
				throw new DemoConflictException(ifTaken);
			}
			throw ex;
		}
	}

}
