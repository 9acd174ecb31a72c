package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.Redlock;

/**
 * Runs a method under its lock.
 */
final class DistributedLockInterceptor implements MethodInterceptor {

	private final Supplier<Redlock> redlock;

	private final DistributedLockAttributeSource attributeSource;

	private final BeanFactory beanFactory;

	DistributedLockInterceptor(Supplier<Redlock> redlock, DistributedLockAttributeSource attributeSource,
			BeanFactory beanFactory) {
		this.redlock = redlock;
		this.attributeSource = attributeSource;
		this.beanFactory = beanFactory;
	}

	@Override
	public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		DistributedLockAttributes attributes = attributes(invocation);
		List<String> resources = attributes.resources(invocation, this.beanFactory);
		List<LockHandle> outer = CurrentLock.findAnyOf(resources);
		return outer.isEmpty() ? lock(resources, attributes, invocation) : join(outer, resources, invocation);
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
					"No @DistributedLock found for " + new LockedMethod(method) + "; it was not run unlocked"));
	}

	private static @Nullable Object join(List<LockHandle> outer, List<String> resources, MethodInvocation invocation)
			throws Throwable {
		List<String> held = outer.stream().flatMap((lock) -> lock.resources().stream()).distinct().toList();
		if (!held.containsAll(resources)) {
			throw new IllegalStateException("This thread holds " + held + " and now asks for " + resources
					+ ": it would hold one lock while it waits for another. Lock them together in the outer method.");
		}
		for (LockHandle lock : outer) {
			if (!lock.isValid()) {
				throw new LockLostException(lock.resources(), "Lost the lock on " + lock.resources()
						+ " before a nested method that needs it was called; the method was not run", null);
			}
		}
		return proceed(outer.get(0), invocation);
	}

	private @Nullable Object lock(List<String> resources, DistributedLockAttributes attributes,
			MethodInvocation invocation) throws Throwable {
		Redlock redlock = this.redlock.get();
		return redlock.<@Nullable Object, Throwable>using(resources,
				(attributes.ttl() != null) ? attributes.ttl() : redlock.defaultTtl(), attributes.options(),
				(lock, signal) -> proceed(lock, invocation));
	}

	private static @Nullable Object proceed(LockHandle lock, MethodInvocation invocation) throws Throwable {
		CurrentLock.push(lock);
		try {
			return invocation.proceed();
		}
		finally {
			CurrentLock.pop();
		}
	}

}
