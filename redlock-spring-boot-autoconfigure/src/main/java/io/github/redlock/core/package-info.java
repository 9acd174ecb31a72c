/**
 * The algorithm. It knows no Spring and no Redis: nodes and time come in through
 * {@link io.github.redlock.spi}. Start reading at
 * {@link io.github.redlock.core.DefaultRedlock}.
 */
@NullMarked
package io.github.redlock.core;

import org.jspecify.annotations.NullMarked;
