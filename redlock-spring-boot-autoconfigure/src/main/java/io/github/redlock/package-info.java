/**
 * The lock as a user sees it: {@link io.github.redlock.Redlock} takes locks,
 * {@link io.github.redlock.LockHandle} is one lock, and everything that can go wrong is a
 * {@link io.github.redlock.RedlockException}. Nothing here depends on Redis or Spring.
 * <p>
 * This page says what holds for all packages; theirs say what differs.
 * <dl>
 * <dt>Threads</dt>
 * <dd>A {@link io.github.redlock.Redlock}, its handles and its signals may be used by any
 * thread at any time. Options, votes and reports are immutable. Builders are not
 * thread-safe. A {@link io.github.redlock.RedlockListener} may block, a
 * {@link io.github.redlock.RedlockObserver} must not.</dd>
 * <dt>Null</dt>
 * <dd>No argument and no result is {@code null} unless it is marked
 * {@link org.jspecify.annotations.Nullable}.</dd>
 * <dt>Stability</dt>
 * <dd>Public types are the API. A patch release breaks neither source nor binary
 * compatibility with the release before. Until 1.0 a minor release may; the changelog
 * then names the change. Interfaces that applications implement get new methods with a
 * default only. Texts of messages and logs may change at any time, and so may the
 * serialized form of exceptions: all processes that exchange them need the same
 * version.</dd>
 * </dl>
 *
 * @serial exclude
 */
@NullMarked
package io.github.redlock;

import org.jspecify.annotations.NullMarked;
