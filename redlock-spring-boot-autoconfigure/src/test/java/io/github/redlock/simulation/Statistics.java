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

	private long handedOver;

	private long transferred;

	private long noticed;

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

	/** A lock changed hands without a round trip. */
	void handedOver() {
		this.handedOver++;
	}

	/** A node was asked to let a lock change hands. */
	void transferred() {
		this.transferred++;
	}

	/** Somebody was told of a release. */
	void noticed() {
		this.noticed++;
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

	long handovers() {
		return this.handedOver;
	}

	long transfers() {
		return this.transferred;
	}

	long notices() {
		return this.noticed;
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
		this.handedOver += other.handedOver;
		this.transferred += other.transferred;
		this.noticed += other.noticed;
		this.longestWaitNanos = Math.max(this.longestWaitNanos, other.longestWaitNanos);
		other.faults.forEach(this::happened);
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder();
		text.append(String.format(
				"runs %,d, steps %,d, acquisitions asked for %,d, granted %,d, extensions %,d, losses %,d, "
						+ "handed over %,d, transfers asked of nodes %,d, notices %,d, longest wait %.3f s%n",
				this.runs, this.steps, this.calls, this.granted, this.extended, this.lost, this.handedOver,
				this.transferred, this.noticed, Duration.ofNanos(this.longestWaitNanos).toMillis() / 1000.0));
		this.faults.forEach((fault, count) -> text.append(String.format("  %-26s %,12d%n", fault, count)));
		return text.toString();
	}

}
