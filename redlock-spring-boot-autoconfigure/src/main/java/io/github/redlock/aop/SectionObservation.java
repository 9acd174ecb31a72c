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

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;

/**
 * The observation of one locked section, from the call to its end: the time until there
 * is a lock, each attempt as an event, and the work, which sees it as the current one.
 * Without a registry it does nothing.
 * <p>
 * Thread-safe.
 */
final class SectionObservation {

	/** What metrics call it; the timer and the span have this name. */
	static final String NAME = "redlock.section";

	/** Where Reactor's context has the current observation. */
	static final String REACTOR_KEY = "micrometer.observation";

	private static final Event ATTEMPT = Event.of("redlock.attempt", "asked the nodes");

	private static final String OUTCOME = "outcome";

	private final Observation observation;

	private final AtomicBoolean stopped = new AtomicBoolean();

	/** Whether it is known how the acquisition ended. */
	private volatile boolean decided;

	private SectionObservation(Observation observation) {
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
			return new SectionObservation(Observation.NOOP);
		}
		String section = Objects.requireNonNull(options, "options must not be null").name().orElse("none");
		Observation observation = Observation.createNotStarted(NAME, registry)
			.contextualName("lock " + section)
			.lowCardinalityKeyValue("name", section)
			.lowCardinalityKeyValue(OUTCOME, "unknown");
		if (parent != null) {
			observation.parentObservation(parent);
		}
		return new SectionObservation(observation.start());
	}

	Observation observation() {
		return this.observation;
	}

	/**
	 * Make it the current one of this thread.
	 * @return ends that
	 */
	Observation.Scope open() {
		return this.observation.openScope();
	}

	/**
	 * Do something while it is the current one of this thread.
	 */
	<T extends @Nullable Object, X extends Throwable> T during(Work<T, X> work) throws X {
		Observation.Scope scope = open();
		try {
			return work.run();
		}
		finally {
			scope.close();
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
			attempts(lock.attempts());
			ended("acquired");
		}
	}

	/**
	 * A lock that the caller has covers the section.
	 */
	void joined() {
		ended("joined");
	}

	/**
	 * There is no lock.
	 */
	void notAcquired(LockNotAcquiredException error) {
		if (!this.observation.isNoop()) {
			attempts(error.getAttempts());
			ended(error.getReason().name().toLowerCase(Locale.ROOT));
		}
	}

	private void attempts(@Nullable List<ExecutionStats> attempts) {
		if (attempts != null) {
			attempts.forEach((attempt) -> this.observation.event(ATTEMPT));
		}
	}

	private void ended(String outcome) {
		this.decided = true;
		this.observation.lowCardinalityKeyValue(KeyValue.of(OUTCOME, outcome));
		this.observation.event(Event.of("redlock." + outcome, "lock " + outcome));
	}

	void error(Throwable error) {
		this.observation.error(error);
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
			this.observation.stop();
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
