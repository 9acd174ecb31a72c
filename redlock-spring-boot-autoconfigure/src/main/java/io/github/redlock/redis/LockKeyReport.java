package io.github.redlock.redis;

import java.time.Duration;
import java.util.Optional;

/**
 * What one node says of a resource.
 *
 * @param node the name of the node
 * @param state whether it is locked there
 * @param owner the readable part of its value, if it has one
 * @param remaining how much longer it is locked there, if that ends by itself
 * @param error why the node said nothing, if it did not
 * @since 0.1.0
 */
public record LockKeyReport(String node, State state, Optional<String> owner, Optional<Duration> remaining,
		Optional<String> error) {

	static LockKeyReport free(String node) {
		return new LockKeyReport(node, State.FREE, Optional.empty(), Optional.empty(), Optional.empty());
	}

	static LockKeyReport failed(String node, Throwable error) {
		return new LockKeyReport(node, State.UNKNOWN, Optional.empty(), Optional.empty(),
				Optional.of(String.valueOf(error)));
	}

	/**
	 * What is known of the resource.
	 */
	public enum State {

		/** Nothing is there. */
		FREE,

		/** Somebody has it. */
		HELD,

		/** The node did not say. */
		UNKNOWN

	}

}
