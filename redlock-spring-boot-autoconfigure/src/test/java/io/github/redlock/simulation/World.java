package io.github.redlock.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Supplier;

/**
 * Everything that happens, one event after the other. Only one thread runs at any time:
 * the one that runs the world, or the {@link Caller} that it gave way to.
 */
final class World {

	private static final int TRACE_LINES = 2000;

	private final PriorityQueue<Event> events = new PriorityQueue<>(
			Comparator.comparingLong((Event event) -> event.at).thenComparingLong((event) -> event.number));

	private final Deque<String> trace = new ArrayDeque<>();

	private final boolean tracing;

	private Runnable afterStep = () -> {
	};

	private long now;

	private long number;

	private long steps;

	private String failure;

	private Caller current;

	World(boolean tracing) {
		this.tracing = tracing;
	}

	/** Nanoseconds since the beginning. */
	long now() {
		return this.now;
	}

	/** How many events have happened. */
	long steps() {
		return this.steps;
	}

	void afterStep(Runnable check) {
		this.afterStep = check;
	}

	Event schedule(long delayNanos, Runnable action) {
		Event event = new Event(this.now + Math.max(delayNanos, 0), this.number++, action);
		this.events.add(event);
		return event;
	}

	/**
	 * Let time pass. May be called by something that happens: whoever does that stands
	 * still while the others go on.
	 */
	void runUntil(long end) {
		while (this.failure == null) {
			Event next = this.events.peek();
			if (next == null || next.at > end) {
				this.now = Math.max(this.now, end);
				return;
			}
			this.events.remove();
			if (next.cancelled) {
				continue;
			}
			this.now = Math.max(this.now, next.at);
			this.steps++;
			try {
				next.action.run();
			}
			catch (RuntimeException | Error ex) {
				fail("unexpected " + ex, ex);
			}
			this.afterStep.run();
		}
	}

	/** Something that must never happen has happened: time stands still from now on. */
	void fail(String what) {
		fail(what, null);
	}

	private void fail(String what, Throwable error) {
		if (this.failure == null) {
			this.failure = what;
			trace(() -> "FAILURE: " + what);
			if (error != null) {
				for (StackTraceElement element : error.getStackTrace()) {
					trace(() -> "  at " + element);
				}
			}
		}
	}

	String failure() {
		return this.failure;
	}

	boolean failed() {
		return this.failure != null;
	}

	void trace(Supplier<String> line) {
		if (this.tracing) {
			if (this.trace.size() == TRACE_LINES) {
				this.trace.remove();
			}
			this.trace.add(String.format("%12.6f s  %s", this.now / 1e9, line.get()));
		}
	}

	List<String> trace() {
		return new ArrayList<>(this.trace);
	}

	Caller current() {
		return this.current;
	}

	void setCurrent(Caller caller) {
		this.current = caller;
	}

	/**
	 * Something that will happen.
	 */
	static final class Event {

		private final long at;

		private final long number;

		private final Runnable action;

		private boolean cancelled;

		private Event(long at, long number, Runnable action) {
			this.at = at;
			this.number = number;
			this.action = action;
		}

		void cancel() {
			this.cancelled = true;
		}

	}

}
