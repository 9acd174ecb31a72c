package io.github.redlock;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * Which values can work. Each rule stands here once; calls, options, annotations and
 * properties ask here, and add the name of the argument, attribute or property that was
 * wrong. An application has no need of this class: whatever takes a value applies its
 * rule.
 *
 * @since 0.1.0
 */
public final class LockRules {

	/** The largest share of the ttl that may pass before the extension begins. */
	private static final double MAX_EXTEND_AFTER = 0.9;

	private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);

	private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

	/** How the names of fence keys begin, after the prefix of all keys. */
	private static final String FENCE = "fence:{";

	private LockRules() {
	}

	/**
	 * A ttl is a positive whole number of milliseconds, at most {@link Redlock#MAX_TTL}.
	 * Whether it leaves any validity depends on the drift factor besides.
	 * @param ttl the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> ttl(Duration ttl) {
		if (ttl.isNegative() || ttl.isZero()) {
			return violation("is not positive", "Use a ttl of some seconds");
		}
		if (ttl.toNanosPart() % 1_000_000 != 0) {
			return violation("is not a whole number of milliseconds", "Round it to milliseconds, the unit of Redis");
		}
		return atMost(Redlock.MAX_TTL, ttl, "Use a ttl of some seconds");
	}

	/**
	 * A wait time is zero or more.
	 * @param waitTime the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> waitTime(Duration waitTime) {
		return notNegative(waitTime, "Use zero for a single attempt, or leave it out for the default");
	}

	/**
	 * A retry count is zero or more, or -1 for no limit.
	 * @param count the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> retryCount(int count) {
		return (count < -1) ? violation("is below -1", "Use zero or more, or -1 for no limit") : Optional.empty();
	}

	/**
	 * A retry delay or jitter is zero or more.
	 * @param pause the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> retryPause(Duration pause) {
		return notNegative(pause, "Use zero or more");
	}

	/**
	 * A drift factor is between 0 and {@value LockOptions#MAX_DRIFT_FACTOR}.
	 * @param factor the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> driftFactor(double factor) {
		return (factor >= 0 && factor <= LockOptions.MAX_DRIFT_FACTOR) ? Optional.empty()
				: violation("is not between 0 and " + LockOptions.MAX_DRIFT_FACTOR,
						"Use 0.01, which suits clocks that are not broken");
	}

	/**
	 * The share of the ttl that passes before the extension begins is above 0 and at most
	 * 0.9.
	 * @param share the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> extendAfter(double share) {
		return (share > 0 && share <= MAX_EXTEND_AFTER) ? Optional.empty()
				: violation("is not above 0 and at most " + MAX_EXTEND_AFTER,
						"Use a third, which leaves two thirds of the ttl for trying again");
	}

	/**
	 * A minimum of holding is zero or more, and at most {@link Redlock#MAX_TTL}.
	 * @param holdAtLeast the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> holdAtLeast(Duration holdAtLeast) {
		String remedy = "Use some seconds, or leave it out";
		return notNegative(holdAtLeast, remedy).or(() -> atMost(Redlock.MAX_TTL, holdAtLeast, remedy));
	}

	/**
	 * A maximum of holding is positive.
	 * @param maxHold the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> maxHold(Duration maxHold) {
		return (maxHold.isNegative() || maxHold.isZero())
				? violation("is not positive", "Use some minutes, or leave it out") : Optional.empty();
	}

	/**
	 * A maximum of holding is at least as long as the minimum.
	 * @param maxHold the maximum
	 * @param holdAtLeast the minimum
	 * @return what is wrong with the maximum, if anything is
	 */
	public static Optional<Violation> maxHold(Duration maxHold, Duration holdAtLeast) {
		return (maxHold.compareTo(holdAtLeast) >= 0) ? Optional.empty() : violation(
				"is less than holdAtLeast = " + holdAtLeast, "Make maxHold at least as long as holdAtLeast");
	}

	/**
	 * A timeout is between a millisecond and a day.
	 * @param timeout the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> timeout(Duration timeout) {
		String remedy = "Use some milliseconds, such as 200ms";
		return (timeout.compareTo(SHORTEST_TIMEOUT) < 0) ? violation("is less than a millisecond", remedy)
				: atMost(LONGEST_TIMEOUT, timeout, remedy);
	}

	/**
	 * A quarantine after a restart is zero or more, and at most {@link Redlock#MAX_TTL}.
	 * @param quarantine the value
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> restartQuarantine(Duration quarantine) {
		String remedy = "Use the longest ttl, or zero for no quarantine";
		return notNegative(quarantine, remedy).or(() -> atMost(Redlock.MAX_TTL, quarantine, remedy));
	}

	/**
	 * A prefix of keys has either no brace or a whole hash tag of Redis Cluster, so that
	 * the fence of a resource lies in the slot of its lock key.
	 * @param prefix the value; empty for no prefix
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> keyPrefix(String prefix) {
		int open = prefix.indexOf('{');
		if (open >= 0 && prefix.indexOf('}', open) <= open + 1) {
			return violation("has a { without a hash tag in braces", "Close the brace, as in {app}:, or leave it out");
		}
		return isText(prefix) ? Optional.empty()
				: violation("has half of a surrogate pair and has no form in UTF-8", "Use plain text");
	}

	/**
	 * A resource is text that is not blank and does not begin as the names of fence keys
	 * do.
	 * @param resource the name
	 * @return what is wrong, if anything is
	 */
	public static Optional<Violation> resource(@Nullable String resource) {
		if (resource == null || resource.isBlank()) {
			return violation("is null or blank", "Name what to lock");
		}
		if (resource.startsWith(FENCE)) {
			return violation("begins with " + FENCE + ", where nodes keep fencing tokens", "Add or change a letter");
		}
		return isText(resource) ? Optional.empty() : violation(
				"has half of a surrogate pair and could be taken for another resource", "Encode binary data");
	}

	/**
	 * Whether every character has a form in UTF-8.
	 */
	private static boolean isText(String resource) {
		for (int i = 0; i < resource.length(); i++) {
			if (Character.isSurrogate(resource.charAt(i)) && !(Character.isHighSurrogate(resource.charAt(i))
					&& ++i < resource.length() && Character.isLowSurrogate(resource.charAt(i)))) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Apply a rule to an argument.
	 * @param name the argument's name
	 * @param value its value
	 * @param rule one of the rules of this class
	 * @param <T> the type of the value
	 * @return the value
	 * @throws IllegalArgumentException if it breaks the rule, with name, value and remedy
	 * @throws NullPointerException if it is {@code null}, with its name
	 */
	public static <T> T require(String name, T value, Function<? super T, Optional<Violation>> rule) {
		Objects.requireNonNull(value, () -> name + " must not be null");
		Optional<Violation> violation = rule.apply(value);
		if (violation.isPresent()) {
			throw violation.get().exception(name, value);
		}
		return value;
	}

	private static Optional<Violation> notNegative(Duration value, String remedy) {
		return value.isNegative() ? violation("is negative", remedy) : Optional.empty();
	}

	private static Optional<Violation> atMost(Duration longest, Duration value, String remedy) {
		return (value.compareTo(longest) > 0) ? violation("is longer than " + longest, remedy) : Optional.empty();
	}

	private static Optional<Violation> violation(String why, String remedy) {
		return Optional.of(new Violation(why, remedy));
	}

	/**
	 * What is wrong with a value, without its name.
	 *
	 * @param why a phrase that follows name and value, such as "is negative"
	 * @param remedy a sentence without its full stop
	 */
	public record Violation(String why, String remedy) {

		/**
		 * The exception for an argument.
		 * @param name the argument's name
		 * @param value its value
		 * @return an exception whose message has name, value and remedy
		 */
		public IllegalArgumentException exception(String name, @Nullable Object value) {
			return new IllegalArgumentException(name + " = " + value + " " + this.why + "; "
					+ this.remedy.substring(0, 1).toLowerCase(Locale.ROOT) + this.remedy.substring(1));
		}

	}

}
