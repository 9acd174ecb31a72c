package io.github.redlock.core;

import java.util.List;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;

/**
 * How an acquisition ended. The exception is made when it is asked for, by the thread
 * that will throw it, so that its stack trace shows the caller.
 */
sealed interface AcquireOutcome {

	/**
	 * The lock.
	 * @throws LockNotAcquiredException if there is none
	 */
	DefaultLockHandle lockOrThrow();

	/**
	 * The lock, or empty if somebody else has it.
	 * @throws LockNotAcquiredException if there is none for another reason
	 */
	Optional<LockHandle> lockIfFree();

	record Acquired(DefaultLockHandle lock) implements AcquireOutcome {

		@Override
		public DefaultLockHandle lockOrThrow() {
			return this.lock;
		}

		@Override
		public Optional<LockHandle> lockIfFree() {
			return Optional.of(this.lock);
		}

	}

	record NotAcquired(List<String> resources, Reason reason, List<ExecutionStats> attempts, String message,
			@Nullable Throwable cause) implements AcquireOutcome {

		LockNotAcquiredException exception() {
			return new LockNotAcquiredException(this.resources, this.reason, this.attempts, this.message, this.cause);
		}

		@Override
		public DefaultLockHandle lockOrThrow() {
			throw exception();
		}

		@Override
		public Optional<LockHandle> lockIfFree() {
			if (this.reason == Reason.HELD) {
				return Optional.empty();
			}
			throw exception();
		}

	}

}
