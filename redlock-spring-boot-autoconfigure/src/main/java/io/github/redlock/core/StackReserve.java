package io.github.redlock.core;

/**
 * Makes sure that a caller's stack has room for what follows, before anything is changed.
 * <p>
 * A caller's thread does the input and output of others and counts their votes. If its
 * stack ended in the middle of that, they would pay for it. So the stack is entered up to
 * a reserve and left again at the entrance: a caller that has not that much left gets its
 * {@link StackOverflowError} here, where nothing has begun.
 * <p>
 * The reserve has to cost little, and to be there whether this code is interpreted or
 * compiled. The JVM compares the whole frame of a method with the end of the stack when
 * it is entered, but nobody has to write to all of it. So each frame of a short recursion
 * has room for what only the last one needs: an interpreted frame for the local
 * variables, a compiled one for the arguments of a call with many.
 */
final class StackReserve {

	/**
	 * Some 36 KB in interpreted code and 46 KB in compiled code of Java 17. The deepest
	 * path is a vote that decides and a warning with its stack trace, in code that is not
	 * compiled yet; StackOverflowIT runs it.
	 */
	private static final int DEPTH = 32;

	/** How deep the recursion is; the model checker would take it for an endless loop. */
	private static int depth = DEPTH;

	private StackReserve() {
	}

	/**
	 * Take the reserve away, for a model checker.
	 */
	static void disable() {
		depth = 0;
	}

	/**
	 * Use the reserve once.
	 * @throws StackOverflowError if it is not there
	 */
	static void check() {
		if (use(depth) == 0) {
			throw new IllegalStateException("the sum is another number");
		}
	}

	private static long use(long depth) {
		if (depth == 0) {
			long b0 = depth + 0;
			long b1 = depth + 1;
			long b2 = depth + 2;
			long b3 = depth + 3;
			long b4 = depth + 4;
			long b5 = depth + 5;
			long b6 = depth + 6;
			long b7 = depth + 7;
			long b8 = depth + 8;
			long b9 = depth + 9;
			long b10 = depth + 10;
			long b11 = depth + 11;
			long b12 = depth + 12;
			long b13 = depth + 13;
			long b14 = depth + 14;
			long b15 = depth + 15;
			long b16 = depth + 16;
			long b17 = depth + 17;
			long b18 = depth + 18;
			long b19 = depth + 19;
			long b20 = depth + 20;
			long b21 = depth + 21;
			long b22 = depth + 22;
			long b23 = depth + 23;
			long b24 = depth + 24;
			long b25 = depth + 25;
			long b26 = depth + 26;
			long b27 = depth + 27;
			long b28 = depth + 28;
			long b29 = depth + 29;
			long b30 = depth + 30;
			long b31 = depth + 31;
			long b32 = depth + 32;
			long b33 = depth + 33;
			long b34 = depth + 34;
			long b35 = depth + 35;
			long b36 = depth + 36;
			long b37 = depth + 37;
			long b38 = depth + 38;
			long b39 = depth + 39;
			long b40 = depth + 40;
			long b41 = depth + 41;
			long b42 = depth + 42;
			long b43 = depth + 43;
			long b44 = depth + 44;
			long b45 = depth + 45;
			long b46 = depth + 46;
			long b47 = depth + 47;
			long b48 = depth + 48;
			long b49 = depth + 49;
			long b50 = depth + 50;
			long b51 = depth + 51;
			long b52 = depth + 52;
			long b53 = depth + 53;
			long b54 = depth + 54;
			long b55 = depth + 55;
			long b56 = depth + 56;
			long b57 = depth + 57;
			long b58 = depth + 58;
			long b59 = depth + 59;
			return last(b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16, b17, b18, b19, b20,
					b21, b22, b23, b24, b25, b26, b27, b28, b29, b30, b31, b32, b33, b34, b35, b36, b37, b38, b39, b40,
					b41, b42, b43, b44, b45, b46, b47, b48, b49, b50, b51, b52, b53, b54, b55, b56, b57, b58, b59);
		}
		return use(depth - 1) + 1;
	}

	/**
	 * Too long to become a part of its caller.
	 */
	private static long last(long a0, long a1, long a2, long a3, long a4, long a5, long a6, long a7, long a8, long a9,
			long a10, long a11, long a12, long a13, long a14, long a15, long a16, long a17, long a18, long a19,
			long a20, long a21, long a22, long a23, long a24, long a25, long a26, long a27, long a28, long a29,
			long a30, long a31, long a32, long a33, long a34, long a35, long a36, long a37, long a38, long a39,
			long a40, long a41, long a42, long a43, long a44, long a45, long a46, long a47, long a48, long a49,
			long a50, long a51, long a52, long a53, long a54, long a55, long a56, long a57, long a58, long a59) {
		return (a0 ^ a3 << 1) + (a1 ^ a10 << 1) + (a2 ^ a17 << 1) + (a3 ^ a24 << 1) + (a4 ^ a31 << 1) + (a5 ^ a38 << 1)
				+ (a6 ^ a45 << 1) + (a7 ^ a52 << 1) + (a8 ^ a59 << 1) + (a9 ^ a6 << 1) + (a10 ^ a13 << 1)
				+ (a11 ^ a20 << 1) + (a12 ^ a27 << 1) + (a13 ^ a34 << 1) + (a14 ^ a41 << 1) + (a15 ^ a48 << 1)
				+ (a16 ^ a55 << 1) + (a17 ^ a2 << 1) + (a18 ^ a9 << 1) + (a19 ^ a16 << 1) + (a20 ^ a23 << 1)
				+ (a21 ^ a30 << 1) + (a22 ^ a37 << 1) + (a23 ^ a44 << 1) + (a24 ^ a51 << 1) + (a25 ^ a58 << 1)
				+ (a26 ^ a5 << 1) + (a27 ^ a12 << 1) + (a28 ^ a19 << 1) + (a29 ^ a26 << 1) + (a30 ^ a33 << 1)
				+ (a31 ^ a40 << 1) + (a32 ^ a47 << 1) + (a33 ^ a54 << 1) + (a34 ^ a1 << 1) + (a35 ^ a8 << 1)
				+ (a36 ^ a15 << 1) + (a37 ^ a22 << 1) + (a38 ^ a29 << 1) + (a39 ^ a36 << 1) + (a40 ^ a43 << 1)
				+ (a41 ^ a50 << 1) + (a42 ^ a57 << 1) + (a43 ^ a4 << 1) + (a44 ^ a11 << 1) + (a45 ^ a18 << 1)
				+ (a46 ^ a25 << 1) + (a47 ^ a32 << 1) + (a48 ^ a39 << 1) + (a49 ^ a46 << 1) + (a50 ^ a53 << 1)
				+ (a51 ^ a0 << 1) + (a52 ^ a7 << 1) + (a53 ^ a14 << 1) + (a54 ^ a21 << 1) + (a55 ^ a28 << 1)
				+ (a56 ^ a35 << 1) + (a57 ^ a42 << 1) + (a58 ^ a49 << 1) + (a59 ^ a56 << 1);
	}

}
