package io.github.redlock.aop;

import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;

/**
 * What a key expression sees as {@code #root}.
 */
final class LockKeyRoot {

	private final Method method;

	private final @Nullable Object target;

	private final Object[] args;

	LockKeyRoot(Method method, @Nullable Object target, Object[] args) {
		this.method = method;
		this.target = target;
		this.args = args.clone();
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
		return this.target;
	}

	/**
	 * The class of that bean.
	 */
	public Class<?> getTargetClass() {
		return (this.target != null) ? AopUtils.getTargetClass(this.target) : this.method.getDeclaringClass();
	}

	/**
	 * The arguments of the call.
	 */
	public Object[] getArgs() {
		return this.args.clone();
	}

}
