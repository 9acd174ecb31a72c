package io.github.redlock.aop;

import java.util.concurrent.TimeUnit;

import io.micrometer.common.KeyValue;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * The timer of a section is the one that Micrometer's own handler makes.
 */
class SectionTimerTests {

	private static final LockOptions PAY = LockOptions.builder().name("pay").build();

	private final MockClock clock = new MockClock();

	private final SimpleMeterRegistry meters = new SimpleMeterRegistry(SimpleConfig.DEFAULT, this.clock);

	private final SimpleMeterRegistry usual = new SimpleMeterRegistry(SimpleConfig.DEFAULT, this.clock);

	private final ObservationRegistry observations = ObservationRegistry.create();

	private void observe() {
		this.observations.observationConfig()
			.observationHandler(new SectionTimer(this.meters))
			.observationHandler(new DefaultMeterObservationHandler(this.usual));
	}

	private void section() {
		SectionObservation.start(this.observations, PAY, null).observe(() -> {
			this.clock.add(20, TimeUnit.MILLISECONDS);
			return null;
		});
	}

	@Test
	void timerIsTheUsualOne() {
		observe();
		section();
		section();
		assertThatIllegalStateException()
			.isThrownBy(() -> SectionObservation.start(this.observations, PAY, null).observe(() -> {
				throw new IllegalStateException("as intended");
			}));
		assertThat(this.meters.getMeters().stream().map(Meter::getId)).containsExactlyInAnyOrderElementsOf(
				this.usual.get("redlock.section").timers().stream().map(Meter::getId).toList());
		assertThat(this.meters.getMeters()).hasSize(2);
		Timer timer = this.meters.get("redlock.section").tags("name", "pay", "error", "none").timer();
		assertThat(timer.count()).isEqualTo(2);
		assertThat(timer.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(40);
		assertThat(this.meters.get("redlock.section").tags("error", "IllegalStateException").timer().count())
			.isEqualTo(1);
	}

	@Test
	void whatOthersAddToASectionIsATag() {
		this.observations.observationConfig().observationFilter((context) -> {
			context.setName("locks");
			return context.addLowCardinalityKeyValue(KeyValue.of("region", "west"));
		});
		observe();
		section();
		assertThat(this.meters.get("locks").timer().getId().getTags()).contains(Tag.of("region", "west"));
	}

	@Test
	void sectionWhoseBeginningIsUnknownIsNotTimed() {
		this.observations.observationConfig()
			.observationHandler(new SectionObservationTests.BrokenHandler("start"))
			.observationHandler(new SectionTimer(this.meters));
		section();
		assertThat(this.meters.getMeters()).isEmpty();
	}

	@Test
	void onlySectionsAreTimed() {
		ObservationHandler<Observation.Context> timer = new SectionTimer(this.meters);
		assertThat(timer.supportsContext(new Observation.Context())).isFalse();
		assertThat(timer.supportsContext(new SectionContext())).isTrue();
	}

}
