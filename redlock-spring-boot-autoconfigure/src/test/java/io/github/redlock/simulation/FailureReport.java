package io.github.redlock.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;

/**
 * What a developer needs to understand a run that went wrong: the seed, the fewest
 * actions that still go wrong in the same way, what happened then, and how to repeat it.
 */
public final class FailureReport implements LongFunction<String> {

	/**
	 * Run a simulation.
	 * @param seed its seed
	 * @return the report, or {@code null} if nothing went wrong
	 */
	@Override
	public String apply(long seed) {
		Simulation.Result result = Simulation.run(seed);
		return (result.failure() != null) ? of(result) : null;
	}

	static String of(Simulation.Result failed) {
		Scenario scenario = failed.scenario();
		Set<Integer> skipped = shrink(scenario, kind(failed));
		Simulation.Result shrunk = Simulation.run(scenario.seed(), skipped);
		StringBuilder report = new StringBuilder();
		report.append(failed.failure()).append("\n").append(scenario);
		report.append("\nwith ").append(scenario.actions() - skipped.size()).append(" of its ");
		report.append(scenario.actions()).append(" actions:\n");
		shrunk.trace().forEach((line) -> report.append(line).append('\n'));
		report.append("repeat it: ./mvnw test -pl redlock-spring-boot-autoconfigure -Dtest=SimulationTests");
		report.append(" -Dsimulation.seed=").append(scenario.seed());
		return report.toString();
	}

	/** The invariant that was violated. */
	private static String kind(Simulation.Result result) {
		return (result.failure() != null) ? result.failure().split(":", 2)[0] : "";
	}

	/**
	 * Leave out as many actions as possible, first many at a time and then one by one
	 * (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002).
	 */
	private static Set<Integer> shrink(Scenario scenario, String kind) {
		Set<Integer> skipped = new HashSet<>();
		for (int size = scenario.actions(); size > 0; size /= 2) {
			for (int from = 0; from < scenario.actions(); from += size) {
				List<Integer> some = new ArrayList<>();
				for (int i = from; i < Math.min(from + size, scenario.actions()); i++) {
					if (!skipped.contains(i)) {
						some.add(i);
					}
				}
				skipped.addAll(some);
				if (some.isEmpty() || !kind(Simulation.run(scenario.seed(), skipped)).equals(kind)) {
					some.forEach(skipped::remove);
				}
			}
		}
		return skipped;
	}

}
