package io.github.redlock;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * There is no lock. Its release has been sent to every node, those included that failed
 * or have not answered; a key whose release is lost goes by its time to live.
 *
 * @since 0.1.0
 */
public class LockNotAcquiredException extends RedlockException {

	private static final long serialVersionUID = 1L;

	private final String[] resources;

	private final Reason reason;

	private final Attempts attempts;

	/**
	 * Create an exception.
	 * @param resources what was to be locked
	 * @param reason why there is no lock
	 * @param attempts the attempts, first to last
	 * @param message what happened
	 * @param cause the last node error, if there was one
	 */
	public LockNotAcquiredException(List<String> resources, Reason reason, List<ExecutionStats> attempts,
			String message, @Nullable Throwable cause) {
		super(message, cause);
		this.resources = List.copyOf(resources).toArray(String[]::new);
		this.reason = reason;
		this.attempts = new Attempts(attempts);
	}

	/**
	 * What was to be locked.
	 * @return the resources
	 */
	public List<String> getResources() {
		return List.of(this.resources);
	}

	/**
	 * Why there is no lock.
	 * @return the reason
	 */
	public Reason getReason() {
		return this.reason;
	}

	/**
	 * The attempts with every node's vote.
	 * @return the attempts, first to last; of more than six, the first and the last five.
	 * The message has their number
	 */
	public List<ExecutionStats> getAttempts() {
		return this.attempts.list();
	}

	@Override
	LockNotAcquiredException withCause(@Nullable Throwable cause) {
		return new LockNotAcquiredException(getResources(), this.reason, getAttempts(), String.valueOf(getMessage()),
				cause);
	}

	/**
	 * Why there is no lock.
	 */
	public enum Reason {

		/** A quorum answered, and somebody else has the resource, or competes for it. */
		HELD,

		/** Too few nodes answered. The resource may be free. */
		NO_QUORUM,

		/** A quorum granted the lock, but so late that no validity was left. */
		EXPIRED,

		/**
		 * The waiting thread was interrupted (its interrupt flag is set again) or the
		 * future was cancelled.
		 */
		INTERRUPTED,

		/** The {@link Redlock} was closed. */
		CLOSED

	}

}
