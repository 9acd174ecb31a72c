package io.github.redlock.autoconfigure;

import io.github.redlock.core.RedlockBuilder;

/**
 * A bean of this type changes the builder after the properties were applied. Several are
 * called in their order.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface RedlockBuilderCustomizer {

	/**
	 * Change the builder.
	 * @param builder holds what the properties say
	 */
	void customize(RedlockBuilder builder);

}
