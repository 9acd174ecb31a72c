package io.github.redlock.aop;

import java.lang.reflect.Method;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;

/**
 * What a key expression sees as {@code #root}.
 */
final class LockKeyRoot {

	private final Method method;

	private final MethodInvocation invocation;

	LockKeyRoot(Method method, MethodInvocation invocation) {
		this.method = method;
		this.invocation = invocation;
	}

	/**
	 * The method of the target class.
	 */
	public Method getMethod() {
		return this.method;
	}

	/**
	 * The bean behind the proxy.
	 */
	public @Nullable Object getTarget() {
		return this.invocation.getThis();
	}

	/**
	 * The class of that bean.
	 */
	public Class<?> getTargetClass() {
		Object target = this.invocation.getThis();
		return (target != null) ? AopUtils.getTargetClass(target) : this.method.getDeclaringClass();
	}

	/**
	 * The arguments of the call.
	 */
	public @Nullable Object[] getArgs() {
		return this.invocation.getArguments().clone();
	}

}
