package io.github.redlock.aop;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ClassUtils;

/**
 * Remembers which beans with locked methods the container has made. Others were put into
 * it as finished objects, such as the mock of a test, and cannot be proxied.
 */
final class MadeBeans {

	private static final String BEAN_NAME = MadeBeans.class.getName();

	private final Set<String> names = ConcurrentHashMap.newKeySet();

	/**
	 * Remember the beans that are made from now on.
	 */
	static void record(ConfigurableListableBeanFactory beanFactory) {
		if (!beanFactory.containsSingleton(BEAN_NAME)) {
			MadeBeans made = new MadeBeans();
			beanFactory.registerSingleton(BEAN_NAME, made);
			// No bean: Spring would count it twice, and warn of each bean of the
			// application that one of its processors is missing.
			beanFactory.addBeanPostProcessor(made.new Recorder());
		}
	}

	/**
	 * Whether the container has made a bean. Without a record it is taken for granted.
	 */
	static boolean contains(ConfigurableListableBeanFactory beanFactory, String beanName) {
		return !(beanFactory.getSingleton(BEAN_NAME) instanceof MadeBeans made) || made.names.contains(beanName);
	}

	private final class Recorder implements BeanPostProcessor {

		@Override
		public @Nullable Object postProcessAfterInitialization(Object bean, String beanName) {
			if (DistributedLockAttributeSource.isCandidate(ClassUtils.getUserClass(bean))) {
				MadeBeans.this.names.add(beanName);
			}
			return bean;
		}

	}

}
