/**
 * What makes {@link io.github.redlock.annotation.DistributedLock} work: an interceptor
 * that turns attributes into calls of {@link io.github.redlock.Redlock} and holds no
 * algorithm of its own.
 */
@NullMarked
package io.github.redlock.aop;

import org.jspecify.annotations.NullMarked;
