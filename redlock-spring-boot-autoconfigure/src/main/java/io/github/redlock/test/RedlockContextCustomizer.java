package io.github.redlock.test;

import java.util.Map;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.env.MapPropertySource;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.MergedContextConfiguration;

import io.github.redlock.aop.DistributedLockValidator;

/**
 * Switches to locks in memory where {@link AutoConfigureRedlock} is there, and says so
 * where locked methods would run without a lock because it is not.
 *
 * @param inMemory whether it is there
 */
record RedlockContextCustomizer(boolean inMemory) implements ContextCustomizer {

	private static final Logger logger = LoggerFactory.getLogger(RedlockContextCustomizer.class);

	@Override
	public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration mergedConfig) {
		if (this.inMemory) {
			context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("AutoConfigureRedlock", Map.of("redlock.mode", "in-memory")));
		}
		context.addApplicationListener((ContextRefreshedEvent event) -> warnOfMissingLocks(context));
	}

	private static void warnOfMissingLocks(ConfigurableApplicationContext context) {
		boolean wanted = context.getEnvironment().getProperty("redlock.enabled", Boolean.class, true);
		if (!wanted || context.getBeanProvider(DistributedLockValidator.class).stream().findAny().isPresent()) {
			return;
		}
		String[] locked = DistributedLockValidator.namesOfLockedBeans(context.getBeanFactory());
		if (locked.length > 0) {
			logger
				.warn("Methods with @DistributedLock run without a lock in this test, because the auto-configuration of"
						+ " the lock is not in its slice of the application: beans {}. Add @AutoConfigureRedlock to the"
						+ " test class, for locks in memory.", String.join(", ", locked));
		}
	}

}
