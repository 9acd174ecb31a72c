package io.github.redlock.autoconfigure;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.context.annotation.Conditional;

import io.github.redlock.autoconfigure.RedlockProperties.Mode;

/**
 * Matches where {@code redlock.mode} has this value.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ ElementType.TYPE, ElementType.METHOD })
@Conditional(OnModeCondition.class)
@interface ConditionalOnMode {

	/**
	 * The mode that is needed.
	 */
	Mode value();

}
