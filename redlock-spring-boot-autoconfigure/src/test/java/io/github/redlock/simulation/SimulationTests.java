package io.github.redlock.simulation;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * The production core and the production scripts in simulated processes, networks,
 * servers and time. {@link Oracle} says what must hold, {@link Fault} what goes wrong,
 * {@link MutantTests} whether anybody would notice.
 * <p>
 * One run: {@code -Dsimulation.seed=957}. A long one:
 * {@code -Dsimulation.steps=10000000}, from {@code -Dsimulation.first-seed=1000} if
 * wanted.
 */
@Tag("exhaustive")
class SimulationTests {

	/** The seeds of the normal build are 0 to this; a long run goes on from there. */
	private static final int SEEDS = 300;

	@Test
	@DisabledIfSystemProperty(named = "simulation.seed", matches = ".+")
	@DisabledIfSystemProperty(named = "simulation.steps", matches = ".+")
	void fixedSeeds() {
		Statistics statistics = new Statistics();
		LongStream.range(0, SEEDS).parallel().forEach((seed) -> run(seed, statistics));
		assertThat(statistics.grants()).as("locks granted, or the runs show nothing").isGreaterThan(5L * SEEDS);
		assertThat(statistics.handovers()).as("locks handed over without a round trip").isGreaterThan(SEEDS / 2);
		assertThat(statistics.notices()).as("notices of releases").isGreaterThan(SEEDS);
		assertThat(statistics.transfers()).as("locks handed over in one round trip").isGreaterThan(SEEDS);
		for (Fault fault : Fault.values()) {
			if (fault.isEvent() || fault == Fault.PAUSE_ANYWHERE) {
				assertThat(statistics.happened(fault)).as("occurrences of %s", fault).isGreaterThan(SEEDS / 20);
			}
		}
	}

	@Test
	void runCanBeRepeated() {
		for (long seed = 0; seed < 20; seed++) {
			assertThat(traceOf(seed)).as("seed %d", seed).isNotEmpty().isEqualTo(traceOf(seed));
		}
	}

	private static List<String> traceOf(long seed) {
		return Simulation.run(seed, Set.of()).trace();
	}

	@Test
	@EnabledIfSystemProperty(named = "simulation.seed", matches = ".+")
	void givenSeed() {
		Simulation.Result result = Simulation.run(Long.getLong("simulation.seed"), Set.of());
		System.out.println(result.scenario());
		result.trace().forEach(System.out::println);
		assertThat(result.failure()).isNull();
	}

	@Test
	@EnabledIfSystemProperty(named = "simulation.steps", matches = ".+")
	void givenSteps() {
		long steps = Long.getLong("simulation.steps");
		long first = Long.getLong("simulation.first-seed", 0);
		AtomicLong next = new AtomicLong(first);
		Statistics statistics = new Statistics();
		LongStream.range(0, Runtime.getRuntime().availableProcessors()).parallel().forEach((worker) -> {
			while (statistics.steps() < steps) {
				run(next.getAndIncrement(), statistics);
			}
		});
		System.out.println("seeds " + first + " to " + (next.get() - 1) + ": " + statistics);
	}

	private static void run(long seed, Statistics statistics) {
		Simulation.Result result = Simulation.run(seed);
		if (result.failure() != null) {
			fail("simulation failed: " + FailureReport.of(result));
		}
		statistics.add(result.statistics());
	}

}
