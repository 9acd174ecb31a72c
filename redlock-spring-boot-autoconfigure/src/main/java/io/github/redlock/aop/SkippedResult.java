package io.github.redlock.aop;

import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

import org.springframework.core.CollectionFactory;
import org.springframework.core.ResolvableType;
import org.springframework.util.ClassUtils;

/**
 * What a skipped method returns: nothing, in the way of its result type. Publishers are
 * not made here.
 */
final class SkippedResult {

	private static final Map<Class<?>, Object> EMPTY = Map.of(Optional.class, Optional.empty(), OptionalInt.class,
			OptionalInt.empty(), OptionalLong.class, OptionalLong.empty(), OptionalDouble.class,
			OptionalDouble.empty());

	private SkippedResult() {
	}

	/**
	 * Refuse what cannot be nothing.
	 * @throws io.github.redlock.RedlockConfigurationException for a primitive type
	 */
	static void check(Method method, String attribute) {
		Class<?> type = method.getReturnType();
		if (type.isPrimitive() && type != void.class) {
			throw new LockedMethod(method).invalid(attribute, "SKIP",
					"does not go with the result type " + type + ", which has no value for nothing",
					"Return " + ClassUtils.resolvePrimitiveIfNecessary(type).getSimpleName() + " or an Optional"
							+ type.getSimpleName().substring(0, 1).toUpperCase(java.util.Locale.ROOT)
							+ type.getSimpleName().substring(1) + ", or use FALLBACK");
		}
	}

	static @Nullable Object of(Method method, ResultKind kind) {
		ResolvableType type = ResolvableType.forMethodReturnType(method);
		if (kind == ResultKind.FUTURE || kind == ResultKind.ASYNC) {
			CompletionStage<?> nothing = CompletableFuture.completedFuture(of(type.getGeneric(0).toClass()));
			return nothing;
		}
		return of(type.toClass());
	}

	private static @Nullable Object of(Class<?> type) {
		Object empty = EMPTY.get(type);
		if (empty != null) {
			return empty;
		}
		if (type.isArray()) {
			return Array.newInstance(type.getComponentType(), 0);
		}
		if (type == Iterable.class) {
			return List.of();
		}
		if (Collection.class.isAssignableFrom(type)) {
			return CollectionFactory.createCollection(type, 0);
		}
		return Map.class.isAssignableFrom(type) ? CollectionFactory.createMap(type, 0) : null;
	}

}
