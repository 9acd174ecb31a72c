package io.github.redlock.fault;

import java.util.Set;
import java.util.TreeSet;

/**
 * Called before every call in the code under test; throws where it was told to.
 */
public final class FaultPoint {

	private static volatile Thread victim;

	private static volatile int site = -1;

	private static volatile boolean thrown;

	private static volatile Set<Integer> passed = new TreeSet<>();

	private FaultPoint() {
	}

	/** A call site is reached. */
	public static void pass(int reached) {
		if (Thread.currentThread() != victim) {
			return;
		}
		if (site < 0) {
			passed.add(reached);
		}
		else if (site == reached && !thrown) {
			thrown = true;
			throw new StackOverflowError("as intended, at call site " + reached);
		}
	}

	/** Record the call sites that this thread reaches. */
	static void record() {
		site = -1;
		passed = new TreeSet<>();
		victim = Thread.currentThread();
	}

	/** Throw once, where this thread reaches the site. */
	static void arm(int at) {
		site = at;
		thrown = false;
		victim = Thread.currentThread();
	}

	/** Do nothing any more. */
	static void disarm() {
		victim = null;
	}

	static Set<Integer> passed() {
		return passed;
	}

	static boolean hasThrown() {
		return thrown;
	}

}
