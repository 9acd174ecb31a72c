package io.github.redlock;

import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * Goes around the blocks that a client runs under its locks ({@link Redlock#using} and
 * {@link Redlock#usingAsync}), from the call to the end of the release. It sees a block
 * as a whole, which a {@link RedlockObserver} does not. It runs on the calling thread and
 * has to run the block exactly once; what it throws comes out.
 * <p>
 * Thread-safe implementations only.
 *
 * @since 0.1.0
 */
public interface UsingInterceptor {

	/**
	 * Run a block on this thread.
	 * @param options the options of the call
	 * @param callback the routine of the caller
	 * @param block acquires the lock, runs the routine that it is given, and releases
	 * @param <T> what the routine returns
	 * @param <X> what the routine may throw
	 * @return the result of the block
	 * @throws X whatever the routine throws
	 */
	<T extends @Nullable Object, X extends Throwable> T using(LockOptions options, LockCallback<T, X> callback,
			Block<T, X> block) throws X;

	/**
	 * Start a block.
	 * @param options the options of the call
	 * @param callback the routine of the caller
	 * @param block acquires the lock, starts the routine that it is given, and releases
	 * when that has ended
	 * @param <T> what the routine completes with
	 * @return the future of the block: the caller cancels that one
	 */
	<T> CompletableFuture<T> usingAsync(LockOptions options, AsyncLockCallback<T> callback, AsyncBlock<T> block);

	/**
	 * A block that is still to be run.
	 *
	 * @param <T> what the routine returns
	 * @param <X> what the routine may throw
	 */
	@FunctionalInterface
	interface Block<T extends @Nullable Object, X extends Throwable> {

		/**
		 * Run.
		 * @param routine what runs under the lock
		 * @return its result
		 * @throws X whatever the routine throws
		 */
		T run(LockCallback<T, X> routine) throws X;

	}

	/**
	 * A block that is still to be started.
	 *
	 * @param <T> what the routine completes with
	 */
	@FunctionalInterface
	interface AsyncBlock<T> {

		/**
		 * Start.
		 * @param routine what runs under the lock
		 * @return the end of the block
		 */
		CompletableFuture<T> start(AsyncLockCallback<T> routine);

	}

}
