package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import io.github.redlock.LockRules.Violation;
import io.github.redlock.RedlockConfigurationException;

/**
 * A method in the words of an error message: {@code com.example.Orders.pay(Order)}.
 *
 * @param method the method
 */
record LockedMethod(Method method) {

	RedlockConfigurationException invalid(String attribute, @Nullable Object value, String why, String remedy) {
		return invalid(attribute, value, why, remedy, null);
	}

	RedlockConfigurationException invalid(String attribute, @Nullable Object value, String why, String remedy,
			@Nullable Throwable cause) {
		return new RedlockConfigurationException(
				"@DistributedLock on " + this + ": " + attribute + " = \"" + value + "\" " + why + ".", remedy + ".",
				cause);
	}

	/**
	 * Apply a rule to the value of an attribute.
	 */
	<T> void require(String attribute, T value, Function<T, Optional<Violation>> rule) {
		rule.apply(value).ifPresent((violation) -> {
			throw invalid(attribute, value, violation.why(), violation.remedy());
		});
	}

	RedlockConfigurationException unsuitable(String why, String remedy) {
		return new RedlockConfigurationException("@DistributedLock on " + this + ": " + why + ".", remedy + ".");
	}

	/**
	 * The class and the method, without parameters.
	 */
	String qualifiedName() {
		return this.method.getDeclaringClass().getName() + "." + this.method.getName();
	}

	/**
	 * What metrics call it: the simple name of the class, and the method.
	 */
	String sectionName() {
		return this.method.getDeclaringClass().getSimpleName() + "." + this.method.getName();
	}

	@Override
	public String toString() {
		return qualifiedName() + Arrays.stream(this.method.getParameterTypes())
			.map(Class::getSimpleName)
			.collect(Collectors.joining(", ", "(", ")"));
	}

}
