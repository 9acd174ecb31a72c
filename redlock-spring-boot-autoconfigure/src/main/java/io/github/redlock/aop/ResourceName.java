package io.github.redlock.aop;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.MonthDay;
import java.time.ZoneId;
import java.time.temporal.Temporal;
import java.time.temporal.TemporalAmount;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

import org.springframework.core.ResolvableType;

/**
 * Which values name a resource, and how each is written: text, characters, booleans,
 * numbers, enum constants, UUIDs, and what {@code java.time} has. Two equal values are
 * written in the same way, in each JVM. That cannot be said of other types: the text of a
 * class without {@code toString} is another one for each of its objects, and two URIs
 * that are equal may differ in case.
 */
final class ResourceName {

	/** What can be a name, in the words of an error message. */
	static final String RULE = "a name is a text, number, boolean, enum constant, UUID, or a date or time of java.time";

	/** Whose subclasses, or whose implementations, are names. */
	private static final List<Class<?>> NAMES = List.of(String.class, CharSequence.class, Character.class,
			Boolean.class, Number.class, Enum.class, UUID.class);

	/** Longer numbers are a mistake: written out, they would fill the memory. */
	private static final int MAX_DIGITS = 1000;

	private ResourceName() {
	}

	/**
	 * The name that a value is.
	 * @return the name, or {@code null} if the value is none
	 */
	static @Nullable String of(@Nullable Object value) {
		if (value == null) {
			return null;
		}
		if (value instanceof CharSequence || value instanceof Character || value instanceof Boolean
				|| value instanceof UUID || isTime(value)) {
			return value.toString();
		}
		if (value instanceof Enum<?> constant) {
			return constant.name();
		}
		return (value instanceof Number number) ? ofNumber(number) : null;
	}

	private static boolean isTime(Object value) {
		return value.getClass().getPackageName().equals("java.time") && (value instanceof Temporal
				|| value instanceof TemporalAmount || value instanceof ZoneId || value instanceof MonthDay);
	}

	/**
	 * The digits, without an exponent and without zeros at the end of a fraction: numbers
	 * that are equal have the same name, whatever their type.
	 */
	private static @Nullable String ofNumber(Number number) {
		if (number instanceof Long || number instanceof Integer || number instanceof Short || number instanceof Byte
				|| number.getClass() == BigInteger.class) {
			return number.toString();
		}
		boolean finite = (number instanceof Double || number instanceof Float) && Double.isFinite(number.doubleValue());
		if (!finite && number.getClass() != BigDecimal.class) {
			return null;
		}
		BigDecimal decimal = new BigDecimal(number.toString());
		if (decimal.signum() == 0) {
			return "0";
		}
		decimal = decimal.stripTrailingZeros();
		boolean tooLong = Math.abs((long) decimal.scale()) > MAX_DIGITS || decimal.precision() > MAX_DIGITS;
		return tooLong ? null : decimal.toPlainString();
	}

	/**
	 * Whether a value of a declared type can be a name: the type is one, or above one, or
	 * an interface, which a name may have.
	 */
	static boolean canBe(Class<?> declared) {
		if (declared.isPrimitive()) {
			return declared != void.class;
		}
		return declared.isInterface() || declared.getName().startsWith("java.time.") || NAMES.stream()
			.anyMatch((name) -> name.isAssignableFrom(declared) || declared.isAssignableFrom(name));
	}

	/**
	 * Whether a value of a declared type can be a name, or several.
	 */
	static boolean canBeOneOrMore(ResolvableType declared) {
		if (declared.isArray()) {
			Class<?> element = declared.getComponentType().toClass();
			// These are the content of something, and not a list.
			return element != byte.class && element != char.class && canBe(element);
		}
		Class<?> type = declared.toClass();
		return Collection.class.isAssignableFrom(type) ? canBe(declared.asCollection().getGeneric().toClass())
				: canBe(type);
	}

}
