package io.github.redlock.spi;

import java.util.concurrent.CompletionStage;

/**
 * A {@link LockNode} may implement this if answers can have arrived, or be about to be
 * delivered, when a request is given up: what is slow may be this process.
 *
 * @since 0.1.0
 */
public interface CatchingUp {

	/**
	 * Deliver the answers that have arrived already: before a request is given up that
	 * was not answered in time. Nobody waits for that longer than another command
	 * timeout. Thread-safe; never blocks.
	 * @return a stage that completes when they are delivered
	 */
	CompletionStage<Void> catchUp();

}
