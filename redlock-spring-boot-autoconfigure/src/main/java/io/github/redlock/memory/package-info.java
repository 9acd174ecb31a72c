/**
 * Locks within one JVM, for tests of applications that use the lock.
 */
@NullMarked
package io.github.redlock.memory;

import org.jspecify.annotations.NullMarked;
