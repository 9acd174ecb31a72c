package io.github.redlock.autoconfigure;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.util.ClassUtils;

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
		if (ClassUtils.isPresent(RedlockFactory.JEDIS, classLoader)) {
			// JedisConnections calls it where Spring Data Redis has it.
			hints.reflection()
				.registerTypeIfPresent(classLoader,
						"org.springframework.data.redis.connection.jedis.JedisConnectionFactory",
						(type) -> type.withMethod("setUseUnifiedJedis", List.of(TypeReference.of(boolean.class)),
								ExecutableMode.INVOKE));
		}
	}

}
