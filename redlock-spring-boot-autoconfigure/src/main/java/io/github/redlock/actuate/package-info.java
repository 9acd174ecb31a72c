/**
 * What an operator sees of locks and nodes: health, metrics and an endpoint. Each class
 * needs a library that is optional: Spring Boot's health or actuator module, or
 * Micrometer.
 */
@NullMarked
package io.github.redlock.actuate;

import org.jspecify.annotations.NullMarked;
