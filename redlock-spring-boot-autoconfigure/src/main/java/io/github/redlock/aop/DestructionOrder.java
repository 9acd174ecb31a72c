package io.github.redlock.aop;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.scheduling.TaskScheduler;

import io.github.redlock.Redlock;

/**
 * Makes the container destroy whoever still locks before it closes the locks: beans with
 * locked methods, as if they had {@link Redlock} injected, and the executors and
 * schedulers that run their methods and may have to finish what waits in their queues.
 */
final class DestructionOrder {

	private final ConfigurableListableBeanFactory beanFactory;

	private final List<Class<?>> partsOfLocks;

	/**
	 * Create an order.
	 * @param partsOfLocks types of beans that a lock uses, which outlive it together with
	 * what they use
	 */
	DestructionOrder(ConfigurableListableBeanFactory beanFactory, Collection<Class<?>> partsOfLocks) {
		this.beanFactory = beanFactory;
		this.partsOfLocks = List.copyOf(partsOfLocks);
	}

	/**
	 * Apply the order to the locks of this container; those of a parent close later
	 * anyway.
	 * @param locked the names of beans with locked methods
	 */
	void apply(Collection<String> locked) {
		List<String> locks = names(Redlock.class);
		Set<String> outliving = withDependencies(locks);
		Set<String> users = new LinkedHashSet<>(locked);
		users.addAll(names(Executor.class));
		users.addAll(names(TaskScheduler.class));
		users.removeAll(outliving);
		for (String lock : locks) {
			users.forEach((user) -> this.beanFactory.registerDependentBean(lock, user));
		}
	}

	private Set<String> withDependencies(List<String> locks) {
		Deque<String> open = new ArrayDeque<>(locks);
		this.partsOfLocks.forEach((type) -> open.addAll(names(type)));
		Set<String> found = new HashSet<>();
		while (!open.isEmpty()) {
			String name = open.pop();
			if (found.add(name)) {
				open.addAll(List.of(this.beanFactory.getDependenciesForBean(name)));
			}
		}
		return found;
	}

	private List<String> names(Class<?> type) {
		return Arrays.asList(this.beanFactory.getBeanNamesForType(type, true, false));
	}

}
