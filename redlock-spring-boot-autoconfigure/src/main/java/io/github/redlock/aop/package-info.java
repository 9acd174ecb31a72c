/**
 * What makes {@link io.github.redlock.annotation.DistributedLock} work: an interceptor
 * that turns attributes into calls of {@link io.github.redlock.Redlock} and holds no
 * algorithm of its own.
 * <p>
 * Applications use {@link io.github.redlock.aop.CurrentLock} and
 * {@link io.github.redlock.aop.ReactiveCurrentLock}, whose methods see the lock of the
 * calling thread or reactive chain only. {@code DistributedLockAdvisor} and
 * {@code DistributedLockValidator} are public for the auto-configuration, and may change
 * with any release.
 */
@NullMarked
package io.github.redlock.aop;

import org.jspecify.annotations.NullMarked;
