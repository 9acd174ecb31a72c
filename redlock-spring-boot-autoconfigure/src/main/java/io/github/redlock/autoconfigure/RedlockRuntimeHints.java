package io.github.redlock.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * What a native image has to keep.
 */
final class RedlockRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		hints.resources().registerPattern("io/github/redlock/redis/*.lua");
		// RedlockFactory looks for it by its name.
		hints.reflection().registerTypeIfPresent(classLoader, RedlockFactory.JEDIS, (hint) -> {
		});
	}

}
