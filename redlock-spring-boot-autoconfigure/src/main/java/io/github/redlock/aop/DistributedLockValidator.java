package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.interceptor.AsyncExecutionInterceptor;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.Aware;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.Ordered;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils.MethodFilter;

import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;

/**
 * Looks at every bean once all singletons exist, lazy and prototype beans included, and
 * stops the application if an annotation cannot work. An annotation that silently does
 * nothing is the worst kind of lock.
 *
 * @since 0.1.0
 */
public final class DistributedLockValidator implements SmartInitializingSingleton {

	/** Spring's advice for @Transactional; spring-tx need not be there. */
	private static final String TRANSACTION_ADVISOR = "org.springframework.transaction.interceptor."
			+ "BeanFactoryTransactionAttributeSourceAdvisor";

	private static final Logger logger = LoggerFactory.getLogger(DistributedLockValidator.class);

	private final DistributedLockAdvisor advisor;

	private final boolean failOnUnadvisable;

	private final ConfigurableListableBeanFactory beanFactory;

	private final DestructionOrder destructionOrder;

	/**
	 * Create a validator.
	 * @param advisor whose attributes are checked, and kept for the first call
	 * @param beanFactory whose beans are looked at
	 * @param failOnUnadvisable whether an annotation where no proxy can see it stops the
	 * application, or is only warned of
	 * @param partsOfLocks types of beans that a lock uses, and that are destroyed after
	 * it
	 */
	public DistributedLockValidator(DistributedLockAdvisor advisor, ConfigurableListableBeanFactory beanFactory,
			boolean failOnUnadvisable, Class<?>... partsOfLocks) {
		this.advisor = advisor;
		this.failOnUnadvisable = failOnUnadvisable;
		this.beanFactory = beanFactory;
		this.destructionOrder = new DestructionOrder(beanFactory, List.of(partsOfLocks));
	}

	/**
	 * Remember which beans are made from now on. The earlier, the better: one that is not
	 * seen is taken for an object that was put into the container.
	 * @param beanFactory makes the beans
	 */
	public static void recordMadeBeans(ConfigurableListableBeanFactory beanFactory) {
		MadeBeans.record(beanFactory);
	}

	/**
	 * The beans with locked methods, whether anything locks them or not.
	 * @param beanFactory makes the beans
	 * @return their names
	 */
	public static String[] namesOfLockedBeans(ConfigurableListableBeanFactory beanFactory) {
		return Stream.of(beanFactory.getBeanDefinitionNames()).filter((name) -> {
			Class<?> type = AutoProxyUtils.determineTargetClass(beanFactory, name);
			return type != null && !lockedMethods(ClassUtils.getUserClass(type)).isEmpty();
		}).toArray(String[]::new);
	}

	private static Set<Method> lockedMethods(Class<?> type) {
		return DistributedLockAttributeSource.isCandidate(type)
				? MethodIntrospector.selectMethods(type,
						(MethodFilter) (method) -> DistributedLockAttributeSource.find(method, type) != null)
				: Set.of();
	}

	@Override
	public void afterSingletonsInstantiated() {
		this.destructionOrder.apply(validate());
	}

	/**
	 * Look at the beans of a child context that has no validator of its own.
	 * @param child makes those beans
	 */
	public void validateChild(ConfigurableListableBeanFactory child) {
		new DistributedLockValidator(this.advisor, child, this.failOnUnadvisable).validate();
	}

	/**
	 * Look at every bean.
	 * @return the names of those with locked methods
	 */
	private Set<String> validate() {
		Set<String> locked = new LinkedHashSet<>();
		for (String beanName : this.beanFactory.getBeanDefinitionNames()) {
			Class<?> type = AutoProxyUtils.determineTargetClass(this.beanFactory, beanName);
			if (type != null) {
				Class<?> userClass = ClassUtils.getUserClass(type);
				if (Proxy.isProxyClass(userClass)) {
					// Another framework made it: the methods of its interfaces are looked
					// at,
					// since its own are all final.
					Stream.of(userClass.getInterfaces())
						.filter((each) -> isLocked(beanName, each))
						.forEach((each) -> locked.add(beanName));
				}
				else if (isLocked(beanName, userClass)) {
					locked.add(beanName);
				}
			}
		}
		return locked;
	}

	/**
	 * Check the locked methods of a bean, if it has any.
	 */
	private boolean isLocked(String beanName, Class<?> type) {
		Set<Method> methods = lockedMethods(type);
		if (!methods.isEmpty()) {
			validate(beanName, type, methods);
		}
		return !methods.isEmpty();
	}

	private void validate(String beanName, Class<?> type, Set<Method> methods) {
		for (Method method : methods) {
			checkCaller(method, type, beanName);
			checkAdvisable(method, type);
			validate(method, type);
			checkTransaction(method, type);
		}
		checkProxied(beanName, type, methods);
	}

	private void checkAdvisable(Method method, Class<?> type) {
		for (int modifier : new int[] { Modifier.PRIVATE, Modifier.STATIC, Modifier.FINAL }) {
			if ((method.getModifiers() & modifier) != 0) {
				unadvisable(new LockedMethod(method).unsuitable(
						"the method is " + Modifier.toString(modifier)
								+ ", so no proxy can intercept it and it would run without the lock",
						"Make it an ordinary method, or take the annotation away"));
			}
		}
		Class<?> declaring = method.getDeclaringClass();
		boolean packagePrivate = (method.getModifiers()
				& (Modifier.PUBLIC | Modifier.PROTECTED | Modifier.PRIVATE)) == 0;
		if (packagePrivate && (!declaring.getPackageName().equals(type.getPackageName())
				|| !Objects.equals(declaring.getClassLoader(), type.getClassLoader()))) {
			unadvisable(new LockedMethod(method)
				.unsuitable("the method is visible in its package only, and " + type.getName()
						+ " lies in another, so no proxy of that can intercept it and it would run without the lock",
						"Make it protected or public, or take the annotation away"));
		}
	}

	/**
	 * What the container calls on the object itself does not pass through the proxy. The
	 * annotation of a class does not mean the setters for parts of the container.
	 */
	private void checkCaller(Method method, Class<?> type, String beanName) {
		boolean own = DistributedLockAttributeSource.findOwn(method).isPresent();
		boolean setter = method.getParameterCount() > 0 && Aware.class.isAssignableFrom(type);
		BeanDefinition definition = this.beanFactory.containsBeanDefinition(beanName)
				? this.beanFactory.getMergedBeanDefinition(beanName) : null;
		String reason = ContainerCalls.reason(method, type, definition);
		if (reason != null && (own || !setter || reason.startsWith("it has @"))) {
			unadvisable(new LockedMethod(method).unsuitable(
					"the container itself calls the method (" + reason
							+ "), on the object behind the proxy, so it would run without the lock",
					"Call a locked method of another bean from there (at the start from an ApplicationRunner),"
							+ (own ? " or take the annotation away"
									: " or annotate the other methods of the class one by one")));
		}
	}

	private void unadvisable(RedlockConfigurationException problem) {
		if (this.failOnUnadvisable) {
			throw problem;
		}
		logger.warn("{} {}", problem.getMessage(), problem.getAction());
	}

	private void validate(Method method, Class<?> type) {
		DistributedLockAttributes attributes = this.advisor.attributeSource().get(method, type);
		if (attributes == null) {
			return;
		}
		LockedMethod locked = new LockedMethod(method);
		Redlock redlock;
		try {
			redlock = this.advisor.redlockResolver().resolve(attributes.redlock());
		}
		catch (NoSuchBeanDefinitionException ex) {
			throw locked.invalid("redlock", attributes.redlock(), "names no Redlock bean: " + ex.getMessage(),
					"Use the name or a qualifier of one, or list its nodes under redlock.sets."
							+ (attributes.redlock().isEmpty() ? "<name>" : attributes.redlock()) + ".nodes",
					ex);
		}
		checkHoldAtLeast(attributes, redlock, locked);
		Duration ttl = attributes.ttl(redlock);
		try {
			redlock.check(ttl, attributes.options(redlock));
		}
		catch (IllegalArgumentException ex) {
			throw new RedlockConfigurationException(
					"@DistributedLock on " + locked + " cannot work with ttl = \"" + ttl + "\": " + ex.getMessage()
							+ ".",
					"Change the ttl, or what does not go with it: an attribute, or its default under redlock.*.", ex);
		}
	}

	/**
	 * A caller that skips what another one does must not wait until that is done, get the
	 * lock and do it again.
	 */
	private static void checkHoldAtLeast(DistributedLockAttributes attributes, Redlock redlock, LockedMethod locked) {
		Duration holdAtLeast = attributes.options().holdAtLeast().orElse(Duration.ZERO);
		Duration longestWait = attributes.options()
			.waitTime()
			.or(() -> DistributedLockAttributes.defaults(redlock).waitTime())
			.orElseGet(() -> longestWait(DistributedLockAttributes.defaults(redlock)));
		if (attributes.reactions().onUnavailable() == LockFailurePolicy.SKIP && !holdAtLeast.isZero()
				&& !longestWait.isZero() && holdAtLeast.compareTo(longestWait) <= 0) {
			throw locked.invalid("holdAtLeast", holdAtLeast,
					"is not longer than callers wait for the lock, which is up to " + longestWait
							+ ": a waiting caller would get the lock when it ends and run what it should skip",
					"Make holdAtLeast longer, or waitTime shorter");
		}
	}

	private static Duration longestWait(LockOptions defaults) {
		int count = defaults.retryCount().orElse(0);
		Duration pause = defaults.retryDelay().orElse(Duration.ZERO).plus(defaults.retryJitter().orElse(Duration.ZERO));
		return (count < 0) ? ChronoUnit.FOREVER.getDuration() : pause.multipliedBy(count);
	}

	/**
	 * The transaction of a locked method must end before the lock is released, or the
	 * next holder reads what is not committed yet.
	 */
	private void checkTransaction(Method method, Class<?> type) {
		this.beanFactory.getBeansOfType(PointcutAdvisor.class, true, false)
			.values()
			.stream()
			.filter((other) -> other.getClass().getName().equals(TRANSACTION_ADVISOR))
			.filter((other) -> other instanceof Ordered ordered && ordered.getOrder() <= this.advisor.getOrder())
			.filter((other) -> AopUtils.canApply(other.getPointcut(), type)
					&& other.getPointcut().getMethodMatcher().matches(method, type))
			.findFirst()
			.ifPresent((other) -> {
				throw new LockedMethod(method).unsuitable(
						"the method is also transactional, and the transaction advice was given the order "
								+ ((Ordered) other).getOrder()
								+ ", which puts it around the lock: the release would come before the commit",
						"Leave the order away in @EnableTransactionManagement, or make it larger than "
								+ this.advisor.getOrder());
			});
	}

	private void checkProxied(String beanName, Class<?> type, Set<Method> methods) {
		if (ScopedProxyUtils.isScopedTarget(beanName) || !this.beanFactory.containsSingleton(beanName)) {
			return;
		}
		Object bean = this.beanFactory.getSingleton(beanName);
		if (bean != null && AopUtils.isJdkDynamicProxy(bean)) {
			methods.forEach((method) -> checkReachable(bean, method));
		}
		if (bean instanceof Advised advised) {
			methods.forEach((method) -> checkAsynchronous(advised, method, type));
		}
		if (bean == null || !type.isInstance(bean) || isLocked(bean)) {
			return;
		}
		if (!this.beanFactory.containsLocalBean(AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME)) {
			throw new RedlockConfigurationException("@DistributedLock on " + new LockedMethod(methods.iterator().next())
					+ " has no effect: the bean '" + beanName
					+ "' is in a child context without the auto-configuration of the lock, and would run without it.",
					"Add @ImportAutoConfiguration(DistributedLockAutoConfiguration.class) to the configuration of the"
							+ " child context, or move the bean to its parent.");
		}
		if (MadeBeans.contains(this.beanFactory, beanName)) {
			throw new RedlockConfigurationException(
					"@DistributedLock on " + new LockedMethod(methods.iterator().next()) + " has no effect: the bean '"
							+ beanName + "' was created too early for a proxy, and would run without the lock.",
					"Find out which BeanPostProcessor or BeanFactoryPostProcessor asks for it, and let it ask later"
							+ " (static @Bean method, ObjectProvider, @Lazy).");
		}
		logger
			.info("The bean '{}' was put into the context as a finished object, such as the mock of a test: its methods"
					+ " with @DistributedLock run without the lock.", beanName);
	}

	/**
	 * A method with {@code @Async} waits for its future on the thread that calls it,
	 * which must not be that of a user.
	 */
	private void checkAsynchronous(Advised proxy, Method method, Class<?> type) {
		DistributedLockAttributes attributes = this.advisor.attributeSource().get(method, type);
		if (attributes != null && attributes.kind() == ResultKind.ASYNC && Stream.of(proxy.getAdvisors())
			.noneMatch((other) -> other.getAdvice() instanceof AsyncExecutionInterceptor)) {
			unadvisable(new LockedMethod(method).unsuitable(
					"the method has @Async, but nothing makes it asynchronous: its caller would wait for its future",
					"Add @EnableAsync, or take @Async away"));
		}
	}

	/**
	 * Through a JDK proxy only the methods of interfaces can be called.
	 */
	private void checkReachable(Object bean, Method method) {
		boolean reachable = Stream.of(bean.getClass().getInterfaces())
			.anyMatch((type) -> ClassUtils.hasMethod(type, method.getName(), method.getParameterTypes()));
		boolean erased = Stream.of(bean.getClass().getInterfaces())
			.flatMap((type) -> Stream.of(type.getMethods()))
			.anyMatch(
					(declared) -> AopUtils.getMostSpecificMethod(declared, method.getDeclaringClass()).equals(method));
		if (!reachable && !erased) {
			unadvisable(new LockedMethod(method).unsuitable(
					"the bean is proxied for its interfaces, and the method is in none of them",
					"Put it into an interface, or set spring.aop.proxy-target-class=true"));
		}
	}

	/**
	 * Whether the proxy has the advice of the lock. A proxy that does not show its advice
	 * is trusted.
	 */
	private static boolean isLocked(Object bean) {
		if (bean instanceof Advised advised) {
			return Stream.of(advised.getAdvisors()).anyMatch(DistributedLockAdvisor.class::isInstance);
		}
		return AopUtils.isAopProxy(bean);
	}

}
