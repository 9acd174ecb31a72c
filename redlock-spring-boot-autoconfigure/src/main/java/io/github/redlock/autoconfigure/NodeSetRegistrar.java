package io.github.redlock.autoconfigure;

import java.util.Map;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.HierarchicalBeanFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.AutowireCandidateQualifier;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

import io.github.redlock.Redlock;
import io.github.redlock.autoconfigure.RedlockProperties.NodeSet;
import io.github.redlock.core.DefaultRedlock;

/**
 * Registers a lock for each set of nodes under {@code redlock.sets}. It has the name of
 * the set as its qualifier, and is injected only where that is asked for.
 */
final class NodeSetRegistrar implements ImportBeanDefinitionRegistrar {

	private static final String BEAN_NAME_SUFFIX = "Redlock";

	private final Environment environment;

	NodeSetRegistrar(Environment environment) {
		this.environment = environment;
	}

	@Override
	public void registerBeanDefinitions(AnnotationMetadata importingClassMetadata, BeanDefinitionRegistry registry) {
		Map<String, NodeSet> sets = Binder.get(this.environment)
			.bind("redlock.sets", Bindable.mapOf(String.class, NodeSet.class))
			.orElseGet(Map::of);
		sets.keySet()
			.stream()
			.filter((name) -> !isInParent(name + BEAN_NAME_SUFFIX, registry))
			.forEach((name) -> registry.registerBeanDefinition(name + BEAN_NAME_SUFFIX, definition(name)));
	}

	/**
	 * A child context uses the locks of its parent.
	 */
	private static boolean isInParent(String beanName, BeanDefinitionRegistry registry) {
		BeanFactory parent = (registry instanceof HierarchicalBeanFactory child) ? child.getParentBeanFactory() : null;
		return parent != null && parent.containsBean(beanName) && parent.isTypeMatch(beanName, Redlock.class);
	}

	private static RootBeanDefinition definition(String name) {
		RootBeanDefinition definition = new RootBeanDefinition(NodeSetFactoryBean.class);
		definition.setAttribute(FactoryBean.OBJECT_TYPE_ATTRIBUTE, DefaultRedlock.class);
		definition.getConstructorArgumentValues().addIndexedArgumentValue(0, name);
		definition.setAutowireMode(AbstractBeanDefinition.AUTOWIRE_CONSTRUCTOR);
		definition.setDefaultCandidate(false);
		definition.addQualifier(new AutowireCandidateQualifier(Qualifier.class, name));
		return definition;
	}

}
