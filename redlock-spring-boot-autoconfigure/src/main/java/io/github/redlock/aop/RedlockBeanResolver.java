package io.github.redlock.aop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.annotation.BeanFactoryAnnotationUtils;

import io.github.redlock.Redlock;

/**
 * Resolves the bean that takes a lock, by its name or qualifier. Each is looked for once.
 */
final class RedlockBeanResolver {

	private final Supplier<Redlock> primary;

	private final BeanFactory beanFactory;

	private final Map<String, Redlock> named = new ConcurrentHashMap<>();

	RedlockBeanResolver(Supplier<Redlock> primary, BeanFactory beanFactory) {
		this.primary = primary;
		this.beanFactory = beanFactory;
	}

	/**
	 * Resolve a bean.
	 * @param name its name or qualifier, empty for the primary one
	 * @throws org.springframework.beans.factory.NoSuchBeanDefinitionException if there is
	 * none, or more than one
	 */
	Redlock resolve(String name) {
		if (name.isEmpty()) {
			return this.primary.get();
		}
		Redlock known = this.named.get(name);
		if (known == null) {
			known = BeanFactoryAnnotationUtils.qualifiedBeanOfType(this.beanFactory, Redlock.class, name);
			this.named.put(name, known);
		}
		return known;
	}

}
