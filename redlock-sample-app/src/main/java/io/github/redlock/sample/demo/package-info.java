/**
 * The page that shows the lock at work: nodes to break, locks that are held, a sale with
 * and without the lock, and a holder that oversleeps. An application of your own has none
 * of this.
 */
@NullMarked
package io.github.redlock.sample.demo;

import org.jspecify.annotations.NullMarked;
