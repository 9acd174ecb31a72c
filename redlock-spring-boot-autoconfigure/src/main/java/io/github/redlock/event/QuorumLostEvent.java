package io.github.redlock.event;

/**
 * Fewer nodes vote than a quorum: nothing can be acquired or extended.
 *
 * @param voting how many nodes vote
 * @param quorum how many have to
 * @since 0.1.0
 */
public record QuorumLostEvent(int voting, int quorum) {
}
