package io.github.redlock.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * The production code with a mistake in it.
 */
final class Mutant {

	private final String name;

	private final List<Edit> edits = new ArrayList<>();

	private long likelySeed;

	private Mutant(String name) {
		this.name = name;
	}

	static Mutant of(String name) {
		return new Mutant(name);
	}

	/**
	 * Replace text that must be there exactly once.
	 * @param file a source file, relative to the base package
	 */
	Mutant edit(String file, String from, String to) {
		this.edits.add(new Edit(file, from, to));
		return this;
	}

	/**
	 * A seed that has found it before, which is tried first.
	 */
	Mutant likelyFoundBy(long seed) {
		this.likelySeed = seed;
		return this;
	}

	long likelySeed() {
		return this.likelySeed;
	}

	List<Edit> edits() {
		return this.edits;
	}

	@Override
	public String toString() {
		return this.name;
	}

	/**
	 * One replacement.
	 */
	record Edit(String file, String from, String to) {

		String apply(String text) {
			int at = text.indexOf(this.from);
			if (at < 0 || text.indexOf(this.from, at + 1) >= 0) {
				throw new IllegalStateException(
						"the mutant has to follow the code: not exactly once in " + this.file + ": " + this.from);
			}
			return text.substring(0, at) + this.to + text.substring(at + this.from.length());
		}

	}

}
