package io.github.redlock.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * Numbers, and which part of them is not larger than one.
 */
final class Samples {

	private final List<Double> values = new ArrayList<>();

	/**
	 * These numbers, to begin with.
	 */
	static Samples of(Collection<Double> values) {
		Samples samples = new Samples();
		samples.values.addAll(values);
		return samples;
	}

	void add(double value) {
		this.values.add(value);
	}

	/**
	 * The smallest number that at least this share is not larger than.
	 * @return not a number if there are none
	 */
	double quantile(double share) {
		if (this.values.isEmpty()) {
			return Double.NaN;
		}
		Collections.sort(this.values);
		int index = (int) Math.ceil(share * this.values.size()) - 1;
		return this.values.get(Math.max(index, 0));
	}

}
