package io.github.redlock.aop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import io.github.redlock.LockHandle;

/**
 * The lock under which a reactive chain or a coroutine runs. <pre class="code">
 * &#64;DistributedLock(key = "#id")
 * public Mono&lt;Void&gt; book(long id) {
 *     return ReactiveCurrentLock.get().flatMap((lock) -&gt; this.dao.update(id, lock.fencingToken()));
 * }
 * </pre>
 * <p>
 * In a coroutine: {@code ReactiveCurrentLock.get().awaitSingle()}. Needs Reactor.
 *
 * @since 0.1.0
 * @see CurrentLock
 */
public final class ReactiveCurrentLock {

	private ReactiveCurrentLock() {
	}

	/**
	 * The lock of the innermost locked method of this chain.
	 * @return the lock, or an {@link IllegalStateException} if the chain runs under none
	 */
	public static Mono<LockHandle> get() {
		return Mono.deferContextual((context) -> {
			List<LockHandle> held = held(context);
			return held.isEmpty() ? Mono.error(new IllegalStateException(
					"This chain runs under no method with @DistributedLock: the method was called from within its"
							+ " own object, past the proxy, or the chain was subscribed to elsewhere, or"
							+ " redlock.enabled is false"))
					: Mono.just(held.get(0));
		});
	}

	/**
	 * The locks of a chain that cover any of the resources, innermost first.
	 */
	static List<LockHandle> findAnyOf(ContextView context, Collection<String> resources) {
		return held(context).stream().filter((lock) -> CurrentLock.covers(lock, resources)).toList();
	}

	private static List<LockHandle> held(ContextView context) {
		return context.<Held>getOrEmpty(Held.class).map(Held::locks).orElse(List.of());
	}

	static Context push(Context context, LockHandle lock) {
		List<LockHandle> locks = new ArrayList<>();
		locks.add(lock);
		locks.addAll(held(context));
		return context.put(Held.class, new Held(List.copyOf(locks)));
	}

	private record Held(List<LockHandle> locks) {
	}

}
