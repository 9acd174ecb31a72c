/**
 * Application events: what an application may want to react to with an
 * {@code @EventListener}, without knowing {@link io.github.redlock.RedlockListener}.
 */
@NullMarked
package io.github.redlock.event;

import org.jspecify.annotations.NullMarked;
