package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;

import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.annotation.LockLossPolicy;

/**
 * The parsed annotation of one method: every placeholder resolved, every value checked.
 *
 * @param method the method of the target class
 * @param kind when its work is over
 * @param keys the keys, none if the name says it all
 * @param name put in front of the keys, or the resource itself; empty for none
 * @param condition whether to lock, {@code null} for always
 * @param ttl the ttl, {@code null} for the default
 * @param options wait time, auto-extension and the bounds of holding
 * @param reactions what happens where there is no lock or it is lost
 * @param releaseAfterTransaction whether a transaction of the caller is waited for, which
 * ends after that of the method
 * @param redlock the name or qualifier of the bean that takes the lock, empty for the
 * primary one
 */
record DistributedLockAttributes(Method method, ResultKind kind, List<LockKeyExpression> keys, String name,
		@Nullable LockExpression condition, @Nullable Duration ttl, LockOptions options, Reactions reactions,
		boolean releaseAfterTransaction, String redlock) {

	/**
	 * The ttl where this lock takes it.
	 */
	Duration ttl(Redlock redlock) {
		return (this.ttl != null) ? this.ttl : redlock.defaultTtl();
	}

	/**
	 * The options where this lock takes them: auto-extension that is switched off for all
	 * is off here.
	 */
	LockOptions options(Redlock redlock) {
		boolean switchedOff = this.options.autoExtend().orElse(true) && !defaults(redlock).autoExtend().orElse(true);
		return switchedOff ? this.options.toBuilder().autoExtend(false).build() : this.options;
	}

	/**
	 * The options where neither a call nor an annotation names them. A mock of the lock
	 * that nobody has told them has none.
	 */
	static LockOptions defaults(Redlock redlock) {
		LockOptions defaults = redlock.defaultOptions();
		return (defaults != null) ? defaults : LockOptions.defaults();
	}

	/**
	 * Whether this call is to be locked.
	 */
	boolean applyTo(MethodInvocation invocation, BeanFactory beanFactory) {
		if (this.condition == null) {
			return true;
		}
		Object value = this.condition.value(invocation, beanFactory);
		if (value instanceof Boolean applies) {
			return applies;
		}
		throw this.condition.unusable("\"" + value + "\", which is neither true nor false", null);
	}

	/**
	 * What one call has to lock.
	 */
	List<String> resources(MethodInvocation invocation, BeanFactory beanFactory) {
		if (this.keys.isEmpty()) {
			return List.of(this.name);
		}
		Set<String> resources = new LinkedHashSet<>();
		for (LockKeyExpression key : this.keys) {
			for (String evaluated : key.evaluate(invocation, beanFactory)) {
				resources.add(this.name.isEmpty() ? evaluated : this.name + ":" + evaluated);
			}
		}
		return List.copyOf(resources);
	}

	/**
	 * What happens where there is no lock or it is lost.
	 *
	 * @param onUnavailable if somebody else has it
	 * @param onNoQuorum if the nodes cannot say
	 * @param skipped what a skipped call returns, {@code null} if none is skipped
	 * @param fallback the method called instead, {@code null} if there is none
	 * @param onLost if it is lost
	 */
	record Reactions(LockFailurePolicy onUnavailable, LockFailurePolicy onNoQuorum, @Nullable SkippedResult skipped,
			@Nullable FallbackMethod fallback, LockLossPolicy onLost) {

		LockFailurePolicy to(LockNotAcquiredException error) {
			return switch (error.getReason()) {
				case HELD -> this.onUnavailable;
				case NO_QUORUM, EXPIRED -> this.onNoQuorum;
				case INTERRUPTED, CLOSED -> LockFailurePolicy.THROW;
			};
		}

	}

}
