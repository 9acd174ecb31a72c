package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.stream.BaseStream;
import java.util.stream.Stream;

import org.springframework.core.KotlinDetector;
import org.springframework.core.MethodParameter;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.ClassUtils;

import io.github.redlock.RedlockConfigurationException;

/**
 * When the work of a method is over, by its result type.
 */
enum ResultKind {

	/** When the method returns. */
	VALUE,

	/** When the returned future completes. */
	FUTURE,

	/**
	 * When the returned future completes; but the calling thread is one of an
	 * asynchronous executor, which may be blocked.
	 */
	ASYNC,

	/** When the returned publisher completes or is cancelled, once per subscription. */
	PUBLISHER;

	/**
	 * Types whose work may go on after the method, with an end that cannot be observed.
	 */
	private static final List<String> UNFINISHED = List.of(Callable.class.getName(), BaseStream.class.getName(),
			"kotlin.sequences.Sequence", "org.springframework.web.context.request.async.DeferredResult",
			"org.springframework.web.context.request.async.WebAsyncTask",
			"org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter",
			"org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody");

	/** Types of publishers, for which a library has to bring an adapter. */
	private static final List<String> PUBLISHERS = List.of(Flow.Publisher.class.getName(),
			"org.reactivestreams.Publisher", "io.reactivex.rxjava3.core.Single", "io.reactivex.rxjava3.core.Maybe",
			"io.reactivex.rxjava3.core.Completable", "io.reactivex.rxjava3.core.Observable",
			"kotlinx.coroutines.flow.Flow", "kotlinx.coroutines.Deferred", "io.smallrye.mutiny.Uni",
			"io.smallrye.mutiny.Multi");

	/**
	 * The kind of a method.
	 * @throws io.github.redlock.RedlockConfigurationException if no lock can be held
	 * until its work is over
	 */
	static ResultKind of(Method method, Class<?> targetClass) {
		Class<?> type = method.getReturnType();
		checkInside(method, targetClass);
		if (KotlinDetector.isSuspendingFunction(method)) {
			requireReactor(method, "a suspending function");
			if (!ClassUtils.isPresent("kotlinx.coroutines.reactor.MonoKt", ResultKind.class.getClassLoader())) {
				throw new LockedMethod(method).unsuitable(
						"Spring calls a suspending function through Reactor, and the library that connects both is missing",
						"Add org.jetbrains.kotlinx:kotlinx-coroutines-reactor");
			}
			return PUBLISHER;
		}
		if (Future.class.isAssignableFrom(type) || CompletionStage.class.isAssignableFrom(type)) {
			if (!type.isAssignableFrom(CompletableFuture.class)) {
				throw new LockedMethod(method).unsuitable(
						"the lock cannot give the caller a " + type.getName() + " that completes after the release",
						"Declare a CompletableFuture");
			}
			return isAsync(method, targetClass) ? ASYNC : FUTURE;
		}
		if (PublisherTypes.isPublisher(type)) {
			if (!PublisherTypes.canMake(type)) {
				throw new LockedMethod(method).unsuitable(
						"the lock cannot give the caller a " + type.getName() + " that ends after the release",
						"Declare the general type, such as Flux");
			}
			return PUBLISHER;
		}
		if (PUBLISHERS.stream().anyMatch((name) -> isAssignable(name, type))) {
			requireReactor(method, "a " + type.getSimpleName());
			throw new LockedMethod(method).unsuitable(
					"Spring's ReactiveAdapterRegistry does not know " + type.getName(),
					"Add the library that connects it to Reactor (kotlinx-coroutines-reactor for Kotlin), or return a"
							+ " Mono or a Flux");
		}
		if (UNFINISHED.stream().anyMatch((name) -> isAssignable(name, type))) {
			throw new LockedMethod(method).unsuitable(
					"the method's work may go on after it returned a " + type.getSimpleName()
							+ ", and the lock would not cover that",
					"Return the finished result or a CompletableFuture, or lock where the work is done");
		}
		return VALUE;
	}

	/**
	 * A result that contains something unfinished, such as a list of futures or a
	 * response with a publisher as its body, ends before that.
	 */
	private static void checkInside(Method method, Class<?> targetClass) {
		if (KotlinDetector.isSuspendingFunction(method)) {
			Class<?> result = new MethodParameter(method, -1).getParameterType();
			if (!result.getName().equals("kotlinx.coroutines.flow.Flow")
					&& mayBeUnfinished(ResolvableType.forClass(result))) {
				throw unfinishedInside(method, result);
			}
			return;
		}
		for (ResolvableType inside : ResolvableType.forMethodReturnType(method, targetClass).getGenerics()) {
			if (mayBeUnfinished(inside)) {
				throw unfinishedInside(method, inside.toClass());
			}
		}
	}

	private static RedlockConfigurationException unfinishedInside(Method method, Class<?> inside) {
		return new LockedMethod(method).unsuitable(
				"its result contains a " + inside.getName() + ", whose work may go on after the release",
				"Return the finished result, or the future or publisher itself");
	}

	/**
	 * Whether a type, or one inside it, is that of work which may go on.
	 */
	static boolean mayBeUnfinished(ResolvableType type) {
		Class<?> resolved = type.toClass();
		return Future.class.isAssignableFrom(resolved) || CompletionStage.class.isAssignableFrom(resolved)
				|| PublisherTypes.isPublisher(resolved)
				|| Stream.concat(PUBLISHERS.stream(), UNFINISHED.stream())
					.filter((name) -> !name.equals(Callable.class.getName()))
					.anyMatch((name) -> isAssignable(name, resolved))
				|| Arrays.stream(type.getGenerics()).anyMatch(ResultKind::mayBeUnfinished);
	}

	private static void requireReactor(Method method, String what) {
		if (!PublisherTypes.isReactorPresent()) {
			throw new LockedMethod(method).unsuitable(
					"to hold a lock until " + what + " has completed needs Reactor, which is not on the class path",
					"Add io.projectreactor:reactor-core");
		}
	}

	private static boolean isAsync(Method method, Class<?> targetClass) {
		return AnnotatedElementUtils.hasAnnotation(method, Async.class)
				|| AnnotatedElementUtils.hasAnnotation(targetClass, Async.class);
	}

	private static boolean isAssignable(String type, Class<?> result) {
		ClassLoader classLoader = (result.getClassLoader() != null) ? result.getClassLoader()
				: ResultKind.class.getClassLoader();
		return ClassUtils.isPresent(type, classLoader)
				&& ClassUtils.resolveClassName(type, classLoader).isAssignableFrom(result);
	}

	/**
	 * Whether a result that was declared as something else turns out to be unfinished.
	 */
	static boolean isUnfinished(Object result) {
		if (result instanceof CompletionStage<?> stage) {
			return !stage.toCompletableFuture().isDone();
		}
		if (result instanceof Future<?> future) {
			return !future.isDone();
		}
		return PublisherTypes.isPublisher(result.getClass());
	}

}
