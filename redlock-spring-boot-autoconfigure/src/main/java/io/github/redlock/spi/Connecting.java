package io.github.redlock.spi;

import java.time.Duration;

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
	 * @return whether it is
	 */
	boolean isConnecting();

	/**
	 * Tell when an attempt to open a connection has ended, whatever its result. The
	 * listener is called by any thread, does not block and throws nothing.
	 * @param listener called from now on, beside other listeners
	 */
	void onConnectingEnded(Runnable listener);

	/**
	 * How long a request waits for that at most, so that nobody waits without an end.
	 * @return the connect timeout, with the time for a login
	 */
	Duration connectTime();

}
