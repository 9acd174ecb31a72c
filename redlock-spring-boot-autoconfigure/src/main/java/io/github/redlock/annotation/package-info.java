/**
 * The annotation.
 */
@NullMarked
package io.github.redlock.annotation;

import org.jspecify.annotations.NullMarked;
