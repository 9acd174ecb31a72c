/**
 * What an operator sees of locks and nodes: health, metrics and an endpoint. Each class
 * needs a library that is optional: Spring Boot's health or actuator module, or
 * Micrometer.
 * <p>
 * Thread-safe. Names of meters, tags and the fields of the endpoint are kept like the
 * API; the classes are made by the auto-configuration, and their constructors may change
 * with any release.
 */
@NullMarked
package io.github.redlock.actuate;

import org.jspecify.annotations.NullMarked;
