package io.github.redlock;

import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * Takes locks on a quorum of independent Redis nodes, by the Redlock algorithm.
 * <p>
 * Thread-safe. Locks are not re-entrant here: a second {@code acquire} of the same
 * resource waits for the first, whichever thread asks. (The annotation re-enters.)
 * Several resources given in one call are locked together or not at all, so two callers
 * that name them in different order cannot block each other; a resource named twice
 * counts once. <pre>{@code
 * String receipt = redlock.using("order:42", Duration.ofSeconds(10), (lock, signal) -> {
 *     String result = pay(42);
 *     signal.throwIfAborted();
 *     return result;
 * });
 * }</pre>
 * <h2>What every method has in common</h2>
 * <ul>
 * <li>A resource is any non-blank string. The ttl is a positive whole number of
 * milliseconds, at most {@link #MAX_TTL}, that leaves some validity after drift. Anything
 * else is an {@link IllegalArgumentException}, thrown at once by the asynchronous forms
 * too, and nothing is locked.</li>
 * <li>Where {@link LockOptions} are given they hold for the whole life of that lock.</li>
 * <li>An asynchronous form never blocks the calling thread. Its future completes on a
 * thread where dependent actions may block; so do those of its {@code ...Async} methods,
 * which never run on the calling thread, as others do if it has completed already.
 * Cancelling the future, or completing it in any other way, gives up the acquisition;
 * nothing stays locked.</li>
 * </ul>
 *
 * @see <a href=
 * "https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/"> Distributed
 * Locks with Redis</a>
 * @since 0.1.0
 */
public interface Redlock {

	/** The longest ttl accepted. */
	Duration MAX_TTL = Duration.ofDays(3650);

	/**
	 * The ttl of the methods that take none.
	 * @return the configured default, 30 seconds unless set
	 */
	Duration defaultTtl();

	/**
	 * What holds where the options of a call set nothing.
	 * @return the configured defaults, complete but for a wait time and a maxHold that
	 * there may not be
	 */
	LockOptions defaultOptions();

	/**
	 * Find out, for instance at start-up, whether a ttl and options would be accepted
	 * together.
	 * @param ttl the ttl
	 * @param options what differs from the defaults
	 * @throws IllegalArgumentException if they would be refused
	 */
	void check(Duration ttl, LockOptions options);

	/**
	 * Wait for a lock.
	 * <p>
	 * Blocks for at most the wait time plus one attempt; without a wait time for at most
	 * retryCount + 1 attempts plus retryCount x (retryDelay + retryJitter). An attempt
	 * takes at most one command timeout, and another one each time that a fencing token
	 * turns out to be out of date, which is bounded. If it fails, the release has been
	 * sent to every node, unreachable ones included; a key whose release is lost goes by
	 * its ttl.
	 * @param resources what to lock, at least one
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @param options what differs from the defaults; auto-extension is off unless set
	 * @return the lock, valid at this moment
	 * @throws LockNotAcquiredException if there is no lock; the reason tells a held
	 * resource from a missing quorum. An interrupt ends the waiting with this exception,
	 * and the interrupt flag is set again
	 */
	LockHandle acquire(Collection<String> resources, Duration ttl, LockOptions options);

	/**
	 * {@link #acquire(Collection, Duration, LockOptions) Wait} for a lock.
	 * @param resource what to lock
	 * @return the lock, with the {@link #defaultTtl()}
	 * @throws LockNotAcquiredException if there is no lock
	 */
	default LockHandle acquire(String resource) {
		return acquire(Collections.singletonList(resource), defaultTtl(), LockOptions.defaults());
	}

	/**
	 * {@link #acquire(Collection, Duration, LockOptions) Wait} for a lock.
	 * @param resource what to lock
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @return the lock
	 * @throws LockNotAcquiredException if there is no lock
	 */
	default LockHandle acquire(String resource, Duration ttl) {
		return acquire(Collections.singletonList(resource), ttl, LockOptions.defaults());
	}

	/**
	 * {@link #acquire(Collection, Duration, LockOptions) Wait} for a lock.
	 * @param resource what to lock
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @param options what differs from the defaults
	 * @return the lock
	 * @throws LockNotAcquiredException if there is no lock
	 */
	default LockHandle acquire(String resource, Duration ttl, LockOptions options) {
		return acquire(Collections.singletonList(resource), ttl, options);
	}

	/**
	 * {@link #acquire(Collection, Duration, LockOptions) Wait} for a lock on several
	 * resources.
	 * @param resources what to lock, at least one
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @return the lock
	 * @throws LockNotAcquiredException if there is no lock
	 */
	default LockHandle acquire(Collection<String> resources, Duration ttl) {
		return acquire(resources, ttl, LockOptions.defaults());
	}

	/**
	 * {@link #acquire(Collection, Duration, LockOptions)} without blocking.
	 * @param resources what to lock, at least one
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @param options what differs from the defaults
	 * @return the lock, or exceptionally a {@link LockNotAcquiredException}
	 */
	CompletableFuture<LockHandle> acquireAsync(Collection<String> resources, Duration ttl, LockOptions options);

	/**
	 * {@link #acquire(String, Duration)} without blocking.
	 * @param resource what to lock
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @return the lock, or exceptionally a {@link LockNotAcquiredException}
	 */
	default CompletableFuture<LockHandle> acquireAsync(String resource, Duration ttl) {
		return acquireAsync(Collections.singletonList(resource), ttl, LockOptions.defaults());
	}

	/**
	 * Make one attempt, without waiting; retry settings and wait time are ignored.
	 * <p>
	 * Blocks for at most one attempt; see
	 * {@link #acquire(Collection, Duration, LockOptions) acquire}.
	 * @param resources what to lock, at least one
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @param options what differs from the defaults; auto-extension is off unless set
	 * @return the lock, or empty if somebody else has it
	 * @throws LockNotAcquiredException for every other reason, a missing quorum above
	 * all: an outage must not pass for contention
	 */
	Optional<LockHandle> tryAcquire(Collection<String> resources, Duration ttl, LockOptions options);

	/**
	 * {@link #tryAcquire(Collection, Duration, LockOptions) Ask once}.
	 * @param resource what to lock
	 * @return the lock, with the {@link #defaultTtl()}, or empty if somebody else has it
	 * @throws LockNotAcquiredException for every other reason
	 */
	default Optional<LockHandle> tryAcquire(String resource) {
		return tryAcquire(Collections.singletonList(resource), defaultTtl(), LockOptions.defaults());
	}

	/**
	 * {@link #tryAcquire(Collection, Duration, LockOptions) Ask once}.
	 * @param resource what to lock
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @return the lock, or empty if somebody else has it
	 * @throws LockNotAcquiredException for every other reason
	 */
	default Optional<LockHandle> tryAcquire(String resource, Duration ttl) {
		return tryAcquire(Collections.singletonList(resource), ttl, LockOptions.defaults());
	}

	/**
	 * {@link #tryAcquire(Collection, Duration, LockOptions)} without blocking.
	 * @param resources what to lock, at least one
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @param options what differs from the defaults
	 * @return the lock or empty, or exceptionally a {@link LockNotAcquiredException}
	 */
	CompletableFuture<Optional<LockHandle>> tryAcquireAsync(Collection<String> resources, Duration ttl,
			LockOptions options);

	/**
	 * {@link #tryAcquire(String, Duration)} without blocking.
	 * @param resource what to lock
	 * @param ttl how long the nodes keep the lock unless it is extended
	 * @return the lock or empty, or exceptionally a {@link LockNotAcquiredException}
	 */
	default CompletableFuture<Optional<LockHandle>> tryAcquireAsync(String resource, Duration ttl) {
		return tryAcquireAsync(Collections.singletonList(resource), ttl, LockOptions.defaults());
	}

	/**
	 * Extend a lock; see {@link LockHandle#extend(Duration)}.
	 * @param lock the lock
	 * @param ttl its new ttl, counted from now
	 * @return the same lock
	 * @throws LockLostException if the lock was lost
	 */
	default LockHandle extend(LockHandle lock, Duration ttl) {
		return lock.extend(ttl);
	}

	/**
	 * {@link #extend} without blocking; see {@link LockHandle#extendAsync(Duration)}.
	 * @param lock the lock
	 * @param ttl its new ttl, counted from now
	 * @return the same lock, or exceptionally a {@link LockLostException}
	 */
	default CompletableFuture<LockHandle> extendAsync(LockHandle lock, Duration ttl) {
		return lock.extendAsync(ttl);
	}

	/**
	 * Release a lock; see {@link LockHandle#release()}.
	 * @param lock the lock
	 * @return {@code false} if the lock had been lost before
	 * @throws LockReleaseException if too few nodes confirmed
	 */
	default boolean release(LockHandle lock) {
		return lock.release();
	}

	/**
	 * {@link #release} without blocking; see {@link LockHandle#releaseAsync()}.
	 * @param lock the lock
	 * @return {@code false} if the lock had been lost before, or exceptionally a
	 * {@link LockReleaseException}
	 */
	default CompletableFuture<Boolean> releaseAsync(LockHandle lock) {
		return lock.releaseAsync();
	}

	/**
	 * Run a routine on the calling thread while a lock is held, extending the lock until
	 * the routine ends, then release it.
	 * <p>
	 * The routine's result or exception comes out unchanged. If the lock was lost
	 * meanwhile, a routine that returned normally is answered with a
	 * {@link LockLostException}; to one that threw, the loss is attached as suppressed. A
	 * release that too few nodes confirmed is reported to listeners and never hides the
	 * result.
	 * @param resources what to lock, at least one
	 * @param ttl how long the nodes keep the lock between two extensions
	 * @param options what differs from the defaults; auto-extension is on unless set
	 * @param callback the routine
	 * @param <T> what the routine returns
	 * @param <X> what the routine may throw
	 * @return the routine's result
	 * @throws X whatever the routine throws
	 * @throws LockNotAcquiredException if there is no lock; the routine did not run
	 * @throws LockLostException if the lock was lost while the routine ran
	 */
	<T extends @Nullable Object, X extends Throwable> T using(Collection<String> resources, Duration ttl,
			LockOptions options, LockCallback<T, X> callback) throws X;

	/**
	 * {@link #using(Collection, Duration, LockOptions, LockCallback) Run} a routine under
	 * a lock.
	 * @param resource what to lock
	 * @param ttl how long the nodes keep the lock between two extensions
	 * @param callback the routine
	 * @param <T> what the routine returns
	 * @param <X> what the routine may throw
	 * @return the routine's result
	 * @throws X whatever the routine throws
	 */
	default <T extends @Nullable Object, X extends Throwable> T using(String resource, Duration ttl,
			LockCallback<T, X> callback) throws X {
		return using(Collections.singletonList(resource), ttl, LockOptions.defaults(), callback);
	}

	/**
	 * {@link #using(Collection, Duration, LockOptions, LockCallback)} without blocking.
	 * The routine is started on a thread where it may block; the lock is released when
	 * the routine's stage completes, and then the future completes. Cancelling the future
	 * gives up the acquisition, or cancels the routine's stage.
	 * @param resources what to lock, at least one
	 * @param ttl how long the nodes keep the lock between two extensions
	 * @param options what differs from the defaults; auto-extension is on unless set
	 * @param callback the routine
	 * @param <T> what the routine completes with
	 * @return the routine's result, or exceptionally what {@code using} throws
	 */
	<T> CompletableFuture<T> usingAsync(Collection<String> resources, Duration ttl, LockOptions options,
			AsyncLockCallback<T> callback);

	/**
	 * {@link #using(String, Duration, LockCallback)} without blocking.
	 * @param resource what to lock
	 * @param ttl how long the nodes keep the lock between two extensions
	 * @param callback the routine
	 * @param <T> what the routine completes with
	 * @return the routine's result, or exceptionally what {@code using} throws
	 */
	default <T> CompletableFuture<T> usingAsync(String resource, Duration ttl, AsyncLockCallback<T> callback) {
		return usingAsync(Collections.singletonList(resource), ttl, LockOptions.defaults(), callback);
	}

}
