package io.github.redlock.event;

/**
 * As many nodes vote again as a quorum needs.
 *
 * @param voting how many nodes vote
 * @param quorum how many have to
 * @since 0.1.0
 */
public record QuorumRegainedEvent(int voting, int quorum) {
}
