package io.github.redlock.spi;

import java.util.concurrent.CompletionStage;

/**
 * A {@link LockNode} may implement this if the threads that wait for its answers do its
 * input and output.
 *
 * @since 0.1.0
 */
public interface NodeIo {

	/**
	 * How a thread should wait for answers of this node. Nodes of one lock may share it.
	 * @return the way to wait
	 */
	Awaiter awaiter();

	/**
	 * Deliver the answers that have arrived already: before a request is given up that
	 * was not answered in time, because what is slow may be this process.
	 * @return a stage that completes when they are delivered
	 */
	CompletionStage<Void> catchUp();

	/**
	 * A probe was not answered in time. If nothing at all has arrived since it was sent,
	 * the connection is dead: what is on its way is lost, and the next request opens
	 * another one.
	 */
	void reset();

}
