package io.github.redlock.autoconfigure;

import org.springframework.aop.config.AopConfigUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.context.annotation.Role;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

import io.github.redlock.Redlock;
import io.github.redlock.RedlockListener;
import io.github.redlock.aop.DistributedLockAdvisor;
import io.github.redlock.aop.DistributedLockValidator;
import io.github.redlock.autoconfigure.RedlockProperties.Annotation;
import io.github.redlock.redis.RedisLockNodes;

/**
 * Auto-configuration of {@link io.github.redlock.annotation.DistributedLock}. Nothing has
 * to be enabled.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RedlockAutoConfiguration.class)
@ConditionalOnBean(Redlock.class)
@Import(DistributedLockAutoConfiguration.ProxyCreatorRegistrar.class)
public final class DistributedLockAutoConfiguration {

	/**
	 * Made by Spring Boot.
	 */
	public DistributedLockAutoConfiguration() {
	}

	@Bean
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	static DistributedLockAdvisor distributedLockAdvisor(ObjectProvider<Redlock> redlock, Environment environment,
			ConfigurableListableBeanFactory beanFactory) {
		DistributedLockAdvisor advisor = new DistributedLockAdvisor(redlock::getObject, beanFactory);
		advisor.setOrder(annotation(environment).getOrder());
		return advisor;
	}

	@Bean
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	static DistributedLockValidator distributedLockValidator(DistributedLockAdvisor advisor, Environment environment,
			ConfigurableListableBeanFactory beanFactory) {
		return new DistributedLockValidator(advisor, beanFactory,
				annotation(environment).getOnUnadvisable() == Annotation.OnUnadvisable.FAIL,
				RedlockBuilderCustomizer.class, RedlockListener.class, RedisLockNodes.class);
	}

	@Bean
	static ApplicationListener<ContextRefreshedEvent> distributedLockChildContexts(DistributedLockValidator validator,
			ApplicationContext context) {
		return new ChildContextListener(validator, context);
	}

	/**
	 * Bound here instead of taken from the bean of the properties, because an advisor is
	 * made before ordinary beans.
	 */
	private static Annotation annotation(Environment environment) {
		return Binder.get(environment)
			.bind("redlock.annotation", Bindable.of(Annotation.class))
			.orElseGet(Annotation::new);
	}

	/**
	 * An annotation that does nothing is no lock, also in a child context: one that has
	 * no such auto-configuration is looked at when it has started.
	 */
	record ChildContextListener(DistributedLockValidator validator,
			ApplicationContext own) implements ApplicationListener<ContextRefreshedEvent> {

		@Override
		public void onApplicationEvent(ContextRefreshedEvent event) {
			if (!event.getApplicationContext().equals(this.own)
					&& event.getApplicationContext() instanceof ConfigurableApplicationContext child
					&& child.getBeanFactory()
						.getBeanNamesForType(DistributedLockValidator.class, true, false).length == 0) {
				this.validator.validateChild(child.getBeanFactory());
			}
		}

	}

	/**
	 * Makes sure that advisors are applied at all, also where
	 * {@code spring.aop.auto=false}: an annotation that does nothing is no lock.
	 */
	static final class ProxyCreatorRegistrar implements ImportBeanDefinitionRegistrar {

		@Override
		public void registerBeanDefinitions(AnnotationMetadata importingClassMetadata,
				BeanDefinitionRegistry registry) {
			AopConfigUtils.registerAutoProxyCreatorIfNecessary(registry);
			if (registry instanceof ConfigurableListableBeanFactory beanFactory) {
				DistributedLockValidator.recordMadeBeans(beanFactory);
			}
		}

	}

}
