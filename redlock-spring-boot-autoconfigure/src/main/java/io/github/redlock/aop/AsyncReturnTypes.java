package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import org.springframework.core.KotlinDetector;
import org.springframework.util.ClassUtils;

/**
 * Methods whose work goes on after they have returned. A lock that was released on return
 * would not protect that work, and nobody would notice; so they are refused at start-up.
 */
final class AsyncReturnTypes {

	private static final List<String> OPTIONAL_TYPES = List.of("org.reactivestreams.Publisher",
			"kotlinx.coroutines.flow.Flow", "kotlinx.coroutines.Deferred");

	private AsyncReturnTypes() {
	}

	static void refuse(Method method) {
		boolean asynchronous = KotlinDetector.isSuspendingFunction(method)
				|| Stream.of(CompletionStage.class, Future.class, Flow.Publisher.class)
					.anyMatch((type) -> type.isAssignableFrom(method.getReturnType()))
				|| OPTIONAL_TYPES.stream().anyMatch((type) -> isAssignable(type, method));
		if (asynchronous) {
			throw new LockedMethod(method).unsuitable(
					"the method's work may go on after it returned a " + method.getReturnType().getSimpleName()
							+ ", and the lock would not cover that",
					"Take the annotation away and call Redlock.usingAsync(...) inside, which holds the lock until the"
							+ " result completes");
		}
	}

	private static boolean isAssignable(String type, Method method) {
		ClassLoader classLoader = method.getDeclaringClass().getClassLoader();
		return ClassUtils.isPresent(type, classLoader)
				&& ClassUtils.resolveClassName(type, classLoader).isAssignableFrom(method.getReturnType());
	}

}
