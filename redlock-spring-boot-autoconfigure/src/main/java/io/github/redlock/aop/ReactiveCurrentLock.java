package io.github.redlock.aop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;

/**
 * The lock under which a reactive chain or a coroutine runs. <pre class="code">
 * &#64;DistributedLock(key = "#id")
 * public Mono&lt;Void&gt; book(long id) {
 *     return ReactiveCurrentLock.get().flatMap((lock) -&gt; this.seats.book(id, lock.fencingToken()));
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
			List<HeldLock> held = held(context);
			return held.isEmpty() ? Mono.error(new IllegalStateException(
					"This chain runs under no method with @DistributedLock: the method was called from within its"
							+ " own object, past the proxy, or the chain was subscribed to elsewhere, or"
							+ " redlock.enabled is false, or it is tested in a slice of the application without"
							+ " @AutoConfigureRedlock"))
					: Mono.just(held.get(0).lock());
		});
	}

	/**
	 * The locks of a chain that cover any of the resources, innermost first.
	 */
	static List<LockHandle> findAnyOf(ContextView context, Redlock redlock, Collection<String> resources) {
		return held(context).stream().filter((each) -> each.covers(redlock, resources)).map(HeldLock::lock).toList();
	}

	/**
	 * {@link CurrentLock#assertLocked} for a chain.
	 * @param resources what has to be locked, in the form {@code name:key}
	 * @return empty, or an {@link IllegalStateException} if the chain does not run under
	 * locks on all of them
	 */
	public static Mono<Void> assertLocked(String... resources) {
		return Mono.deferContextual((context) -> get().flatMap((innermost) -> {
			CurrentLock.assertLocked(held(context).stream().map(HeldLock::lock).toList(), List.of(resources));
			return Mono.empty();
		}));
	}

	private static List<HeldLock> held(ContextView context) {
		return context.<Held>getOrEmpty(Held.class).map(Held::locks).orElse(List.of());
	}

	static Context push(Context context, Redlock redlock, LockHandle lock) {
		List<HeldLock> locks = new ArrayList<>();
		locks.add(new HeldLock(redlock, lock));
		locks.addAll(held(context));
		return context.put(Held.class, new Held(List.copyOf(locks)));
	}

	private record Held(List<HeldLock> locks) {
	}

}
