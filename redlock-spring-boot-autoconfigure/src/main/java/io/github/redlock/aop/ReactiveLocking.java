package io.github.redlock.aop;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.ContextView;

import org.springframework.core.KotlinDetector;
import org.springframework.core.MethodParameter;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.RedlockException;

/**
 * Locked methods that return a publisher, and suspending functions, which look like one
 * to an interceptor. Apart from the other kinds, so that Reactor need not be there.
 */
final class ReactiveLocking {

	private static final String COROUTINE_FLOW = "kotlinx.coroutines.flow.Flow";

	private ReactiveLocking() {
	}

	/**
	 * A publisher that locks and runs the method whenever somebody subscribes.
	 */
	static Object run(LockedCall call, ObservationRegistry registry) {
		ReactiveAdapter adapter = adapter(call.attributes());
		// The context does not reach through every library; the call itself may come from
		// a method that holds the lock.
		List<LockHandle> caller = CurrentLock.findAnyOf(call.redlock(), call.resources());
		Flux<Object> locked = Flux.deferContextual((context) -> observed(call, registry, context,
				(each) -> new Subscription(each, adapter).publisher(context, caller)));
		return adapter.fromPublisher(adapter.isMultiValue() ? locked : locked.singleOrEmpty());
	}

	/**
	 * Each subscription is observed apart.
	 */
	private static Publisher<Object> observed(LockedCall call, ObservationRegistry registry, ContextView context,
			Function<LockedCall, Publisher<Object>> subscription) {
		if (registry.isNoop()) {
			return subscription.apply(call);
		}
		SectionObservation section = SectionObservation.start(registry, call.attributes().options(),
				context.getOrDefault(SectionObservation.REACTOR_KEY, null));
		return Flux.defer(() -> subscription.apply(call.observedBy(section)))
			.doOnError(section::error)
			.doOnTerminate(section::stop)
			.doOnCancel(section::stop)
			.contextWrite((inner) -> inner.put(SectionObservation.REACTOR_KEY, section.observation()));
	}

	static Object failed(DistributedLockAttributes attributes, IllegalArgumentException error) {
		ReactiveAdapter adapter = adapter(attributes);
		return adapter.fromPublisher(adapter.isMultiValue() ? Flux.error(error) : Mono.error(error));
	}

	/**
	 * The adapter of what an interceptor sees: of a suspending function that is a Mono or
	 * a Flux, which the proxy turns back.
	 */
	private static ReactiveAdapter adapter(DistributedLockAttributes attributes) {
		Class<?> type = attributes.method().getReturnType();
		if (KotlinDetector.isSuspendingFunction(attributes.method())) {
			boolean flow = new MethodParameter(attributes.method(), -1).getParameterType()
				.getName()
				.equals(COROUTINE_FLOW);
			type = flow ? Flux.class : Mono.class;
		}
		return Objects.requireNonNull(ReactiveAdapterRegistry.getSharedInstance().getAdapter(type),
				"checked at start-up");
	}

	/**
	 * One subscription, with a lock of its own.
	 */
	private static final class Subscription {

		private final LockedCall call;

		private final ReactiveAdapter adapter;

		private @Nullable LockHandle lock;

		private boolean over;

		private volatile @Nullable RedlockException problem;

		/** Ends the work where the reader has seen enough. */
		private final Sinks.Empty<Void> cancelled = Sinks.empty();

		private Subscription(LockedCall call, ReactiveAdapter adapter) {
			this.call = call;
			this.adapter = adapter;
		}

		private Publisher<Object> publisher(ContextView context, List<LockHandle> caller) {
			List<LockHandle> outer = outer(context, caller);
			if (this.call.joins(outer)) {
				this.call.section().joined();
				return work(outer.get(0)).concatWith(Mono
					.defer(() -> Mono.justOrEmpty(this.call.outcomeOfJoined(outer, null)).flatMap(Mono::error)));
			}
			// An error of the release is kept in a field: Reactor would wrap an error
			// that
			// comes from cleaning up.
			return Flux.usingWhen(acquire(), this::held, this::release, (lock, error) -> release(lock), this::release)
				.concatWith(
						Mono.defer(() -> Mono.justOrEmpty(this.call.outcome(null, this.problem)).flatMap(Mono::error)))
				.onErrorMap(this::outcome)
				.onErrorResume(Unavailable.class, (unavailable) -> instead(unavailable.error()))
				.doFinally((signal) -> close())
				.doOnCancel(this::cancel);
		}

		/**
		 * A reader that cancels goes on at once, perhaps with the next lock. So the work
		 * ends and the release is sent before it does: operators in between may pass its
		 * cancellation on later.
		 */
		private void cancel() {
			this.cancelled.tryEmitEmpty();
			close();
		}

		/**
		 * The locks of the chain, else of the subscribing thread, else of the method that
		 * made the call, as long as that holds them.
		 */
		private List<LockHandle> outer(ContextView context, List<LockHandle> caller) {
			List<LockHandle> outer = ReactiveCurrentLock.findAnyOf(context, this.call.redlock(), this.call.resources());
			if (outer.isEmpty()) {
				outer = CurrentLock.findAnyOf(this.call.redlock(), this.call.resources());
			}
			return (outer.isEmpty() && caller.stream().allMatch(LockHandle::isValid)) ? caller : outer;
		}

		private Mono<LockHandle> acquire() {
			CompletableFuture<LockHandle> acquisition = this.call.acquireAsync();
			LockedCall.then(acquisition, (lock, error) -> granted(lock));
			return Mono.fromFuture(acquisition)
				.switchIfEmpty(Mono.fromSupplier(() -> LockedCall.stubbed((LockHandle) null, "acquireAsync")))
				.onErrorMap(LockNotAcquiredException.class, (error) -> new Unavailable(error));
		}

		/**
		 * A cancellation may come between the grant and the work, and Reactor then drops
		 * the lock on the way. So any lock that was granted is released when this
		 * subscription is over; a second release is harmless.
		 */
		private synchronized void granted(@Nullable LockHandle lock) {
			this.lock = lock;
			if (lock != null && this.over) {
				LockedCall.releaseInBackground(lock);
			}
		}

		private synchronized void close() {
			this.over = true;
			if (this.lock != null) {
				LockedCall.releaseInBackground(this.lock);
			}
		}

		private Publisher<Object> held(LockHandle lock) {
			// The future may tell this chain before it tells granted().
			granted(lock);
			this.call.section().acquired(lock);
			Flux<Object> work = work(lock).takeUntilOther(this.cancelled.asMono());
			if (!this.call.isInterruptedOnLoss()) {
				return work;
			}
			// First the end and then the error: an error of the other publisher would not
			// cancel the work.
			CompletableFuture<LockLostException> lost = lock.lost().toCompletableFuture();
			return work.takeUntilOther(Mono.fromFuture(lost, true))
				.concatWith(Mono.defer(() -> lost.isDone() ? Mono.error(LockedCall.loss(lock)) : Mono.empty()));
		}

		private Flux<Object> work(LockHandle lock) {
			return Flux.defer(() -> toPublisher(lock))
				.contextWrite((inner) -> ReactiveCurrentLock.push(inner, this.call.redlock(), lock));
		}

		private Publisher<Object> toPublisher(LockHandle lock) {
			try {
				return this.adapter.toPublisher(this.call.proceedAgain(lock));
			}
			catch (Throwable ex) {
				return Flux.error(ex);
			}
		}

		private Mono<Void> release(LockHandle lock) {
			return Mono.fromFuture(() -> lock.releaseAsync(), true)
				.doOnNext((wasValid) -> this.problem = wasValid ? null : LockedCall.loss(lock))
				.onErrorResume(RedlockException.class, (error) -> {
					this.problem = error;
					return Mono.empty();
				})
				.then();
		}

		private Throwable outcome(Throwable error) {
			if (error instanceof Unavailable || error.equals(this.problem)) {
				return error;
			}
			Throwable outcome = this.call.outcome(error, this.problem);
			return (outcome != null) ? outcome : error;
		}

		private Publisher<Object> instead(LockNotAcquiredException error) {
			try {
				this.call.section().notAcquired(error);
				return switch (this.call.attributes().reactions().to(error)) {
					case THROW -> Flux.error(error);
					case SKIP -> KotlinDetector.isSuspendingFunction(this.call.attributes().method())
							? Mono.justOrEmpty(this.call.instead(error)) : Flux.empty();
					case FALLBACK -> this.adapter.toPublisher(this.call.instead(error));
				};
			}
			catch (Throwable ex) {
				return Flux.error(ex);
			}
		}

	}

	/**
	 * Marks that this method got no lock, apart from a locked method inside it that got
	 * none.
	 */
	private static final class Unavailable extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private final LockNotAcquiredException error;

		private Unavailable(LockNotAcquiredException error) {
			super(error.getMessage(), error, false, false);
			this.error = error;
		}

		private LockNotAcquiredException error() {
			return this.error;
		}

	}

}
