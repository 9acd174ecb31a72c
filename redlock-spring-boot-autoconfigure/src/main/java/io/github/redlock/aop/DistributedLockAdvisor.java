package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.Objects;
import java.util.function.Supplier;

import org.aopalliance.aop.Advice;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.Pointcut;
import org.springframework.aop.support.AbstractPointcutAdvisor;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.Ordered;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.interceptor.TransactionAttributeSource;

import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;

/**
 * Puts the lock around every method that has {@link DistributedLock}. Its order places it
 * outside a transaction, whose advice has the lowest precedence by default, so that the
 * commit comes before the release.
 *
 * @since 0.1.0
 */
public final class DistributedLockAdvisor extends AbstractPointcutAdvisor {

	/**
	 * The order of the advice. Spring's own advice for transactions and caches comes
	 * later, which means further inside, unless it was given another order.
	 */
	public static final int ORDER = Ordered.LOWEST_PRECEDENCE - 100;

	private static final long serialVersionUID = 1L;

	private final transient Pointcut pointcut = new LockedMethods();

	private final transient Advice advice;

	private final transient DistributedLockAttributeSource attributeSource;

	private final transient RedlockBeanResolver redlockResolver;

	/**
	 * Create an advisor.
	 * @param redlock takes the locks where the annotation names no other; asked for at
	 * the first call, since an advisor is made before ordinary beans
	 * @param beanFactory resolves placeholders, and beans in key expressions
	 */
	public DistributedLockAdvisor(Supplier<Redlock> redlock, ConfigurableListableBeanFactory beanFactory) {
		this.attributeSource = new DistributedLockAttributeSource((text) -> {
			String resolved = beanFactory.resolveEmbeddedValue(text);
			return (resolved != null) ? resolved : "";
		}, (method, targetClass) -> hasOwnTransaction(beanFactory, method, targetClass));
		this.redlockResolver = new RedlockBeanResolver(redlock, beanFactory);
		this.advice = new DistributedLockInterceptor(this.redlockResolver::resolve, this.attributeSource, beanFactory);
		setOrder(ORDER);
	}

	/**
	 * Whether a method runs in a transaction of its own, or in none, where its caller has
	 * one: what it has done is there for everybody when it ends.
	 */
	private static boolean hasOwnTransaction(ConfigurableListableBeanFactory beanFactory, Method method,
			Class<?> targetClass) {
		return beanFactory.getBeanProvider(TransactionAttributeSource.class)
			.stream()
			.map((source) -> source.getTransactionAttribute(method, targetClass))
			.filter(Objects::nonNull)
			.map(TransactionDefinition::getPropagationBehavior)
			.anyMatch((propagation) -> propagation == TransactionDefinition.PROPAGATION_REQUIRES_NEW
					|| propagation == TransactionDefinition.PROPAGATION_NOT_SUPPORTED);
	}

	DistributedLockAttributeSource attributeSource() {
		return this.attributeSource;
	}

	RedlockBeanResolver redlockResolver() {
		return this.redlockResolver;
	}

	@Override
	public Pointcut getPointcut() {
		return this.pointcut;
	}

	@Override
	public Advice getAdvice() {
		return this.advice;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return this == other;
	}

	@Override
	public int hashCode() {
		return System.identityHashCode(this);
	}

	private static final class LockedMethods extends StaticMethodMatcherPointcut {

		private LockedMethods() {
			setClassFilter(DistributedLockAttributeSource::isCandidate);
		}

		@Override
		public boolean matches(Method method, Class<?> targetClass) {
			return DistributedLockAttributeSource.find(method, targetClass) != null;
		}

	}

}
