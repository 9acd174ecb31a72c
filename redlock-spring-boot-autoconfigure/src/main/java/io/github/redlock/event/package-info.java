/**
 * Application events: what an application may want to react to with an
 * {@code @EventListener}, without knowing {@link io.github.redlock.RedlockListener}.
 * <p>
 * Events are immutable and may be handed to other threads. They are published on a
 * callback thread of the lock, those of one set of nodes in order. A later release may
 * add events, and components to their records.
 */
@NullMarked
package io.github.redlock.event;

import org.jspecify.annotations.NullMarked;
