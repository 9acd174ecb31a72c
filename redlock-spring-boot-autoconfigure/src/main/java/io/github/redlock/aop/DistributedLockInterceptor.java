package io.github.redlock.aop;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

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
		Object target = invocation.getThis();
		DistributedLockAttributes attributes = this.attributeSource.get(invocation.getMethod(),
				(target != null) ? AopUtils.getTargetClass(target) : invocation.getMethod().getDeclaringClass());
		if (attributes == null) {
			return invocation.proceed();
		}
		List<String> resources = attributes.resources(invocation, this.beanFactory);
		LockHandle outer = findOuter(resources);
		return (outer != null) ? join(outer, invocation) : lock(resources, attributes, invocation);
	}

	private static @Nullable LockHandle findOuter(List<String> resources) {
		LockHandle outer = CurrentLock.findAllOf(resources).orElse(null);
		if (outer == null) {
			CurrentLock.findAnyOf(resources).ifPresent((other) -> {
				throw new IllegalStateException("This thread holds " + other.resources() + " and now asks for "
						+ resources + ", which it would wait for itself to release. Lock them together in the outer"
						+ " method.");
			});
		}
		return outer;
	}

	private static @Nullable Object join(LockHandle outer, MethodInvocation invocation) throws Throwable {
		if (!outer.isValid()) {
			throw new LockLostException(outer.resources(), "Lost the lock on " + outer.resources()
					+ " before a nested method that needs it was called; the method was not run", null);
		}
		return proceed(outer, invocation);
	}

	private @Nullable Object lock(List<String> resources, DistributedLockAttributes attributes,
			MethodInvocation invocation) throws Throwable {
		Redlock redlock = this.redlock.get();
		return redlock
			.<Optional<Object>, Throwable>using(resources,
					(attributes.ttl() != null) ? attributes.ttl() : redlock.defaultTtl(), attributes.options(),
					(lock, signal) -> Optional.ofNullable(proceed(lock, invocation)))
			.orElse(null);
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
