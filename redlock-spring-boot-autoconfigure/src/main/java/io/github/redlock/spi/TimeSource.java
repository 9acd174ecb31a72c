package io.github.redlock.spi;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * The only door to time: a monotonic clock, a scheduler and a way to wait, which a node
 * may replace by an {@link Awaiter}. Tests put a virtual clock behind it.
 * <p>
 * Implementations are thread-safe.
 *
 * @since 0.1.0
 */
public interface TimeSource extends Awaiter {

	/**
	 * The monotonic clock. Every deadline is computed from it.
	 * @return nanoseconds since an arbitrary origin; only differences mean anything
	 * @see System#nanoTime()
	 */
	long nanoTime();

	/**
	 * The wall clock, used for nothing but the floor of fencing tokens.
	 * @return microseconds since 1970-01-01T00:00Z
	 */
	long wallClockMicros();

	/**
	 * Run a task once, later, on a thread that belongs to this source. The task does not
	 * block. A task that throws is reported and does not disturb other tasks.
	 * @param delayNanos how long from now, in nanoseconds; zero or less means as soon as
	 * possible
	 * @param task what to run
	 * @return a handle that cancels the task
	 */
	Cancellable schedule(long delayNanos, Runnable task);

	/**
	 * Like {@link #schedule}, for the callers that wait for a lock: however many such
	 * tasks there are, and however long they take, a task of {@link #schedule} does not
	 * wait for them. The extension of a lock that is held comes before any waiter. By
	 * default there is no such difference.
	 * @param delayNanos how long from now, in nanoseconds; zero or less means as soon as
	 * possible
	 * @param task what to run
	 * @return a handle that cancels the task
	 */
	default Cancellable scheduleForWaiter(long delayNanos, Runnable task) {
		return schedule(delayNanos, task);
	}

	/**
	 * Wait for a stage.
	 * @param stage what to wait for
	 * @param <T> the result's type
	 * @return the stage's result
	 * @throws InterruptedException if the waiting thread is interrupted; the stage goes
	 * on
	 * @throws ExecutionException if the stage completed exceptionally
	 */
	<T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException;

	@Override
	default <T> T await(Supplier<? extends CompletionStage<T>> operation)
			throws InterruptedException, ExecutionException {
		return await(operation.get());
	}

	/**
	 * Something that will happen unless it is cancelled.
	 */
	interface Cancellable {

		/**
		 * Prevent the task from running if it has not started. Cancelling twice, or too
		 * late, is harmless.
		 */
		void cancel();

	}

}
