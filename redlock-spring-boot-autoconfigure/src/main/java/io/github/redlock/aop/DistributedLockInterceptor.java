package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.util.function.SingletonSupplier;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;

/**
 * Runs a method under its lock.
 */
final class DistributedLockInterceptor implements MethodInterceptor {

	private final Function<String, Redlock> redlockResolver;

	private final DistributedLockAttributeSource attributeSource;

	private final BeanFactory beanFactory;

	private final Supplier<ObservationRegistry> observationRegistry;

	/**
	 * Create an interceptor.
	 * @param redlockResolver finds the bean by name or qualifier, the primary one by an
	 * empty name
	 */
	DistributedLockInterceptor(Function<String, Redlock> redlockResolver,
			DistributedLockAttributeSource attributeSource, BeanFactory beanFactory) {
		this.redlockResolver = redlockResolver;
		this.attributeSource = attributeSource;
		this.beanFactory = beanFactory;
		this.observationRegistry = SingletonSupplier.of(() -> beanFactory.getBeanProvider(ObservationRegistry.class)
			.getIfAvailable(() -> ObservationRegistry.NOOP));
	}

	@Override
	public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		DistributedLockAttributes attributes = attributes(invocation);
		LockedCall call;
		try {
			if (!attributes.applyTo(invocation, this.beanFactory)) {
				return invocation.proceed();
			}
			call = new LockedCall(attributes, this.redlockResolver.apply(attributes.redlock()),
					attributes.resources(invocation, this.beanFactory), invocation, SectionObservation.NONE);
		}
		catch (IllegalArgumentException ex) {
			return failed(attributes, ex);
		}
		ObservationRegistry registry = this.observationRegistry.get();
		return switch (attributes.kind()) {
			case VALUE, ASYNC -> registry.isNoop() ? runOnThisThread(call)
					: observe(SectionObservation.start(registry, attributes.options(), null), call);
			case FUTURE -> registry.isNoop() ? runFuture(call)
					: observeFuture(SectionObservation.start(registry, attributes.options(), null), call);
			case PUBLISHER -> ReactiveLocking.run(call, registry);
		};
	}

	private static @Nullable Object observe(SectionObservation section, LockedCall call) throws Throwable {
		return section.<@Nullable Object, Throwable>observe(() -> runOnThisThread(call.observedBy(section)));
	}

	private static CompletableFuture<@Nullable Object> observeFuture(SectionObservation section, LockedCall call) {
		return section.<@Nullable Object>observeFuture(() -> runFuture(call.observedBy(section)));
	}

	/**
	 * The attributes of the called method. The target may itself be a proxy, whose own
	 * class or the called interface has the annotation.
	 */
	private DistributedLockAttributes attributes(MethodInvocation invocation) {
		Method method = invocation.getMethod();
		Object target = invocation.getThis();
		Stream<Class<?>> types = (target != null)
				? Stream.of(AopUtils.getTargetClass(target), target.getClass(), method.getDeclaringClass())
				: Stream.of(method.getDeclaringClass());
		return types.map((type) -> this.attributeSource.get(method, type))
			.flatMap(Stream::ofNullable)
			.findFirst()
			.orElseThrow(() -> new IllegalStateException(
					"No @DistributedLock found for " + new LockedMethod(method) + "; the method was not run"));
	}

	/**
	 * Report a key or condition that cannot be used in the form of the method's result:
	 * an exception, a failed future or a failed publisher.
	 */
	private static Object failed(DistributedLockAttributes attributes, IllegalArgumentException error) {
		return switch (attributes.kind()) {
			case VALUE, ASYNC -> throw error;
			case FUTURE -> CompletableFuture.failedFuture(error);
			case PUBLISHER -> ReactiveLocking.failed(attributes, error);
		};
	}

	private static CompletableFuture<@Nullable Object> runFuture(LockedCall call) {
		List<LockHandle> outer = CurrentLock.findAnyOf(call.redlock(), call.resources());
		try {
			return call.joins(outer) ? FutureLocking.join(call, outer) : FutureLocking.run(call);
		}
		catch (IllegalArgumentException | IllegalStateException | RedlockException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private static @Nullable Object runOnThisThread(LockedCall call) throws Throwable {
		List<LockHandle> outer = CurrentLock.findAnyOf(call.redlock(), call.resources());
		if (call.joins(outer)) {
			return join(call, outer);
		}
		LockHandle lock;
		try {
			lock = call.acquire();
		}
		catch (LockNotAcquiredException ex) {
			call.section().notAcquired(ex);
			return call.instead(ex);
		}
		call.section().acquired(lock);
		return run(call, lock);
	}

	private static @Nullable Object join(LockedCall call, List<LockHandle> outer) throws Throwable {
		call.section().joined();
		Object result = null;
		Throwable error = null;
		try {
			result = finished(call, outer.get(0), call.proceed(outer.get(0)));
		}
		catch (Throwable ex) {
			error = ex;
		}
		// The outer method may only log the loss of its lock; this one has a reaction of
		// its own.
		Throwable outcome = call.outcomeOfJoined(outer.stream().filter(LockedCall::isLost).toList(), error);
		if (outcome != null) {
			throw outcome;
		}
		return result;
	}

	private static @Nullable Object run(LockedCall call, LockHandle lock) throws Throwable {
		Object result = null;
		Throwable error = null;
		try {
			result = LossInterrupt.watch(call, lock, () -> finished(call, lock, call.proceed(lock)));
		}
		catch (Throwable ex) {
			error = ex;
		}
		Throwable outcome = end(call, lock, error);
		if (outcome != null) {
			throw outcome;
		}
		return result;
	}

	/**
	 * The end of a method that holds a lock: release now, or when the caller's
	 * transaction ends.
	 * @return what to throw, if anything
	 */
	private static @Nullable Throwable end(LockedCall call, LockHandle lock, @Nullable Throwable error) {
		if (TransactionRelease.isWanted(call) && lock.isValid()) {
			TransactionRelease.register(lock, call);
			return error;
		}
		return call.outcome(error, LockedCall.release(lock));
	}

	/**
	 * Wait for the end of the work behind the result, and return the result.
	 */
	private static @Nullable Object finished(LockedCall call, LockHandle lock, @Nullable Object result)
			throws Throwable {
		if (result == null) {
			return null;
		}
		if (call.attributes().kind() == ResultKind.ASYNC) {
			Future<?> work = (result instanceof CompletionStage<?> stage) ? stage.toCompletableFuture()
					: (Future<?>) result;
			if (call.isInterruptedOnLoss()) {
				lock.lost().thenRun(() -> work.cancel(true));
			}
			FutureLocking.await(work);
		}
		else if (call.attributes().method().getReturnType() == Object.class && ResultKind.isUnfinished(result)) {
			throw new IllegalStateException(new LockedMethod(call.attributes().method()) + " returned a "
					+ result.getClass().getName() + ", whose work may go on without the lock; declare that result type"
					+ " instead of Object");
		}
		return result;
	}

}
