package io.github.redlock.spi;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * Lets a thread that has to wait for answers anyway do the input and output for them: no
 * other thread has to be woken for a request, nor for its answer.
 * <p>
 * Implementations are thread-safe.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Awaiter {

	/**
	 * Begin something and wait for it. That this thread will wait is known before the
	 * first request is sent.
	 * @param operation begins it, and does not block
	 * @param <T> the result's type
	 * @return the stage's result
	 * @throws InterruptedException if the waiting thread is interrupted; the stage goes
	 * on
	 * @throws ExecutionException if the stage completed exceptionally
	 */
	<T> T await(Supplier<? extends CompletionStage<T>> operation) throws InterruptedException, ExecutionException;

}
