package io.github.redlock.aop;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.Observation.Event;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;

/**
 * The observation of one locked section, from the call to its end: the time until there
 * is a lock, each attempt as an event, and the work, which sees it as the current one.
 * The event of the attempt that wins the lock is that of the acquisition. Without a
 * registry it does nothing.
 * <p>
 * What a handler of observations throws is said once in the log, and harms neither the
 * lock nor the work: nobody would release the lock, or end a publisher, after it.
 * <p>
 * Thread-safe.
 */
final class SectionObservation {

	/** What metrics call it; the timer and the span have this name. */
	static final String NAME = "redlock.section";

	/** Where Reactor's context has the current observation. */
	static final String REACTOR_KEY = "micrometer.observation";

	/** Of what is not observed. */
	static final SectionObservation NONE = new SectionObservation(ObservationRegistry.NOOP, Observation.NOOP);

	private static final Event ATTEMPT = Event.of("redlock.attempt", "asked the nodes");

	private static final Outcome ACQUIRED = new Outcome("acquired");

	private static final Outcome JOINED = new Outcome("joined");

	private static final Outcome UNKNOWN = new Outcome("unknown");

	private static final Logger logger = LoggerFactory.getLogger(SectionObservation.class);

	private static final AtomicBoolean warned = new AtomicBoolean();

	private final ObservationRegistry registry;

	private final Observation observation;

	private final AtomicBoolean stopped = new AtomicBoolean();

	/** Whether it is known how the acquisition ended. */
	private volatile boolean decided;

	private SectionObservation(ObservationRegistry registry, Observation observation) {
		this.registry = registry;
		this.observation = observation;
	}

	/**
	 * Begin to observe a section.
	 * @param options name the section
	 * @param parent the observation that it is a part of, {@code null} for the current
	 * one of this thread
	 */
	static SectionObservation start(ObservationRegistry registry, LockOptions options, @Nullable Observation parent) {
		if (registry.isNoop()) {
			return NONE;
		}
		String section = Objects.requireNonNull(options, "options must not be null").name().orElse("none");
		Observation observation = Observation
			.createNotStarted(NAME, () -> new SectionContext(KeyValue.of("name", section), UNKNOWN.keyValue()),
					registry)
			.contextualName("lock " + section);
		if (parent != null) {
			observation.parentObservation(parent);
		}
		tell(observation::start);
		return new SectionObservation(registry, observation);
	}

	private static void tell(Runnable notification) {
		try {
			notification.run();
		}
		catch (RuntimeException | Error ex) {
			handlerFailed(ex);
		}
	}

	private static void handlerFailed(Throwable error) {
		if (warned.compareAndSet(false, true)) {
			logger.warn("A handler of observations failed; no lock is affected. This is said once", error);
		}
	}

	Observation observation() {
		return this.observation;
	}

	/**
	 * Do something while it is the current one of this thread.
	 */
	<T extends @Nullable Object, X extends Throwable> T during(Work<T, X> work) throws X {
		if (this.observation.equals(this.registry.getCurrentObservation())) {
			return work.run();
		}
		Observation.Scope before = this.registry.getCurrentObservationScope();
		Observation.Scope scope = openScope(before);
		try {
			return work.run();
		}
		finally {
			close(scope, before);
		}
	}

	private Observation.Scope openScope(Observation.@Nullable Scope before) {
		try {
			return this.observation.openScope();
		}
		catch (RuntimeException | Error ex) {
			this.registry.setCurrentObservationScope(before);
			handlerFailed(ex);
			return Observation.Scope.NOOP;
		}
	}

	private void close(Observation.Scope scope, Observation.@Nullable Scope before) {
		try {
			scope.close();
		}
		catch (RuntimeException | Error ex) {
			this.registry.setCurrentObservationScope(before);
			handlerFailed(ex);
		}
	}

	/**
	 * Observe a section that runs on this thread, to its end.
	 */
	<T extends @Nullable Object, X extends Throwable> T observe(Work<T, X> section) throws X {
		try {
			return during(section);
		}
		catch (Throwable ex) {
			failed(ex);
			throw ex;
		}
		finally {
			stop();
		}
	}

	/**
	 * Observe a section that ends with its future, or fails before there is one.
	 */
	<T extends @Nullable Object> CompletableFuture<T> observeFuture(
			Work<CompletableFuture<T>, RuntimeException> section) {
		CompletableFuture<T> result;
		try {
			result = during(section);
		}
		catch (Throwable ex) {
			failed(ex);
			stop();
			throw ex;
		}
		CompletionStage<T> end = result;
		end.whenComplete((value, error) -> {
			if (error != null) {
				failed(error);
			}
			stop();
		});
		return result;
	}

	/**
	 * The lock was acquired; the work begins.
	 */
	void acquired(LockHandle lock) {
		if (!this.observation.isNoop()) {
			List<ExecutionStats> attempts = lock.attempts();
			attempts((attempts != null) ? attempts.size() - 1 : 0);
			ended(ACQUIRED);
		}
	}

	/**
	 * A lock that the caller has covers the section.
	 */
	void joined() {
		if (!this.observation.isNoop()) {
			ended(JOINED);
		}
	}

	/**
	 * There is no lock.
	 */
	void notAcquired(LockNotAcquiredException error) {
		if (!this.observation.isNoop()) {
			attempts(error.getAttempts().size());
			ended(new Outcome(error.getReason().name().toLowerCase(Locale.ROOT)));
		}
	}

	private void attempts(int count) {
		for (int i = 0; i < count; i++) {
			tell(() -> this.observation.event(ATTEMPT));
		}
	}

	private void ended(Outcome outcome) {
		this.decided = true;
		this.observation.lowCardinalityKeyValue(outcome.keyValue());
		tell(() -> this.observation.event(outcome.event()));
	}

	void error(Throwable error) {
		tell(() -> this.observation.error(error));
	}

	/**
	 * The section failed: its work did, or there is no lock.
	 */
	void failed(Throwable error) {
		// Work that locks something else may end with such an exception too.
		if (!this.decided && error instanceof LockNotAcquiredException notAcquired) {
			notAcquired(notAcquired);
		}
		error(error);
	}

	/**
	 * The section is over. Only the first call counts.
	 */
	void stop() {
		if (this.stopped.compareAndSet(false, true)) {
			tell(this.observation::stop);
		}
	}

	/**
	 * How an acquisition ends.
	 *
	 * @param keyValue what the observation has of it
	 * @param event what happens then
	 */
	private record Outcome(KeyValue keyValue, Event event) {

		private Outcome(String name) {
			this(KeyValue.of("outcome", name), Event.of("redlock." + name, "lock " + name));
		}

	}

	/**
	 * What is done.
	 *
	 * @param <T> its result
	 * @param <X> what it may throw
	 */
	@FunctionalInterface
	interface Work<T extends @Nullable Object, X extends Throwable> {

		T run() throws X;

	}

}
