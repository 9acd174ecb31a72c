package io.github.redlock.aop;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The key values of a section change like those of any other observation.
 */
class SectionContextTests {

	private static final KeyValue NAME = KeyValue.of("name", "pay");

	private static final KeyValue UNKNOWN = KeyValue.of("outcome", "unknown");

	private final SectionContext context = new SectionContext(UNKNOWN, NAME);

	@Test
	void keyValuesAreInOrder() {
		assertThat(this.context.getLowCardinalityKeyValues()).containsExactly(NAME, UNKNOWN);
		assertThat(this.context.getAllKeyValues()).containsExactly(NAME, UNKNOWN);
	}

	@Test
	void keyValueTakesThePlaceOfTheOneWithItsKey() {
		KeyValue acquired = KeyValue.of("outcome", "acquired");
		this.context.addLowCardinalityKeyValue(acquired);
		assertThat(this.context.getLowCardinalityKeyValues()).containsExactly(NAME, acquired);
		assertThat(this.context.getLowCardinalityKeyValue("outcome")).isEqualTo(acquired);
	}

	@Test
	void severalAreAddedAndRemoved() {
		this.context.addLowCardinalityKeyValues(KeyValues.of("region", "west", "cell", "1"));
		this.context.removeLowCardinalityKeyValues("outcome", "cell");
		assertThat(this.context.getLowCardinalityKeyValues()).containsExactly(NAME, KeyValue.of("region", "west"));
		assertThat(this.context.getLowCardinalityKeyValue("outcome")).isNull();
	}

}
