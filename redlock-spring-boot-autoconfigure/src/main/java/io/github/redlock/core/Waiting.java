package io.github.redlock.core;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

import io.github.redlock.spi.Awaiter;

/**
 * The synchronous forms: wait for the asynchronous one. The futures waited for here never
 * complete exceptionally; failures are part of their results.
 */
final class Waiting {

	private Waiting() {
	}

	static <T> T interruptibly(Awaiter awaiter, Supplier<CompletableFuture<T>> operation) throws InterruptedException {
		try {
			return awaiter.await(operation);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex.getCause());
		}
	}

	/**
	 * Wait to the end; an interrupt is kept for later. Only for waiting that is bounded
	 * by the command timeout.
	 */
	static <T> T uninterruptibly(Awaiter awaiter, Supplier<CompletableFuture<T>> operation) {
		boolean interrupted = false;
		try {
			while (true) {
				try {
					return interruptibly(awaiter, operation);
				}
				catch (InterruptedException ex) {
					interrupted = true;
				}
			}
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/**
	 * What a stage failed with, without the wrapping that a dependent stage adds.
	 */
	static Throwable cause(Throwable error) {
		return (error instanceof CompletionException && error.getCause() != null) ? error.getCause() : error;
	}

}
