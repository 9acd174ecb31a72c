package io.github.redlock.aop;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.aop.interceptor.ExposeInvocationInterceptor;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;
import io.github.redlock.annotation.LockLossPolicy;

/**
 * One call of a locked method: what every kind of method does in the same way.
 *
 * @param attributes the annotation
 * @param redlock takes the lock
 * @param resources what this call locks
 * @param invocation runs the method
 * @param section what is observed of this call
 */
record LockedCall(DistributedLockAttributes attributes, Redlock redlock, List<String> resources,
		MethodInvocation invocation, SectionObservation section) {

	/**
	 * The same call, observed apart.
	 */
	LockedCall observedBy(SectionObservation section) {
		return new LockedCall(this.attributes, this.redlock, this.resources, this.invocation, section);
	}

	LockHandle acquire() {
		return stubbed(this.redlock.acquire(this.resources, this.attributes.ttl(this.redlock),
				this.attributes.options(this.redlock)), "acquire");
	}

	CompletableFuture<LockHandle> acquireAsync() {
		return stubbed(this.redlock.acquireAsync(this.resources, this.attributes.ttl(this.redlock),
				this.attributes.options(this.redlock)), "acquireAsync");
	}

	/**
	 * What only a mock leaves out.
	 */
	static <T> T stubbed(@Nullable T result, String method) {
		if (result == null) {
			throw new IllegalStateException("The Redlock bean returned null from " + method
					+ "; the method was not run. If it is a mock, stub " + method
					+ "(Collection, Duration, LockOptions), or test with redlock.mode=in-memory, which needs no mock");
		}
		return result;
	}

	/**
	 * What only the lock of a mock leaves out. The method has run.
	 */
	static <T> T released(@Nullable T result) {
		if (result == null) {
			throw new IllegalStateException("The lock returned null from releaseAsync, after the method was run. If it"
					+ " is a mock, stub releaseAsync(), or test with redlock.mode=in-memory, which needs no mock");
		}
		return result;
	}

	boolean isInterruptedOnLoss() {
		return this.attributes.reactions().onLost() == LockLossPolicy.INTERRUPT;
	}

	/**
	 * Run the method, at most once, with a lock that its thread can see.
	 */
	@Nullable Object proceed(LockHandle lock) throws Throwable {
		return proceed(lock, this.invocation);
	}

	/**
	 * Run the method with a lock that its thread can see. May be called again and again,
	 * also when the call has returned.
	 */
	@Nullable Object proceedAgain(LockHandle lock) throws Throwable {
		return proceed(lock, ((ProxyMethodInvocation) this.invocation).invocableClone());
	}

	private @Nullable Object proceed(LockHandle lock, MethodInvocation invocation) throws Throwable {
		CurrentLock.push(this.redlock, lock);
		try {
			// Aspects further inside ask for the invocation they belong to, and this may
			// be a copy, on another thread.
			return this.section
				.<@Nullable Object, Throwable>during(() -> ExposeInvocationInterceptor.INSTANCE.invoke(invocation));
		}
		finally {
			CurrentLock.pop();
		}
	}

	/**
	 * Whether locks that are held already cover this call.
	 * @param outer those that cover some of it
	 * @return {@code false} if there are none
	 * @throws IllegalStateException if they cover a part only
	 * @throws LockLostException if one of them is lost
	 */
	boolean joins(List<LockHandle> outer) {
		if (outer.isEmpty()) {
			return false;
		}
		List<String> held = outer.stream().flatMap((lock) -> lock.resources().stream()).distinct().toList();
		if (!held.containsAll(this.resources)) {
			throw new IllegalStateException("The caller holds " + held + " and now asks for " + this.resources
					+ ": it would hold one lock while it waits for another. Lock them together in the outer method.");
		}
		for (LockHandle lock : outer) {
			if (!lock.isValid()) {
				throw new LockLostException(lock.resources(), "Lost the lock on " + lock.resources()
						+ " before a nested method that needs it was called; the method was not run", null);
			}
		}
		return true;
	}

	/**
	 * React to a lock that was not acquired.
	 * @param error why
	 * @return the result of the fallback, or the empty result of a skipped call
	 * @throws LockNotAcquiredException if that is the reaction
	 */
	@Nullable Object instead(LockNotAcquiredException error) throws Throwable {
		return switch (this.attributes.reactions().to(error)) {
			case THROW -> throw error;
			case SKIP -> skipped();
			case FALLBACK -> fallback(error);
		};
	}

	private @Nullable Object skipped() {
		SkippedResult skipped = this.attributes.reactions().skipped();
		return (skipped != null) ? skipped.get() : null;
	}

	private @Nullable Object fallback(LockNotAcquiredException error) throws Throwable {
		FallbackMethod fallback = this.attributes.reactions().fallback();
		if (fallback == null) {
			throw error;
		}
		return fallback.invoke(this.invocation, error);
	}

	/**
	 * Release.
	 * @return what went wrong: a loss, an unconfirmed release, or nothing
	 */
	static @Nullable RedlockException release(LockHandle lock) {
		try {
			return lock.release() ? null : loss(lock);
		}
		catch (LockReleaseException ex) {
			return ex;
		}
	}

	/**
	 * Release a lock that protects nothing. What goes wrong is logged and published.
	 */
	static void releaseInBackground(LockHandle lock) {
		then(lock.releaseAsync(), (wasValid, error) -> {
		});
	}

	/**
	 * Run an action when a stage completes.
	 */
	static <T extends @Nullable Object> void then(CompletionStage<T> stage,
			BiConsumer<? super @Nullable T, ? super @Nullable Throwable> action) {
		stage.whenComplete(action);
	}

	static boolean isLost(LockHandle lock) {
		return lock.signal().isAborted();
	}

	/**
	 * How a lock was lost, as an exception with the stack trace of this thread.
	 */
	static LockLostException loss(LockHandle lock) {
		try {
			lock.signal().throwIfAborted();
		}
		catch (LockLostException ex) {
			return ex;
		}
		return new LockLostException(lock.resources(), "Lost the lock on " + lock.resources() + " before its release",
				null);
	}

	/**
	 * What the caller gets to see instead of a result.
	 * @param error what the method threw, if it did
	 * @param problem what went wrong with its lock, if anything did
	 * @return nothing if the result is to come out
	 */
	@Nullable Throwable outcome(@Nullable Throwable error, @Nullable RedlockException problem) {
		boolean lost = problem instanceof LockLostException;
		if (!lost || error != null) {
			boolean replaces = lost && isInterruptedOnLoss() && !(error instanceof LockLostException);
			Throwable first = replaces ? problem : error;
			attach(replaces ? error : problem, first);
			return first;
		}
		return (this.attributes.reactions().onLost() != LockLossPolicy.LOG) ? problem : null;
	}

	/**
	 * The same for a call that joined the lock of its caller. Its work may go on after
	 * that caller has ended and released the lock; this must not go unnoticed.
	 * @param outer the locks of the caller
	 * @param error what the work ended with, if it failed
	 */
	@Nullable Throwable outcomeOfJoined(List<LockHandle> outer, @Nullable Throwable error) {
		return outcome(error,
				outer.stream()
					.filter((lock) -> !lock.isValid())
					.findFirst()
					.map((lock) -> new LockLostException(lock.resources(), "The lock on " + lock.resources()
							+ " was lost, or released by the method that had acquired it, before a nested method"
							+ " that needs it had ended", null))
					.orElse(null));
	}

	private static void attach(@Nullable Throwable second, @Nullable Throwable first) {
		boolean same = first instanceof LockLostException && second instanceof LockLostException;
		if (first != null && second != null && !same) {
			first.addSuppressed(second);
		}
	}

}
