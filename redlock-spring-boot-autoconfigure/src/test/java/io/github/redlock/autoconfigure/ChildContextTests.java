package io.github.redlock.autoconfigure;

import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.annotation.UserConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.memory.InMemoryLocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Parent and child contexts: one lock, which both use.
 */
class ChildContextTests {

	private static final String[] PROPERTIES = { "spring.main.banner-mode=off", "redlock.mode=in-memory",
			"redlock.sets.other.key-prefix=x", "app.where=here" };

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
			AopAutoConfiguration.class })
	@Import(ParentService.class)
	static class Parent {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
			AopAutoConfiguration.class })
	@Import(ChildService.class)
	static class Child {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(DistributedLockAutoConfiguration.class)
	@Import(ChildService.class)
	static class ChildWithAnnotations {

	}

	@Configuration(proxyBeanMethods = false)
	@Import(ChildService.class)
	static class BareChild {

	}

	static class ParentService {

		@DistributedLock(key = "${app.where}")
		public int depth() {
			return CurrentLock.get().resources().size();
		}

	}

	static class ChildService {

		@Autowired
		private Redlock redlock;

		@Autowired
		@Qualifier("other")
		private Redlock other;

		@DistributedLock(key = "'a' + @names")
		public boolean isLocked() {
			return CurrentLock.find().isPresent();
		}

		@DistributedLock(name = "b", redlock = "other")
		public boolean isLockedElsewhere() {
			return CurrentLock.find().isPresent();
		}

		public Redlock redlock() {
			return this.redlock;
		}

		public Redlock other() {
			return this.other;
		}

	}

	private static void checkChild(ConfigurableApplicationContext child) {
		ChildService service = child.getBean(ChildService.class);
		assertThat(service.isLocked()).isTrue();
		assertThat(service.isLockedElsewhere()).isTrue();
		assertThat(service.redlock()).isSameAs(child.getParent().getBean(Redlock.class));
		assertThat(service.other()).isSameAs(child.getParent().getBean("otherRedlock"));
		assertThat(child.getBean(InMemoryLocks.class)).isSameAs(child.getParent().getBean(InMemoryLocks.class));
		assertThat(child.getParent().getBean(ParentService.class).depth()).isEqualTo(1);
	}

	@Test
	void autoConfiguredChildUsesTheLocksOfItsParent() {
		try (ConfigurableApplicationContext child = new SpringApplicationBuilder(Parent.class)
			.web(WebApplicationType.NONE)
			.properties(PROPERTIES)
			.child(Child.class)
			.web(WebApplicationType.NONE)
			.initializers((context) -> context.getBeanFactory().registerSingleton("names", "1"))
			.run()) {
			checkChild(child);
		}
	}

	@Test
	void childCanHaveTheAnnotationOnly() {
		try (ConfigurableApplicationContext child = new SpringApplicationBuilder(Parent.class)
			.web(WebApplicationType.NONE)
			.properties(PROPERTIES)
			.child(ChildWithAnnotations.class)
			.web(WebApplicationType.NONE)
			.initializers((context) -> context.getBeanFactory().registerSingleton("names", "1"))
			.run()) {
			checkChild(child);
		}
	}

	@Test
	void childWithoutAutoConfigurationIsRefused() {
		new ApplicationContextRunner().withConfiguration(UserConfigurations.of(Parent.class))
			.withPropertyValues(PROPERTIES)
			.run((parent) -> {
				try (AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext()) {
					child.setParent(parent);
					child.register(BareChild.class);
					assertThatExceptionOfType(RedlockConfigurationException.class).isThrownBy(child::refresh)
						.withMessageContainingAll("ChildService", "child context without the auto-configuration")
						.satisfies((ex) -> assertThat(ex.getAction()).contains("@ImportAutoConfiguration"));
				}
				assertThat(parent.getBean(ParentService.class).depth()).isEqualTo(1);
			});
	}

	@Test
	void childThatClosesDoesNotCloseTheLockOfItsParent() {
		new ApplicationContextRunner().withConfiguration(UserConfigurations.of(Parent.class))
			.withPropertyValues(PROPERTIES)
			.run((parent) -> {
				try (AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext()) {
					child.setParent(parent);
					child.register(Child.class);
					child.refresh();
				}
				assertThat(parent.getBean(ParentService.class).depth()).isEqualTo(1);
			});
	}

}
