package io.github.redlock.spi;

/**
 * A {@link LockNode} may implement this if the threads that wait for its answers do its
 * input and output.
 *
 * @since 0.1.0
 */
public interface NodeIo extends CatchingUp {

	/**
	 * How a thread should wait for answers of this node. Nodes of one lock may share it.
	 * @return the way to wait
	 */
	Awaiter awaiter();

	/**
	 * A probe was not answered in time. If nothing at all has arrived since it was sent,
	 * the connection is dead: what is on its way is lost, and the next request opens
	 * another one.
	 */
	void reset();

}
