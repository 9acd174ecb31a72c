package io.github.redlock.testing;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Input that nobody would think of, drawn from a seed. A failure names the seed.
 */
public final class Garbage {

	private static final List<String> NASTY = List.of("", " ", "\t", "\n", "\r\n", "\0", "a", "A", "ä", "\u0000\u0001",
			"\u202e", "\u2028", "𝕏", "👩‍👩‍👧", "\ud800", "{", "}", "{}", "{a}", "}{", ":", "::", "fence:{", "#", "'",
			"\"", "\\", "$", "${", "${x}", "#{", "#{1}", "%", "%2", "%s", "*", "?", "[", "]", "(", ")", "@", "/", "../",
			"null", "-1", "0", "1e309", "NaN", "redis://", "rediss://", "http://", "localhost", "127.0.0.1", "6379",
			"99999", "secret", "user:secret@", "T(java.lang.Math).abs(1)", "#root", "#item", "#p0", "#a0", ".", "..",
			"!", "==", "&&", "?:", "new", "true", "1", "{1,2}", "matches", "PT10S", "10s", "\uFEFF");

	/** The normal build takes one of so many seeds; -Dgarbage.share=1 takes all. */
	private static final int SHARE = Integer.getInteger("garbage.share", 5);

	/** Fewer than this are all taken. */
	private static final int FEW = 500;

	private final Random random;

	private Garbage(long seed) {
		this.random = new Random(seed);
	}

	/** Check something for the seeds up to a number, or for some of many. */
	public static void forSeeds(int count, Consumer<Garbage> check) {
		int step = (count < FEW) ? 1 : SHARE;
		for (long seed = 0; seed < count; seed += step) {
			try {
				check.accept(new Garbage(seed));
			}
			catch (AssertionError | RuntimeException ex) {
				throw new AssertionError("garbage of seed " + seed + ": " + ex, ex);
			}
		}
	}

	public Random random() {
		return this.random;
	}

	public <T> T anyOf(List<T> values) {
		return values.get(this.random.nextInt(values.size()));
	}

	/** Some text: nasty pieces, or any characters at all, seldom very long. */
	public String text() {
		StringBuilder text = new StringBuilder();
		if (this.random.nextInt(4) > 0) {
			IntStream.range(0, this.random.nextInt(6)).forEach((i) -> text.append(anyOf(NASTY)));
		}
		else {
			this.random.ints(this.random.nextInt(20), 0, 0x110000).forEach(text::appendCodePoint);
		}
		return (this.random.nextInt(40) > 0) ? text.toString() : text.append('x').toString().repeat(10_000);
	}

	/** Some duration: sensible, tiny, negative, or longer than anything. */
	public Duration duration() {
		return switch (this.random.nextInt(7)) {
			case 0 -> Duration.ZERO;
			case 1 -> Duration.ofSeconds(this.random.nextLong(), this.random.nextInt(1_000_000_000) - 500L);
			case 2 -> Duration.ofNanos(this.random.nextInt(10_000_000) - 5_000_000L);
			case 3 -> Duration.ofMillis(this.random.nextInt(10) - 5L);
			case 4 -> Duration.ofSeconds(anyOf(List.of(Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE / 1000)));
			case 5 -> Duration.ofDays(this.random.nextInt(1000));
			default -> Duration.ofMillis(1 + this.random.nextInt(100_000));
		};
	}

}
