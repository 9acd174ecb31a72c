package io.github.redlock.simulation;

import java.util.function.LongFunction;

/**
 * A run as seen from outside its class loader.
 */
public final class SimulationFailure implements LongFunction<String> {

	/**
	 * Run a simulation.
	 * @param seed its seed
	 * @return what went wrong, or {@code null} if nothing did
	 */
	@Override
	public String apply(long seed) {
		return Simulation.run(seed).failure();
	}

}
