package io.github.redlock;

import java.io.Serializable;
import java.util.List;

/**
 * The attempts that an exception carries. They may still collect votes when the exception
 * is thrown; serialized, they are what they were at that moment.
 */
final class Attempts implements Serializable {

	private static final long serialVersionUID = 1L;

	private final transient List<ExecutionStats> attempts;

	Attempts(List<? extends ExecutionStats> attempts) {
		this.attempts = List.copyOf(attempts);
	}

	List<ExecutionStats> list() {
		return this.attempts;
	}

	private Object writeReplace() {
		return new Snapshots(this.attempts.stream().map(AttemptSnapshot::of).toList());
	}

	/**
	 * The serialized form.
	 */
	private record Snapshots(List<AttemptSnapshot> attempts) implements Serializable {

		private Object readResolve() {
			return new Attempts(this.attempts);
		}

	}

}
