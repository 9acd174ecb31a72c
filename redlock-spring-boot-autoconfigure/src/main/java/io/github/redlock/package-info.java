/**
 * The lock as a user sees it: {@link io.github.redlock.Redlock} takes locks,
 * {@link io.github.redlock.LockHandle} is one lock, and everything that can go wrong is a
 * {@link io.github.redlock.RedlockException}. Nothing here depends on Redis or Spring.
 */
@NullMarked
package io.github.redlock;

import org.jspecify.annotations.NullMarked;
