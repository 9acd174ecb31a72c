package io.github.redlock.event;

/**
 * A node that was down votes again.
 *
 * @param node the node's name
 * @since 0.1.0
 */
public record NodeUpEvent(String node) {
}
