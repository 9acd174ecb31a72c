package io.github.redlock.aop;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockHandle;

/**
 * The lock under which the running method was called. <pre class="code">
 * &#64;DistributedLock(key = "#id")
 * public void book(long id) {
 *     dao.update(id, CurrentLock.get().fencingToken());
 * }
 * </pre>
 * <p>
 * Bound to the thread: work handed to another thread has to be given the
 * {@link LockHandle} explicitly. With nested locked methods it is the lock of the
 * innermost one; a method that joins several locks sees the one acquired last. Locks
 * taken through {@link io.github.redlock.Redlock} are not seen here; they are in the
 * hands of whoever took them.
 *
 * @since 0.1.0
 */
public final class CurrentLock {

	private static final ThreadLocal<@Nullable Deque<LockHandle>> HELD = new ThreadLocal<>();

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
						+ " the proxy, or the work was handed to another thread, or redlock.enabled is false"));
	}

	/**
	 * The lock of the innermost locked method on this thread.
	 * @return the lock, or empty if there is none
	 */
	public static Optional<LockHandle> find() {
		Deque<LockHandle> held = HELD.get();
		return (held != null) ? Optional.ofNullable(held.peek()) : Optional.empty();
	}

	/**
	 * The locks of this thread that cover any of the resources, innermost first.
	 */
	static List<LockHandle> findAnyOf(Collection<String> resources) {
		Deque<LockHandle> held = HELD.get();
		return (held != null)
				? held.stream().filter((lock) -> lock.resources().stream().anyMatch(resources::contains)).toList()
				: List.of();
	}

	static void push(LockHandle lock) {
		Deque<LockHandle> held = HELD.get();
		if (held == null) {
			held = new ArrayDeque<>();
			HELD.set(held);
		}
		held.push(lock);
	}

	static void pop() {
		Deque<LockHandle> held = HELD.get();
		if (held != null) {
			held.pop();
			if (held.isEmpty()) {
				HELD.remove();
			}
		}
	}

}
