package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.context.expression.BeanFactoryResolver;
import org.springframework.context.expression.MethodBasedEvaluationContext;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.expression.Expression;
import org.springframework.expression.common.CompositeStringExpression;
import org.springframework.expression.common.LiteralExpression;
import org.springframework.expression.common.TemplateParserContext;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.expression.spel.standard.SpelExpression;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.util.ObjectUtils;
import org.springframework.util.StringUtils;

import io.github.redlock.RedlockConfigurationException;

/**
 * One key of one locked method, parsed and checked at start-up, evaluated at every call.
 */
final class LockKeyExpression {

	/** Text without any of these is taken literally. */
	private static final String EXPRESSION_CHARACTERS = "#'\"@()[]{}";

	private static final SpelExpressionParser PARSER = new SpelExpressionParser();

	private static final ParameterNameDiscoverer PARAMETER_NAMES = new DefaultParameterNameDiscoverer();

	private final String text;

	private final Method method;

	private final Expression expression;

	private LockKeyExpression(String text, Method method, Expression expression) {
		this.text = text;
		this.method = method;
		this.expression = expression;
	}

	/**
	 * Parse a key.
	 * @param text the key, placeholders resolved
	 * @param method the method of the target class
	 * @throws RedlockConfigurationException if it cannot work
	 */
	static LockKeyExpression parse(String text, Method method) {
		if (!StringUtils.hasText(text)) {
			throw new LockedMethod(method).invalid("key", text, "is blank", "Name what to lock, or leave key out");
		}
		List<String> names = parameterNames(method);
		if (text.chars().anyMatch((character) -> EXPRESSION_CHARACTERS.indexOf(character) >= 0)) {
			Expression expression = parseExpression(text, method);
			checkVariables(expression, text, method, names);
			return new LockKeyExpression(text, method, expression);
		}
		for (String name : names) {
			if (text.equals(name) || text.startsWith(name + ".")) {
				throw new LockedMethod(method).invalid("key", text,
						"is literal text, the same for every call, although it starts with the name of a parameter",
						"Did you mean #" + text + "? If you do mean the text, write '" + text + "' in single quotes");
			}
		}
		return new LockKeyExpression(text, method, new LiteralExpression(text));
	}

	/**
	 * The names of the parameters, empty if the class file does not have them.
	 */
	private static List<String> parameterNames(Method method) {
		@Nullable String[] names = PARAMETER_NAMES.getParameterNames(method);
		return (names != null) ? Arrays.stream(names).filter(Objects::nonNull).toList() : List.of();
	}

	private static Expression parseExpression(String text, Method method) {
		try {
			return text.contains("#{") ? PARSER.parseExpression(text, new TemplateParserContext())
					: PARSER.parseExpression(text);
		}
		catch (RuntimeException ex) {
			// Not only the documented one: the parser has others for some malformed
			// texts.
			throw new LockedMethod(method).invalid("key", text, "is not a valid expression: " + ex.getMessage(),
					"Put literal text in single quotes, as in \"'order#' + #id\", or write a template, as in"
							+ " \"order-#{#id}\"",
					ex);
		}
	}

	private static void checkVariables(Expression expression, String text, Method method, List<String> names) {
		List<String> variables = new ArrayList<>();
		collectVariables(expression, variables);
		List<String> known = IntStream.range(0, method.getParameterCount())
			.boxed()
			.flatMap((i) -> Stream.of("#p" + i, "#a" + i))
			.collect(Collectors.toCollection(ArrayList::new));
		known.addAll(List.of("#root", "#this"));
		names.forEach((name) -> known.add("#" + name));
		for (String variable : variables) {
			if (!known.contains(variable)) {
				throw new LockedMethod(method).invalid("key", text, "uses " + variable + ", which is no parameter",
						(!names.isEmpty() || method.getParameterCount() == 0) ? "Use one of " + known
								: "The names of the parameters are not in the class file: compile with -parameters, or"
										+ " use one of " + known);
			}
		}
	}

	private static void collectVariables(Expression expression, List<String> variables) {
		if (expression instanceof CompositeStringExpression composite) {
			for (Expression part : composite.getExpressions()) {
				collectVariables(part, variables);
			}
		}
		else if (expression instanceof SpelExpression spel) {
			collectVariables(spel.getAST(), variables);
		}
	}

	private static void collectVariables(SpelNode node, List<String> variables) {
		if (node instanceof VariableReference) {
			variables.add(node.toStringAST());
		}
		for (int i = 0; i < node.getChildCount(); i++) {
			collectVariables(node.getChild(i), variables);
		}
	}

	/**
	 * The keys for one call: one, or one per element of a collection or array.
	 * @throws IllegalArgumentException if a key is null or blank, or the expression fails
	 */
	List<String> evaluate(MethodInvocation invocation, BeanFactory beanFactory) {
		Object value = value(invocation, beanFactory);
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
			throw unusable("an empty collection", null);
		}
		return keys;
	}

	private @Nullable Object value(MethodInvocation invocation, BeanFactory beanFactory) {
		if (this.expression instanceof LiteralExpression) {
			return this.text;
		}
		MethodBasedEvaluationContext context = new MethodBasedEvaluationContext(
				new LockKeyRoot(this.method, invocation), this.method, invocation.getArguments(), PARAMETER_NAMES);
		context.setBeanResolver(new BeanFactoryResolver(beanFactory));
		try {
			return this.expression.getValue(context);
		}
		catch (RuntimeException ex) {
			throw unusable("an error: " + ex.getMessage(), ex);
		}
	}

	private String toKey(@Nullable Object value) {
		String key;
		try {
			key = (value != null) ? value.toString() : null;
		}
		catch (RuntimeException ex) {
			throw unusable("an error: " + ex, ex);
		}
		if (!StringUtils.hasText(key)) {
			throw unusable((key != null) ? "a blank key" : "null", null);
		}
		return key;
	}

	private IllegalArgumentException unusable(String what, @Nullable Throwable cause) {
		return new IllegalArgumentException("The key \"" + this.text + "\" of @DistributedLock on "
				+ new LockedMethod(this.method) + " gives " + what + "; the method was not run", cause);
	}

}
