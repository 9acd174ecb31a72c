package io.github.redlock.spi;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * A {@link LockNode} may implement this if one request can extend many locks.
 *
 * @since 0.1.0
 */
public interface BatchExtension {

	/**
	 * Whether {@link #extendAll} can be used. Otherwise every lock is extended when it is
	 * due, by itself.
	 * @return by default {@code true}
	 */
	default boolean extendsTogether() {
		return true;
	}

	/**
	 * Extend many locks, each as {@link LockNode#extend} does, and each for itself: what
	 * the node says of one has no effect on the others.
	 * @param requests the locks, of one resource each, all with the same time to live,
	 * all with or all without a token
	 * @return a vote for each request, in their order
	 */
	CompletionStage<List<Vote>> extendAll(List<LockRequest> requests);

}
