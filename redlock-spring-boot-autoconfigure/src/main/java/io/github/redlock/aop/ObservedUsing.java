package io.github.redlock.aop;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;

import io.github.redlock.AsyncLockCallback;
import io.github.redlock.LockCallback;
import io.github.redlock.LockOptions;
import io.github.redlock.UsingInterceptor;

/**
 * Observes the blocks of {@link io.github.redlock.Redlock#using} and
 * {@link io.github.redlock.Redlock#usingAsync} as sections, like methods that are locked
 * by the annotation.
 * <p>
 * Thread-safe.
 *
 * @since 0.1.0
 */
public final class ObservedUsing implements UsingInterceptor {

	private final Supplier<ObservationRegistry> registry;

	/**
	 * Create an interceptor.
	 * @param registry asked at each call; nothing is observed while its registry is the
	 * one that does nothing
	 */
	public ObservedUsing(Supplier<ObservationRegistry> registry) {
		this.registry = registry;
	}

	@Override
	public <T extends @Nullable Object, X extends Throwable> T using(LockOptions options, LockCallback<T, X> callback,
			Block<T, X> block) throws X {
		ObservationRegistry current = this.registry.get();
		if (current.isNoop()) {
			return block.run(callback);
		}
		SectionObservation section = SectionObservation.start(current, options, null);
		return section.observe(() -> block.run((lock, signal) -> {
			section.acquired(lock);
			return callback.call(lock, signal);
		}));
	}

	@Override
	public <T> CompletableFuture<T> usingAsync(LockOptions options, AsyncLockCallback<T> callback,
			AsyncBlock<T> block) {
		ObservationRegistry current = this.registry.get();
		if (current.isNoop()) {
			return block.start(callback);
		}
		SectionObservation section = SectionObservation.start(current, options, null);
		return section.observeFuture(() -> block.start((lock, signal) -> {
			section.acquired(lock);
			return section.during(() -> callback.call(lock, signal));
		}));
	}

}
