package io.github.redlock.aop;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * What handlers are told of a section. They ask for its key values at every event, and
 * the usual context puts these in order each time; here they are in order.
 * <p>
 * Thread-safe.
 */
final class SectionContext extends Observation.Context {

	private volatile KeyValues lowCardinality;

	private volatile @Nullable Long startedAt;

	SectionContext(KeyValue... lowCardinality) {
		this.lowCardinality = KeyValues.of(lowCardinality);
	}

	/**
	 * By the clock of the meters, in nanoseconds; {@code null} where another handler has
	 * failed before the time was taken.
	 */
	@Nullable Long startedAt() {
		return this.startedAt;
	}

	void setStartedAt(long startedAt) {
		this.startedAt = startedAt;
	}

	@Override
	public KeyValues getLowCardinalityKeyValues() {
		return this.lowCardinality;
	}

	@Override
	public @Nullable KeyValue getLowCardinalityKeyValue(String key) {
		return this.lowCardinality.stream().filter((each) -> each.getKey().equals(key)).findFirst().orElse(null);
	}

	@Override
	public synchronized Observation.Context addLowCardinalityKeyValue(KeyValue keyValue) {
		this.lowCardinality = this.lowCardinality.and(keyValue);
		return this;
	}

	@Override
	public synchronized Observation.Context removeLowCardinalityKeyValue(String key) {
		this.lowCardinality = KeyValues
			.of(this.lowCardinality.stream().filter((each) -> !each.getKey().equals(key)).toList());
		return this;
	}

}
