/**
 * For tests of applications: locked methods in a slice of one.
 */
@NullMarked
package io.github.redlock.test;

import org.jspecify.annotations.NullMarked;
