/**
 * Auto-configuration for Spring Boot. Nothing else depends on this package.
 */
@NullMarked
package io.github.redlock.autoconfigure;

import org.jspecify.annotations.NullMarked;
