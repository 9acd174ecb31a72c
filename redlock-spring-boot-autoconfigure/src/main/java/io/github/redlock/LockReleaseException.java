package io.github.redlock;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A release was not confirmed by a quorum. The lock is not valid any more on our side;
 * its keys may still be there. The release is sent again to each node that comes back
 * before the time to live has passed; otherwise the keys expire by themselves.
 *
 * @since 0.1.0
 */
public class LockReleaseException extends RedlockException {

	private static final long serialVersionUID = 1L;

	private final String[] resources;

	private final Attempts attempt;

	/**
	 * Create an exception.
	 * @param resources what was locked
	 * @param attempt every node's vote
	 * @param message what happened
	 * @param cause the last node error, if there was one
	 */
	public LockReleaseException(List<String> resources, ExecutionStats attempt, String message,
			@Nullable Throwable cause) {
		super(message, cause);
		this.resources = List.copyOf(resources).toArray(String[]::new);
		this.attempt = new Attempts(List.of(attempt));
	}

	/**
	 * What was locked.
	 * @return the resources
	 */
	public List<String> getResources() {
		return List.of(this.resources);
	}

	/**
	 * The release with every node's vote.
	 * @return the attempt
	 */
	public ExecutionStats getAttempt() {
		return this.attempt.list().get(0);
	}

	@Override
	LockReleaseException withCause(@Nullable Throwable cause) {
		return new LockReleaseException(getResources(), getAttempt(), String.valueOf(getMessage()), cause);
	}

}
