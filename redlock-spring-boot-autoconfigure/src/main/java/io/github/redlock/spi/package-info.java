/**
 * What the lock needs from the outside: nodes that vote, and a source of time. Nothing
 * here knows Redis or Spring, so that the algorithm can be run on simulated nodes in
 * simulated time.
 */
@NullMarked
package io.github.redlock.spi;

import org.jspecify.annotations.NullMarked;
