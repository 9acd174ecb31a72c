package io.github.redlock.event;

/**
 * A node that was asked did not give a usable answer, even if the quorum made it
 * harmless.
 *
 * @param node the node's name
 * @param error what went wrong
 * @since 0.1.0
 */
public record NodeErrorEvent(String node, Throwable error) {
}
