package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.KotlinDetector;
import org.springframework.core.ResolvableType;
import org.springframework.util.ReflectionUtils;

import io.github.redlock.LockNotAcquiredException;

/**
 * The method that is called where there is no lock.
 *
 * @param method the method
 * @param exceptionAt where among its arguments the exception goes, -1 for nowhere
 */
record FallbackMethod(Method method, int exceptionAt) {

	/**
	 * Find the method of that name whose parameters and result fit; the one that takes
	 * the exception comes first.
	 * @throws io.github.redlock.RedlockConfigurationException if there is none
	 */
	static FallbackMethod find(String name, Method locked, Class<?> targetClass) {
		List<Method> named = Stream
			.concat(Arrays.stream(ReflectionUtils.getAllDeclaredMethods(targetClass)),
					Arrays.stream(targetClass.getMethods()))
			.filter((method) -> method.getName().equals(name) && !method.isBridge() && !method.equals(locked))
			.distinct()
			.toList();
		int exceptionAt = KotlinDetector.isSuspendingFunction(locked) ? locked.getParameterCount() - 1
				: locked.getParameterCount();
		for (int at : new int[] { exceptionAt, -1 }) {
			for (Method method : named) {
				if (hasParameters(method, locked, at) && returnsSame(method, locked, targetClass)) {
					ReflectionUtils.makeAccessible(method);
					return new FallbackMethod(method, at);
				}
			}
		}
		throw new LockedMethod(locked).invalid("fallback", name,
				named.isEmpty() ? "is no method of " + targetClass.getName()
						: "has other parameters or another result: " + named.stream().map(LockedMethod::new).toList(),
				"Give " + targetClass.getSimpleName() + " a method " + name
						+ " with the same parameters, optionally a LockNotAcquiredException after them, and the result "
						+ locked.getGenericReturnType().getTypeName());
	}

	private static boolean hasParameters(Method method, Method locked, int exceptionAt) {
		Class<?>[] expected = locked.getParameterTypes();
		Class<?>[] actual = method.getParameterTypes();
		if (exceptionAt < 0) {
			return Arrays.equals(expected, actual);
		}
		if (actual.length != expected.length + 1
				|| !actual[exceptionAt].isAssignableFrom(LockNotAcquiredException.class)
				|| !Throwable.class.isAssignableFrom(actual[exceptionAt])) {
			return false;
		}
		for (int i = 0; i < expected.length; i++) {
			if (actual[(i < exceptionAt) ? i : i + 1] != expected[i]) {
				return false;
			}
		}
		return true;
	}

	private static boolean returnsSame(Method method, Method locked, Class<?> targetClass) {
		ResolvableType result = ResolvableType.forMethodReturnType(method, targetClass);
		if (locked.getReturnType() == void.class) {
			return !ResultKind.mayBeUnfinished(result);
		}
		return KotlinDetector.isSuspendingFunction(method) == KotlinDetector.isSuspendingFunction(locked)
				&& ResolvableType.forMethodReturnType(locked, targetClass).isAssignableFrom(result);
	}

	@Nullable Object invoke(MethodInvocation invocation, LockNotAcquiredException error) throws Throwable {
		List<@Nullable Object> arguments = new ArrayList<>();
		for (Object argument : invocation.getArguments()) {
			arguments.add(argument);
		}
		if (this.exceptionAt >= 0) {
			arguments.add(this.exceptionAt, error);
		}
		return AopUtils.invokeJoinpointUsingReflection(target(invocation), this.method, arguments.toArray());
	}

	/**
	 * The bean itself, which may lie behind a second proxy.
	 */
	private static @Nullable Object target(MethodInvocation invocation) {
		Object target = invocation.getThis();
		Object next = target;
		while (next != null) {
			target = next;
			next = AopProxyUtils.getSingletonTarget(target);
		}
		return target;
	}

}
