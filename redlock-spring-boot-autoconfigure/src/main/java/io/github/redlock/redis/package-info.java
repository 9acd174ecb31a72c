/**
 * Nodes that are real Redis servers, reached through Spring Data Redis.
 * <p>
 * For applications that configure a lock without Spring Boot's properties.
 * {@link io.github.redlock.redis.RedisLockNodes} is put together by one thread; its nodes
 * may then be used by all. Settings and reports are immutable. Passwords never appear in
 * a text of this package.
 */
@NullMarked
package io.github.redlock.redis;

import org.jspecify.annotations.NullMarked;
