package io.github.redlock.aop;

import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.util.ClassUtils;

/**
 * Which types are publishers, and what can be done with them. Asked at start-up, also
 * where Reactor is not there.
 */
final class PublisherTypes {

	private static final boolean REACTOR = ClassUtils.isPresent("reactor.core.publisher.Flux",
			PublisherTypes.class.getClassLoader());

	private PublisherTypes() {
	}

	/**
	 * Whether Reactor is there, without which no publisher can be locked.
	 */
	static boolean isReactorPresent() {
		return REACTOR;
	}

	/**
	 * Whether the type is one that Spring can turn into a publisher of Reactor; never
	 * without Reactor.
	 */
	static boolean isPublisher(Class<?> type) {
		return REACTOR && ReactiveAdapterRegistry.getSharedInstance().getAdapter(type) != null;
	}

	/**
	 * Whether an adapter makes what was declared, and not only something more general.
	 */
	static boolean canMake(Class<?> type) {
		ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(type);
		return adapter != null && type.isAssignableFrom(adapter.getReactiveType());
	}

	/**
	 * Whether a publisher of this type may end without an element.
	 */
	static boolean canBeEmpty(Class<?> type) {
		ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(type);
		return adapter != null && adapter.supportsEmpty();
	}

}
