/**
 * Nodes that are real Redis servers, reached through Spring Data Redis.
 */
@NullMarked
package io.github.redlock.redis;

import org.jspecify.annotations.NullMarked;
