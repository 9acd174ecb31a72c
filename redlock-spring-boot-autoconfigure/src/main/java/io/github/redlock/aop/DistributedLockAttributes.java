package io.github.redlock.aop;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;

import io.github.redlock.LockOptions;

/**
 * The parsed annotation of one method: every placeholder resolved, every value checked.
 *
 * @param keys the keys, none if the name says it all
 * @param name put in front of the keys, or the resource itself; empty for none
 * @param ttl the ttl, {@code null} for the default
 * @param options wait time and auto-extension
 */
record DistributedLockAttributes(List<LockKeyExpression> keys, String name, @Nullable Duration ttl,
		LockOptions options) {

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

}
