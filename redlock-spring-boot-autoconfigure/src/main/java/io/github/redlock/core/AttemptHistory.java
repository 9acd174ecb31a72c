package io.github.redlock.core;

import java.util.ArrayList;
import java.util.List;

import io.github.redlock.ExecutionStats;

/**
 * The statistics of the attempts of one acquisition: the first one, which shows how it
 * began, and the last ones. A caller may wait for days, and many callers may wait.
 */
final class AttemptHistory {

	/** How many are kept besides the first. */
	static final int LAST_KEPT = 5;

	private final List<ExecutionStats> kept = new ArrayList<>(1);

	private int count;

	void add(ExecutionStats attempt) {
		this.count++;
		this.kept.add(attempt);
		if (this.kept.size() > 1 + LAST_KEPT) {
			this.kept.remove(1);
		}
	}

	/**
	 * How many attempts there were, those included that are not kept.
	 */
	int count() {
		return this.count;
	}

	/**
	 * Those that are kept, first to last.
	 */
	List<ExecutionStats> kept() {
		return List.copyOf(this.kept);
	}

}
