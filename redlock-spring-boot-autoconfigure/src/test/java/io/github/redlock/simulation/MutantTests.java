package io.github.redlock.simulation;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

/**
 * The simulation finds every one of the {@link Mutants} within its first 3000 seeds. A
 * simulation that finds no mistake shows only as much as this.
 */
@Tag("exhaustive")
class MutantTests {

	/** Those among which every mutant is found. */
	private static final int SEEDS = 3000;

	private static final Logger logger = LoggerFactory.getLogger(MutantTests.class);

	@TestFactory
	Stream<DynamicTest> everyMutantIsFound() {
		// Not the common pool: with few processors it starts a thread for each of them.
		ExecutorService executor = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
		List<CompletableFuture<String>> found = Mutants.ALL.stream()
			.map((mutant) -> CompletableFuture.supplyAsync(() -> firstFailure(mutant), executor))
			.toList();
		executor.shutdown();
		return IntStream.range(0, found.size())
			.mapToObj((i) -> dynamicTest(Mutants.ALL.get(i).toString(), () -> checkFound(found.get(i).join())));
	}

	private static void checkFound(String failure) {
		assertThat(failure).as("what the simulation found").isNotNull();
		logger.info("found with {}", failure);
	}

	private static String firstFailure(Mutant mutant) {
		LongFunction<String> simulation = load(mutant, "SimulationFailure");
		return LongStream.concat(LongStream.of(mutant.likelySeed()), LongStream.range(0, SEEDS))
			.mapToObj((seed) -> found(mutant, seed, simulation.apply(seed)))
			.filter(Objects::nonNull)
			.findFirst()
			.orElse(null);
	}

	private static String found(Mutant mutant, long seed, String failure) {
		return (failure != null) ? "seed " + seed + ", '" + mutant + "': " + failure : null;
	}

	@Test
	void failureIsReportedWithWhatLedToIt() {
		Mutant mutant = Mutants.ALL.stream()
			.filter((one) -> one.toString().equals("a retry keeps its own leftovers"))
			.findFirst()
			.orElseThrow();
		long seed = 0;
		while (load(mutant, "SimulationFailure").apply(seed) == null) {
			seed++;
		}
		String report = load(mutant, "FailureReport").apply(seed);
		String invariant = report.split(":")[0];
		assertThat(report).contains("seed " + seed + ": ", "FAILURE: " + invariant, "-Dsimulation.seed=" + seed);
		Scenario scenario = Scenario.of(seed);
		int left = Integer.parseInt(report.replaceAll("(?s).*with (\\d+) of its .*", "$1"));
		assertThat(left).as("actions left in %s", report).isPositive().isLessThan(scenario.actions() / 2);
	}

	@SuppressWarnings("unchecked")
	private static LongFunction<String> load(Mutant mutant, String type) {
		try {
			return (LongFunction<String>) new MutantClassLoader(mutant)
				.loadClass(MutantTests.class.getPackageName() + "." + type)
				.getConstructor()
				.newInstance();
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
