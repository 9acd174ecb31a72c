package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.stream.BaseStream;

import org.springframework.core.KotlinDetector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.ClassUtils;

/**
 * When the work of a method is over, by its result type.
 */
enum ResultKind {

	/** When the method returns. */
	VALUE,

	/** When the returned future completes. */
	FUTURE,

	/**
	 * When the returned future completes; but the calling thread is that of an
	 * asynchronous executor, which is there to be blocked.
	 */
	ASYNC,

	/** When the returned publisher completes or is cancelled, once per subscription. */
	PUBLISHER;

	private static final boolean REACTOR = ClassUtils.isPresent("reactor.core.publisher.Flux",
			ResultKind.class.getClassLoader());

	/** Types that are known to finish later in a way that nobody can follow. */
	private static final List<String> UNFINISHED = List.of(Callable.class.getName(), BaseStream.class.getName(),
			"kotlin.sequences.Sequence", "org.springframework.web.context.request.async.DeferredResult",
			"org.springframework.web.context.request.async.WebAsyncTask",
			"org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter",
			"org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody");

	/** Types that need an adapter, and where it comes from. */
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
		if (REACTOR && ReactiveLocking.isPublisher(type)) {
			if (!ReactiveLocking.canMake(type)) {
				throw new LockedMethod(method).unsuitable(
						"the lock cannot give the caller a " + type.getName() + " that ends after the release",
						"Declare the general type, such as Flux");
			}
			return PUBLISHER;
		}
		if (PUBLISHERS.stream().anyMatch((name) -> isAssignable(name, method))) {
			requireReactor(method, "a " + type.getSimpleName());
			throw new LockedMethod(method).unsuitable(
					"Spring's ReactiveAdapterRegistry does not know " + type.getName(),
					"Add the library that connects it to Reactor (kotlinx-coroutines-reactor for Kotlin), or return a"
							+ " Mono or a Flux");
		}
		if (UNFINISHED.stream().anyMatch((name) -> isAssignable(name, method))) {
			throw new LockedMethod(method).unsuitable(
					"the method's work may go on after it returned a " + type.getSimpleName()
							+ ", and the lock would not cover that",
					"Return the finished result or a CompletableFuture, or lock where the work is done");
		}
		return VALUE;
	}

	private static void requireReactor(Method method, String what) {
		if (!REACTOR) {
			throw new LockedMethod(method).unsuitable(
					"to hold a lock until " + what + " has completed needs Reactor, which is not on the class path",
					"Add io.projectreactor:reactor-core");
		}
	}

	private static boolean isAsync(Method method, Class<?> targetClass) {
		return AnnotatedElementUtils.hasAnnotation(method, Async.class)
				|| AnnotatedElementUtils.hasAnnotation(targetClass, Async.class);
	}

	private static boolean isAssignable(String type, Method method) {
		ClassLoader classLoader = method.getDeclaringClass().getClassLoader();
		return ClassUtils.isPresent(type, classLoader)
				&& ClassUtils.resolveClassName(type, classLoader).isAssignableFrom(method.getReturnType());
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
		return (REACTOR && ReactiveLocking.isPublisher(result.getClass()));
	}

}
