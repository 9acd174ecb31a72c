/**
 * {@link io.github.redlock.annotation.DistributedLock} on a method or class, and
 * {@link io.github.redlock.annotation.ScheduledLock} for jobs. Nothing here depends on
 * Spring's proxies; {@link io.github.redlock.aop} makes the annotations work.
 * <p>
 * New attributes have a default that leaves annotated methods as they are. Attributes are
 * checked when the application starts, and the lock of a method may be taken by any
 * number of threads.
 */
@NullMarked
package io.github.redlock.annotation;

import org.jspecify.annotations.NullMarked;
