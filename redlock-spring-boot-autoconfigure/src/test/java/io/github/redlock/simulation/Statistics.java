package io.github.redlock.simulation;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * What runs have seen. Only adding up is thread-safe.
 */
final class Statistics {

	private final Map<Fault, Long> faults = new EnumMap<>(Fault.class);

	private long runs;

	private long steps;

	private long calls;

	private long granted;

	private long extended;

	private long lost;

	private long longestWaitNanos;

	void ran(long steps) {
		this.runs++;
		this.steps += steps;
	}

	void called() {
		this.calls++;
	}

	void granted() {
		this.granted++;
	}

	void extended() {
		this.extended++;
	}

	void lost() {
		this.lost++;
	}

	void waited(long nanos) {
		this.longestWaitNanos = Math.max(this.longestWaitNanos, nanos);
	}

	void happened(Fault fault, long times) {
		this.faults.merge(fault, times, Long::sum);
	}

	synchronized long steps() {
		return this.steps;
	}

	long grants() {
		return this.granted;
	}

	long happened(Fault fault) {
		return this.faults.getOrDefault(fault, 0L);
	}

	synchronized void add(Statistics other) {
		this.runs += other.runs;
		this.steps += other.steps;
		this.calls += other.calls;
		this.granted += other.granted;
		this.extended += other.extended;
		this.lost += other.lost;
		this.longestWaitNanos = Math.max(this.longestWaitNanos, other.longestWaitNanos);
		other.faults.forEach(this::happened);
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder();
		text.append(String.format(
				"runs %,d, steps %,d, acquisitions asked for %,d, granted %,d, extensions %,d, losses %,d, "
						+ "longest wait %.3f s%n",
				this.runs, this.steps, this.calls, this.granted, this.extended, this.lost,
				Duration.ofNanos(this.longestWaitNanos).toMillis() / 1000.0));
		this.faults.forEach((fault, count) -> text.append(String.format("  %-26s %,12d%n", fault, count)));
		return text.toString();
	}

}
