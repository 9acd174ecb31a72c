package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
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

import io.github.redlock.RedlockConfigurationException;

/**
 * A SpEL expression in an attribute of one locked method, parsed and checked at start-up,
 * evaluated at every call.
 */
final class LockExpression {

	private static final SpelExpressionParser PARSER = new SpelExpressionParser();

	private static final ParameterNameDiscoverer PARAMETER_NAMES = new DefaultParameterNameDiscoverer();

	private final String attribute;

	private final String text;

	private final Method method;

	private final Expression expression;

	private LockExpression(String attribute, String text, Method method, Expression expression) {
		this.attribute = attribute;
		this.text = text;
		this.method = method;
		this.expression = expression;
	}

	/**
	 * Parse an expression.
	 * @param attribute where it stands
	 * @param text the expression, or a template, placeholders resolved
	 * @param method the method of the target class
	 * @throws RedlockConfigurationException if it cannot work
	 */
	static LockExpression parse(String attribute, String text, Method method) {
		LockExpression parsed = new LockExpression(attribute, text, method, parseText(attribute, text, method));
		parsed.checkVariables();
		return parsed;
	}

	/**
	 * Text that is no expression.
	 */
	static LockExpression literal(String attribute, String text, Method method) {
		return new LockExpression(attribute, text, method, new LiteralExpression(text));
	}

	/**
	 * The names of the parameters, empty if the class file does not have them.
	 */
	static List<String> parameterNames(Method method) {
		@Nullable String[] names = PARAMETER_NAMES.getParameterNames(method);
		return (names != null) ? Arrays.stream(names).filter(Objects::nonNull).toList() : List.of();
	}

	private static Expression parseText(String attribute, String text, Method method) {
		try {
			return text.contains("#{") ? PARSER.parseExpression(text, new TemplateParserContext())
					: PARSER.parseExpression(text);
		}
		catch (RuntimeException ex) {
			// Not only the documented exception: the parser throws others for some
			// malformed texts.
			throw new LockedMethod(method).invalid(attribute, text, "is not a valid expression: " + ex.getMessage(),
					"Put literal text in single quotes, as in \"'order#' + #id\", or write a template, as in"
							+ " \"order-#{#id}\"",
					ex);
		}
	}

	private void checkVariables() {
		List<String> names = parameterNames(this.method);
		List<String> variables = new ArrayList<>();
		collectVariables(this.expression, variables);
		List<String> known = IntStream.range(0, this.method.getParameterCount())
			.boxed()
			.flatMap((i) -> Stream.of("#p" + i, "#a" + i))
			.collect(Collectors.toCollection(ArrayList::new));
		known.addAll(List.of("#root", "#this"));
		names.forEach((name) -> known.add("#" + name));
		for (String variable : variables) {
			if (!known.contains(variable)) {
				throw new LockedMethod(this.method).invalid(this.attribute, this.text,
						"uses " + variable + ", which is no parameter",
						(!names.isEmpty() || this.method.getParameterCount() == 0) ? "Use one of " + known
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
	 * The value for one call.
	 * @throws IllegalArgumentException if the expression fails
	 */
	@Nullable Object value(MethodInvocation invocation, BeanFactory beanFactory) {
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

	IllegalArgumentException unusable(String what, @Nullable Throwable cause) {
		return new IllegalArgumentException("The " + this.attribute + " \"" + this.text + "\" of @DistributedLock on "
				+ new LockedMethod(this.method) + " gives " + what + "; the method was not run", cause);
	}

}
