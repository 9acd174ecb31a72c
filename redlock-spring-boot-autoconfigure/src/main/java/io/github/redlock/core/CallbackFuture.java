package io.github.redlock.core;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * A future whose {@code ...Async} methods use the callback executor.
 *
 * @param <T> what it completes with
 */
final class CallbackFuture<T> extends CompletableFuture<T> {

	private final Executor executor;

	CallbackFuture(Executor executor) {
		this.executor = executor;
	}

	@Override
	public <U> CompletableFuture<U> newIncompleteFuture() {
		return new CallbackFuture<>(this.executor);
	}

	@Override
	public Executor defaultExecutor() {
		return this.executor;
	}

}
