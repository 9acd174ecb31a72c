package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import io.github.redlock.RedlockConfigurationException;

/**
 * A method in the words of an error message: {@code com.example.Orders.pay(Order)}.
 *
 * @param method the method
 */
record LockedMethod(Method method) {

	RedlockConfigurationException invalid(String attribute, Object value, String why, String remedy) {
		return invalid(attribute, value, why, remedy, null);
	}

	RedlockConfigurationException invalid(String attribute, Object value, String why, String remedy,
			@Nullable Throwable cause) {
		return new RedlockConfigurationException(
				"@DistributedLock on " + this + ": " + attribute + " = \"" + value + "\" " + why + ".", remedy + ".",
				cause);
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

	@Override
	public String toString() {
		return qualifiedName() + Arrays.stream(this.method.getParameterTypes())
			.map(Class::getSimpleName)
			.collect(Collectors.joining(", ", "(", ")"));
	}

}
