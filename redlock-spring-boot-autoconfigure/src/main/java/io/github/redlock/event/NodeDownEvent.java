package io.github.redlock.event;

/**
 * A node was marked down.
 *
 * @param node the node's name
 * @param error the last error
 * @since 0.1.0
 */
public record NodeDownEvent(String node, Throwable error) {
}
