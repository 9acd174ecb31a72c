/**
 * A ticket shop that runs on several instances.
 */
@NullMarked
package io.github.redlock.sample;

import org.jspecify.annotations.NullMarked;
