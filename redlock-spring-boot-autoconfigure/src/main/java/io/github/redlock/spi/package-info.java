/**
 * What the lock needs from the outside: nodes that vote, and a source of time. Nothing
 * here knows Redis or Spring, so that the algorithm can be run on simulated nodes in
 * simulated time.
 * <p>
 * For those who bring a node of their own; an application that only locks needs nothing
 * of it. Implementations have to be thread-safe and must not block unless their method
 * says that they may. {@link io.github.redlock.spi.Vote} is sealed: the kinds of votes
 * are part of the protocol, and one more is a change of the API.
 *
 * @serial exclude
 */
@NullMarked
package io.github.redlock.spi;

import org.jspecify.annotations.NullMarked;
