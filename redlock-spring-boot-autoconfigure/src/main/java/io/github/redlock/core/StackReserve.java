package io.github.redlock.core;

/**
 * Makes sure that a caller's stack has room for what follows, before anything is changed.
 * <p>
 * A caller's thread does the input and output of others and counts their votes. If its
 * stack ended in the middle of that, they would pay for it. So the stack is used up to a
 * reserve and left again at the entrance: a caller that has not that much left gets its
 * {@link StackOverflowError} here, where nothing has begun.
 */
final class StackReserve {

	/**
	 * About 30 KB. The deepest path is a vote that decides and a warning with its stack
	 * trace, in code that is not compiled yet; StackOverflowIT runs it.
	 */
	private static final int DEPTH = 128;

	private StackReserve() {
	}

	/**
	 * Use the reserve once.
	 * @throws StackOverflowError if it is not there
	 */
	static void check() {
		if (use(DEPTH, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) == 0) {
			throw new IllegalStateException("a sum of positive numbers is positive");
		}
	}

	/**
	 * The arguments make each frame some 200 bytes large, compiled or not.
	 */
	private static long use(int depth, long a, long b, long c, long d, long e, long f, long g, long h, long i, long j,
			long k, long l) {
		if (depth == 0) {
			return a + l;
		}
		return use(depth - 1, b, c, d, e, f, g, h, i, j, k, l, a) + a + b + c + d + e + f + g + h + i + j + k + l;
	}

}
