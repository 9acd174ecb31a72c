package io.github.redlock.aop;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.context.expression.BeanFactoryResolver;
import org.springframework.context.expression.MethodBasedEvaluationContext;
import org.springframework.expression.Expression;
import org.springframework.expression.common.CompositeStringExpression;
import org.springframework.expression.common.LiteralExpression;
import org.springframework.expression.common.TemplateParserContext;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.expression.spel.standard.SpelExpression;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.StandardEvaluationContext;

import io.github.redlock.RedlockConfigurationException;

/**
 * A SpEL expression in an attribute of one locked method, parsed and checked at start-up,
 * evaluated at every call.
 */
final class LockExpression {

	private static final SpelExpressionParser PARSER = new SpelExpressionParser();

	/** What to do about a key that is no name. */
	static final String NAME_REMEDY = "Lock what names it, such as #order.id, or write it as text yourself";

	private final String attribute;

	private final String text;

	private final AnnotatedMethod method;

	private final Expression expression;

	private LockExpression(String attribute, String text, AnnotatedMethod method, Expression expression) {
		this.attribute = attribute;
		this.text = text;
		this.method = method;
		this.expression = expression;
	}

	/**
	 * Parse an expression.
	 * @param attribute where it stands
	 * @param text the expression, or a template, placeholders resolved
	 * @param method the method that is locked
	 * @throws RedlockConfigurationException if it cannot work
	 */
	static LockExpression parse(String attribute, String text, AnnotatedMethod method) {
		LockExpression parsed = new LockExpression(attribute, text, method, parseText(attribute, text, method));
		parsed.checkVariables();
		return parsed;
	}

	/**
	 * Text that is no expression.
	 */
	static LockExpression literal(String attribute, String text, AnnotatedMethod method) {
		return new LockExpression(attribute, text, method, new LiteralExpression(text));
	}

	private static Expression parseText(String attribute, String text, AnnotatedMethod method) {
		try {
			return text.contains("#{") ? PARSER.parseExpression(text, new TemplateParserContext())
					: PARSER.parseExpression(text);
		}
		catch (RuntimeException ex) {
			// Not only the documented exception: the parser throws others for some
			// malformed texts.
			throw method.locked()
				.invalid(attribute, text, "is not a valid expression: " + ex.getMessage(),
						"Put literal text in single quotes, as in \"'order#' + #id\", or write a template, as in"
								+ " \"order-#{#id}\"",
						ex);
		}
	}

	private void checkVariables() {
		List<String> names = this.method.parameterNames();
		int count = this.method.method().getParameterCount();
		List<String> variables = new ArrayList<>();
		collectVariables(this.expression, variables);
		List<String> known = IntStream.range(0, count)
			.boxed()
			.flatMap((i) -> Stream.of("#p" + i, "#a" + i))
			.collect(Collectors.toCollection(ArrayList::new));
		known.addAll(List.of("#root", "#this"));
		names.forEach((name) -> known.add("#" + name));
		for (String variable : variables) {
			if (!known.contains(variable)) {
				throw this.method.locked()
					.invalid(this.attribute, this.text, "uses " + variable + ", which is no parameter", (!names
						.isEmpty() || count == 0) ? "Use one of " + known
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
		try {
			return this.expression.getValue(context(invocation, beanFactory));
		}
		catch (RuntimeException ex) {
			throw unusable("an error: " + ex.getMessage(), ex);
		}
	}

	/**
	 * What the expression sees of one call.
	 */
	StandardEvaluationContext context(MethodInvocation invocation, BeanFactory beanFactory) {
		MethodBasedEvaluationContext context = new MethodBasedEvaluationContext(
				new LockKeyRoot(this.method.method(), invocation), this.method.declaration(), invocation.getArguments(),
				AnnotatedMethod.PARAMETER_NAMES);
		context.setBeanResolver(new BeanFactoryResolver(beanFactory));
		return context;
	}

	Expression parsed() {
		return this.expression;
	}

	String text() {
		return this.text;
	}

	IllegalArgumentException noName(String type) {
		return unusable("a " + type + ", which is no name: " + ResourceName.RULE + ". " + NAME_REMEDY, null);
	}

	IllegalArgumentException unusable(String what, @Nullable Throwable cause) {
		return new IllegalArgumentException("The " + this.attribute + " \"" + this.text + "\" of @DistributedLock on "
				+ this.method.locked() + " gives " + what + "; the method was not run", cause);
	}

}
