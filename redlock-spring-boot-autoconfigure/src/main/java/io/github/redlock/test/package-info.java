/**
 * For tests of applications: locked methods in a slice of one. Needs Spring's test
 * framework.
 */
@NullMarked
package io.github.redlock.test;

import org.jspecify.annotations.NullMarked;
