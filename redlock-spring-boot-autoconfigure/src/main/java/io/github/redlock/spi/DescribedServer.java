package io.github.redlock.spi;

import java.util.Optional;

/**
 * A {@link LockNode} may implement this if it knows what server it leads to.
 *
 * @since 0.1.0
 */
public interface DescribedServer {

	/**
	 * The server behind the connection in use. Thread-safe; never blocks.
	 * @return name and version, such as {@code Redis 7.0.15}, if known
	 */
	Optional<String> server();

}
