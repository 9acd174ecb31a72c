package io.github.redlock.aop;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.RedlockException;

/**
 * One call of a locked method that returns a future. The caller's future completes after
 * the release; to cancel it cancels the waiting or the work.
 */
final class FutureLocking {

	private static final Logger logger = LoggerFactory.getLogger(FutureLocking.class);

	private final LockedCall call;

	private final CompletableFuture<@Nullable Object> result = new CompletableFuture<>();

	private volatile @Nullable Future<?> work;

	private volatile boolean lost;

	private FutureLocking(LockedCall call) {
		this.call = call;
	}

	/**
	 * Begin to acquire, and run the method once that has succeeded.
	 * @return the caller's future
	 */
	static CompletableFuture<@Nullable Object> run(LockedCall call) {
		FutureLocking locking = new FutureLocking(call);
		CompletableFuture<LockHandle> acquisition = call.acquireAsync();
		// Never run the method on the caller's thread, even if the lock is granted at
		// once: the method may wait for what the caller does next.
		CompletionStage<LockHandle> stage = acquisition;
		stage.whenCompleteAsync(locking::acquired);
		LockedCall.then(locking.result, (value, error) -> {
			acquisition.cancel(false);
			locking.cancelWork();
		});
		return locking.result;
	}

	/**
	 * Run the method under locks that are held already.
	 */
	static CompletableFuture<@Nullable Object> join(LockedCall call, List<LockHandle> outer) {
		FutureLocking locking = new FutureLocking(call);
		call.section().joined();
		locking.start(outer.get(0), (value, error) -> locking.complete(value, call.outcomeOfJoined(outer, error)));
		LockedCall.then(locking.result, (value, error) -> locking.cancelWork());
		return locking.result;
	}

	private void acquired(@Nullable LockHandle lock, @Nullable Throwable error) {
		try {
			begin((error != null) ? lock : LockedCall.stubbed(lock, "acquireAsync"), error);
		}
		catch (Throwable ex) {
			// A lock that is a mock, for instance, may return null anywhere.
			this.result.completeExceptionally(ex);
		}
	}

	private void begin(@Nullable LockHandle lock, @Nullable Throwable error) {
		if (lock == null) {
			unavailable(cause(error));
		}
		else if (this.result.isDone()) {
			LockedCall.releaseInBackground(lock);
		}
		else {
			this.call.section().acquired(lock);
			if (this.call.isInterruptedOnLoss()) {
				lock.lost().thenRun(() -> {
					this.lost = true;
					cancelWork();
				});
			}
			start(lock, (value, failure) -> release(lock, value, failure));
		}
	}

	private void unavailable(Throwable error) {
		if (!(error instanceof LockNotAcquiredException notAcquired)) {
			this.result.completeExceptionally(error);
			return;
		}
		this.call.section().notAcquired(notAcquired);
		try {
			follow(this.call.instead(notAcquired), this::complete);
		}
		catch (Throwable ex) {
			this.result.completeExceptionally(ex);
		}
	}

	private void start(LockHandle lock, End end) {
		Object returned;
		try {
			returned = LossInterrupt.watch(this.call, lock, () -> this.call.proceedAgain(lock));
		}
		catch (Throwable ex) {
			end.accept(null, ex);
			return;
		}
		follow(returned, end);
	}

	/**
	 * Follow a future to its end. One that is no stage cannot call back, and is waited
	 * for on this thread, which may be blocked.
	 */
	private void follow(@Nullable Object returned, End end) {
		if (returned instanceof CompletionStage<?> stage) {
			stage.whenComplete((value, error) -> end.accept(value, (error != null) ? cause(error) : null));
			this.work = (returned instanceof Future<?> future) ? future : null;
			cancelWork();
		}
		else if (returned instanceof Future<?> future) {
			this.work = future;
			cancelWork();
			try {
				end.accept(await(future), null);
			}
			catch (Throwable ex) {
				end.accept(null, ex);
			}
		}
		else {
			end.accept(null, new IllegalStateException(
					new LockedMethod(this.call.attributes().method()) + " returned null instead of a future"));
		}
	}

	/**
	 * Wait until a future completes. An interrupt does not end the waiting, because the
	 * work goes on and needs its lock; the interrupt flag is set again.
	 */
	static @Nullable Object await(Future<?> future) throws Throwable {
		boolean interrupted = false;
		try {
			while (true) {
				try {
					return future.get();
				}
				catch (InterruptedException ex) {
					interrupted = true;
				}
			}
		}
		catch (ExecutionException ex) {
			throw cause(ex);
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	private void release(LockHandle lock, @Nullable Object value, @Nullable Throwable error) {
		try {
			LockedCall.then(LockedCall.released(lock.releaseAsync()), (wasValid, failure) -> {
				try {
					complete(value, this.call.outcome(error, problem(lock, wasValid, failure)));
				}
				catch (RuntimeException ex) {
					complete(null, ex);
				}
			});
		}
		catch (Throwable ex) {
			complete(null, ex);
		}
	}

	private static @Nullable RedlockException problem(LockHandle lock, @Nullable Boolean wasValid,
			@Nullable Throwable failure) {
		if (failure != null) {
			return (cause(failure) instanceof LockReleaseException unconfirmed) ? unconfirmed : null;
		}
		return LockedCall.released(wasValid) ? null : LockedCall.loss(lock);
	}

	private void complete(@Nullable Object value, @Nullable Throwable error) {
		if (error != null) {
			this.result.completeExceptionally(error);
		}
		else {
			this.result.complete(value);
		}
	}

	/**
	 * Cancel the work if the caller has cancelled its future or the lock is lost. Called
	 * after each of these events and after the start of the work, so that the last of
	 * them sees the others.
	 */
	private void cancelWork() {
		Future<?> work = this.work;
		if (work != null && (this.lost || this.result.isCancelled())) {
			try {
				work.cancel(true);
			}
			catch (RuntimeException ex) {
				logger.debug("The work cannot be cancelled; its lock is released when it ends", ex);
			}
		}
	}

	private static Throwable cause(@Nullable Throwable error) {
		if (error == null) {
			return new CancellationException("cancelled");
		}
		boolean wrapped = error instanceof CompletionException || error instanceof ExecutionException;
		return (wrapped && error.getCause() != null) ? error.getCause() : error;
	}

	/**
	 * Takes the result or the error of the work.
	 */
	@FunctionalInterface
	private interface End {

		void accept(@Nullable Object value, @Nullable Throwable error);

	}

}
