/**
 * Auto-configuration for Spring Boot. Nothing else depends on this package, except
 * {@link io.github.redlock.test}.
 * <p>
 * Applications implement the customizers and
 * {@link io.github.redlock.autoconfigure.RedlockConnectionDetails}. What they can rely on
 * otherwise are the properties under {@code redlock}, described by the configuration
 * metadata in the jar, and that each bean backs off where its documentation says so. The
 * configuration classes and {@code RedlockProperties} are public for Spring Boot, and
 * their methods may change with any release.
 */
@NullMarked
package io.github.redlock.autoconfigure;

import org.jspecify.annotations.NullMarked;
