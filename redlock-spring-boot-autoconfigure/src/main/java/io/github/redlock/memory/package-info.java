/**
 * Locks within one JVM, for tests of applications that use the lock.
 * <p>
 * Thread-safe. The promises of the lock hold inside one application context and nowhere
 * else.
 */
@NullMarked
package io.github.redlock.memory;

import org.jspecify.annotations.NullMarked;
