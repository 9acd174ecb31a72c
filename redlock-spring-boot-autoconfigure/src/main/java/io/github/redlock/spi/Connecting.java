package io.github.redlock.spi;

/**
 * A {@link LockNode} may implement this if its requests wait while it opens a connection.
 * The time that takes is not the server's: the command timeout of a request begins when
 * the connection is there, or could not be opened.
 *
 * @since 0.1.0
 */
public interface Connecting {

	/**
	 * Whether a connection is being opened, for which requests wait. Thread-safe; never
	 * blocks.
	 * @return {@code false} at the latest when opening takes longer than the connect
	 * timeout and the login allow: nobody may wait without an end
	 */
	boolean isConnecting();

}
