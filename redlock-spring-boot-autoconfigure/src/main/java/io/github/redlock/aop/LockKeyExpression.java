package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.util.ObjectUtils;
import org.springframework.util.StringUtils;

/**
 * One key of one locked method.
 */
final class LockKeyExpression {

	/** Text without any of these is taken literally. */
	private static final String EXPRESSION_CHARACTERS = "#'\"@()[]{}";

	private final LockExpression expression;

	private LockKeyExpression(LockExpression expression) {
		this.expression = expression;
	}

	/**
	 * Parse a key.
	 * @param text the key, placeholders resolved
	 * @param method the method of the target class
	 * @throws io.github.redlock.RedlockConfigurationException if it cannot work
	 */
	static LockKeyExpression parse(String text, Method method) {
		if (!StringUtils.hasText(text)) {
			throw new LockedMethod(method).invalid("key", text, "is blank", "Name what to lock, or leave key out");
		}
		if (text.chars().anyMatch((character) -> EXPRESSION_CHARACTERS.indexOf(character) >= 0)) {
			return new LockKeyExpression(LockExpression.parse("key", text, method));
		}
		for (String name : LockExpression.parameterNames(method)) {
			if (text.equals(name) || text.startsWith(name + ".")) {
				throw new LockedMethod(method).invalid("key", text,
						"is literal text, the same for every call, although it starts with the name of a parameter",
						"Did you mean #" + text + "? If you do mean the text, write '" + text + "' in single quotes");
			}
		}
		return new LockKeyExpression(LockExpression.literal("key", text, method));
	}

	/**
	 * The keys for one call: one, or one per element of a collection or array.
	 * @throws IllegalArgumentException if a key is null or blank, or the expression fails
	 */
	List<String> evaluate(MethodInvocation invocation, BeanFactory beanFactory) {
		Object value = this.expression.value(invocation, beanFactory);
		List<String> keys = new ArrayList<>();
		if (value instanceof Collection<?> several) {
			several.forEach((element) -> keys.add(toKey(element)));
		}
		else if (ObjectUtils.isArray(value)) {
			for (Object element : ObjectUtils.toObjectArray(value)) {
				keys.add(toKey(element));
			}
		}
		else {
			keys.add(toKey(value));
		}
		if (keys.isEmpty()) {
			throw this.expression.unusable("an empty collection", null);
		}
		return keys;
	}

	private String toKey(@Nullable Object value) {
		String key;
		try {
			key = (value != null) ? value.toString() : null;
		}
		catch (RuntimeException ex) {
			throw this.expression.unusable("an error: " + ex, ex);
		}
		if (!StringUtils.hasText(key)) {
			throw this.expression.unusable((key != null) ? "a blank key" : "null", null);
		}
		return key;
	}

}
