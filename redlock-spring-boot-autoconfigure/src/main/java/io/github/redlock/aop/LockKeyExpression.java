package io.github.redlock.aop;

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

	/** {@code null} where the key is literal text. */
	private final @Nullable KeyComposition composition;

	private LockKeyExpression(LockExpression expression, @Nullable KeyComposition composition) {
		this.expression = expression;
		this.composition = composition;
	}

	/**
	 * Parse a key.
	 * @param text the key, placeholders resolved
	 * @param method the method that is locked
	 * @throws io.github.redlock.RedlockConfigurationException if it cannot work
	 */
	static LockKeyExpression parse(String text, AnnotatedMethod method) {
		if (!StringUtils.hasText(text)) {
			throw method.locked().invalid("key", text, "is blank", "Name what to lock, or leave key out");
		}
		if (text.chars().anyMatch((character) -> EXPRESSION_CHARACTERS.indexOf(character) >= 0)) {
			LockExpression expression = LockExpression.parse("key", text, method);
			KeyComposition composition = new KeyComposition(expression);
			new KeyTypes(expression, method).check();
			return new LockKeyExpression(expression, composition);
		}
		for (String name : method.parameterNames()) {
			if (text.equals(name) || text.startsWith(name + ".")) {
				throw method.locked()
					.invalid("key", text,
							"is literal text, the same for every call, although it starts with the name of a parameter",
							"Did you mean #" + text + "? If you do mean the text, write '" + text
									+ "' in single quotes");
			}
		}
		return new LockKeyExpression(LockExpression.literal("key", text, method), null);
	}

	/**
	 * The keys for one call: one, or one per element of a collection or array.
	 * @throws IllegalArgumentException if a key is no name, null or blank, or the
	 * expression fails
	 */
	List<String> evaluate(MethodInvocation invocation, BeanFactory beanFactory) {
		if (this.composition == null) {
			return List.of(this.expression.text());
		}
		Object value = this.composition.value(this.expression.context(invocation, beanFactory));
		List<String> keys = new ArrayList<>();
		if (value instanceof Collection<?> several) {
			several.forEach((element) -> keys.add(toKey(element)));
		}
		else if (ObjectUtils.isArray(value) && !(value instanceof byte[]) && !(value instanceof char[])) {
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
		if (value == null) {
			throw this.expression.unusable("null", null);
		}
		String key;
		try {
			key = ResourceName.of(value);
		}
		catch (RuntimeException ex) {
			throw this.expression.unusable("an error: " + ex, ex);
		}
		if (key == null) {
			throw this.expression.noName(value.getClass().getTypeName());
		}
		if (!StringUtils.hasText(key)) {
			throw this.expression.unusable("a blank key", null);
		}
		return key;
	}

}
