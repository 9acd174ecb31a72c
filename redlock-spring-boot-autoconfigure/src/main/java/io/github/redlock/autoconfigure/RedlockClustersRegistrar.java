package io.github.redlock.autoconfigure;

import java.util.Map;

import org.springframework.beans.factory.FactoryBean;
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

import io.github.redlock.autoconfigure.RedlockProperties.Cluster;
import io.github.redlock.core.DefaultRedlock;

/**
 * Registers a lock for each set of nodes under {@code redlock.clusters}. It has the name
 * of the set as its qualifier, and is injected only where that is asked for.
 */
final class RedlockClustersRegistrar implements ImportBeanDefinitionRegistrar {

	private static final String BEAN_NAME_SUFFIX = "Redlock";

	private final Environment environment;

	RedlockClustersRegistrar(Environment environment) {
		this.environment = environment;
	}

	@Override
	public void registerBeanDefinitions(AnnotationMetadata importingClassMetadata, BeanDefinitionRegistry registry) {
		Map<String, Cluster> clusters = Binder.get(this.environment)
			.bind("redlock.clusters", Bindable.mapOf(String.class, Cluster.class))
			.orElseGet(Map::of);
		clusters.keySet().forEach((name) -> registry.registerBeanDefinition(name + BEAN_NAME_SUFFIX, definition(name)));
	}

	private static RootBeanDefinition definition(String name) {
		RootBeanDefinition definition = new RootBeanDefinition(RedlockCluster.class);
		definition.setAttribute(FactoryBean.OBJECT_TYPE_ATTRIBUTE, DefaultRedlock.class);
		definition.getConstructorArgumentValues().addIndexedArgumentValue(0, name);
		definition.setAutowireMode(AbstractBeanDefinition.AUTOWIRE_CONSTRUCTOR);
		definition.setDefaultCandidate(false);
		definition.addQualifier(new AutowireCandidateQualifier(Qualifier.class, name));
		return definition;
	}

}
