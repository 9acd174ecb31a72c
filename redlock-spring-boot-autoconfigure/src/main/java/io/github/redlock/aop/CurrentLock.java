package io.github.redlock.aop;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;

/**
 * The lock under which the running method was called. <pre class="code">
 * &#64;DistributedLock(key = "#id")
 * public void book(long id) {
 *     seats.book(id, CurrentLock.get().fencingToken());
 * }
 * </pre> What {@code seats} does with the token is said at
 * {@link LockHandle#fencingToken()}.
 * <p>
 * Bound to the thread: work handed to another thread has to be given the
 * {@link LockHandle} explicitly. In a reactive chain or a coroutine the lock is in the
 * Reactor context, where {@link ReactiveCurrentLock} finds it. With nested locked methods
 * it is the lock of the innermost one; a method that joins several locks sees the one
 * acquired last. Locks taken through {@link io.github.redlock.Redlock} are not seen here;
 * the code that took them has their handles.
 *
 * @since 0.1.0
 */
public final class CurrentLock {

	private static final ThreadLocal<@Nullable Deque<HeldLock>> HELD = new ThreadLocal<>();

	/** Locks whose methods have ended, while their release waits for a transaction. */
	private static final ThreadLocal<@Nullable Set<KeptLock>> KEPT = new ThreadLocal<>();

	private CurrentLock() {
	}

	/**
	 * The lock of the innermost locked method on this thread.
	 * @return the lock
	 * @throws IllegalStateException if this thread runs no locked method: the method was
	 * not called through its proxy, or runs on another thread
	 */
	public static LockHandle get() {
		return find().orElseThrow(() -> new IllegalStateException(
				"This thread runs no method with @DistributedLock: the method was called from within its own object, past"
						+ " the proxy, or the work was handed to another thread, or redlock.enabled is false, or it is tested in a"
						+ " slice of the application without @AutoConfigureRedlock"));
	}

	/**
	 * The lock of the innermost locked method on this thread.
	 * @return the lock, or empty if there is none
	 */
	public static Optional<LockHandle> find() {
		Deque<HeldLock> held = HELD.get();
		return (held != null) ? Optional.ofNullable(held.peek()).map(HeldLock::lock) : Optional.empty();
	}

	/**
	 * Assert, at the beginning of a method, that it was called under its lock: a call
	 * from within its own object, past the proxy, is not.
	 * @param resources what has to be locked, in the form {@code name:key}; none for
	 * anything at all, which a caller's lock on something else would satisfy too
	 * @throws IllegalStateException if the locked methods that this thread runs do not
	 * hold all of them, or have lost one
	 */
	public static void assertLocked(String... resources) {
		get();
		Deque<HeldLock> held = HELD.get();
		assertLocked((held != null) ? held.stream().map(HeldLock::lock).toList() : List.of(), List.of(resources));
	}

	static void assertLocked(List<LockHandle> held, List<String> wanted) {
		List<LockHandle> covering = wanted.isEmpty() ? held.subList(0, 1)
				: held.stream().filter((lock) -> lock.resources().stream().anyMatch(wanted::contains)).toList();
		Set<String> covered = covering.stream()
			.flatMap((lock) -> lock.resources().stream())
			.collect(Collectors.toSet());
		if (!covered.containsAll(wanted)) {
			throw new IllegalStateException("Expected to run under a lock on " + wanted + ", but there is one on "
					+ held.stream().flatMap((lock) -> lock.resources().stream()).toList()
					+ ": the method was called from within its own object, past the proxy");
		}
		for (LockHandle lock : covering) {
			if (!lock.isValid()) {
				throw new IllegalStateException("The lock on " + lock.resources() + " is not valid any more");
			}
		}
	}

	/**
	 * The locks of this thread that cover any of the resources, innermost first.
	 */
	static List<LockHandle> findAnyOf(Redlock redlock, Collection<String> resources) {
		Deque<HeldLock> held = HELD.get();
		Set<KeptLock> kept = kept();
		if (held == null && kept == null) {
			return List.of();
		}
		return Stream
			.concat((held != null) ? held.stream() : Stream.empty(),
					(kept != null) ? kept.stream().flatMap((lock) -> lock.lockIfHeld().stream()) : Stream.empty())
			.filter((each) -> each.covers(redlock, resources))
			.map(HeldLock::lock)
			.toList();
	}

	/**
	 * Keep a lock for this thread when its method has ended.
	 */
	static void keep(KeptLock lock) {
		Set<KeptLock> kept = KEPT.get();
		if (kept == null) {
			kept = new LinkedHashSet<>();
			KEPT.set(kept);
		}
		kept.add(lock);
	}

	/**
	 * The locks that this thread keeps, {@code null} for none. A lock that another thread
	 * has released, because it ended the transaction, is dropped.
	 */
	private static @Nullable Set<KeptLock> kept() {
		Set<KeptLock> kept = KEPT.get();
		if (kept == null) {
			return null;
		}
		kept.removeIf((lock) -> lock.lockIfHeld().isEmpty());
		if (kept.isEmpty()) {
			KEPT.remove();
			return null;
		}
		return kept;
	}

	/**
	 * Drop the locks that have been released.
	 */
	static void forgetReleased() {
		kept();
	}

	static void push(Redlock redlock, LockHandle lock) {
		Deque<HeldLock> held = HELD.get();
		if (held == null) {
			held = new ArrayDeque<>();
			HELD.set(held);
		}
		held.push(new HeldLock(redlock, lock));
	}

	static void pop() {
		Deque<HeldLock> held = HELD.get();
		if (held != null) {
			held.pop();
			if (held.isEmpty()) {
				HELD.remove();
			}
		}
	}

}
