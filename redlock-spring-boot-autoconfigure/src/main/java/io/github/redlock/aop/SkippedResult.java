package io.github.redlock.aop;

import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

import org.springframework.core.CollectionFactory;
import org.springframework.core.KotlinDetector;
import org.springframework.core.MethodParameter;
import org.springframework.core.ResolvableType;
import org.springframework.util.ClassUtils;

/**
 * What a skipped method returns: nothing, in the way of its result type.
 *
 * @param type the result type, of a future that of its result
 * @param future whether the method returns a future
 */
record SkippedResult(Class<?> type, boolean future) {

	private static final Map<Class<?>, Object> EMPTY = Map.of(Optional.class, Optional.empty(), OptionalInt.class,
			OptionalInt.empty(), OptionalLong.class, OptionalLong.empty(), OptionalDouble.class,
			OptionalDouble.empty());

	/**
	 * The result of a method.
	 * @param attribute where skipping was asked for
	 * @throws io.github.redlock.RedlockConfigurationException if it cannot be nothing
	 */
	static SkippedResult of(Method method, Class<?> targetClass, ResultKind kind, String attribute) {
		boolean future = kind == ResultKind.FUTURE || kind == ResultKind.ASYNC;
		boolean suspending = KotlinDetector.isSuspendingFunction(method);
		ResolvableType returned = ResolvableType.forMethodReturnType(method, targetClass);
		Class<?> type = suspending ? new MethodParameter(method, -1).getParameterType()
				: (future ? returned.getGeneric(0) : returned).toClass();
		SkippedResult result = new SkippedResult(type, future);
		result.check(method, kind, attribute, suspending);
		return result;
	}

	private void check(Method method, ResultKind kind, String attribute, boolean suspending) {
		LockedMethod locked = new LockedMethod(method);
		if (this.type.isPrimitive() && this.type != void.class) {
			String name = this.type.getName();
			throw locked.invalid(attribute, "SKIP",
					"does not go with the result type " + name + ", which has no empty value",
					"Return " + ClassUtils.resolvePrimitiveIfNecessary(this.type).getSimpleName() + " or an Optional"
							+ name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1) + ", or use FALLBACK");
		}
		if (kind == ResultKind.PUBLISHER && !suspending) {
			if (!PublisherTypes.canBeEmpty(this.type)) {
				throw locked.invalid(attribute, "SKIP",
						"does not go with the result type " + this.type.getName() + ", which cannot be empty",
						"Return a type that can, or use FALLBACK");
			}
			return;
		}
		Object value;
		try {
			value = value();
		}
		catch (RuntimeException ex) {
			throw locked.invalid(attribute, "SKIP",
					"does not go with the result type " + this.type.getName()
							+ ", of which no empty instance can be made",
					"Return a List, Set or Map, or use FALLBACK", ex);
		}
		if (value == null && isNeverNull(method)) {
			throw locked.invalid(attribute, "SKIP",
					"does not go with the result type " + this.type.getName() + ", which is not nullable",
					"Return a nullable type, or use FALLBACK");
		}
	}

	/**
	 * Whether the method is one of Kotlin whose result type is not nullable.
	 */
	private boolean isNeverNull(Method method) {
		return !this.future && this.type != void.class && !this.type.getName().equals("kotlin.Unit")
				&& KotlinDetector.isKotlinType(method.getDeclaringClass()) && KotlinDetector.isKotlinReflectPresent()
				&& !new MethodParameter(method, -1).isOptional();
	}

	/**
	 * A new result.
	 */
	@Nullable Object get() {
		if (!this.future) {
			return value();
		}
		CompletionStage<?> nothing = CompletableFuture.completedFuture(value());
		return nothing;
	}

	private @Nullable Object value() {
		Object empty = EMPTY.get(this.type);
		if (empty != null) {
			return empty;
		}
		if (this.type.isArray()) {
			return Array.newInstance(this.type.getComponentType(), 0);
		}
		if (this.type == Iterable.class) {
			return List.of();
		}
		if (Collection.class.isAssignableFrom(this.type)) {
			return CollectionFactory.createCollection(this.type, 0);
		}
		return Map.class.isAssignableFrom(this.type) ? CollectionFactory.createMap(this.type, 0) : null;
	}

}
