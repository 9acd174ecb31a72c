package io.github.redlock.aop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.core.convert.TypeDescriptor;
import org.springframework.expression.Expression;
import org.springframework.expression.TypeConverter;
import org.springframework.expression.TypedValue;
import org.springframework.expression.common.CompositeStringExpression;
import org.springframework.expression.common.LiteralExpression;
import org.springframework.expression.spel.ExpressionState;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.Elvis;
import org.springframework.expression.spel.ast.InlineList;
import org.springframework.expression.spel.ast.OpPlus;
import org.springframework.expression.spel.ast.SpelNodeImpl;
import org.springframework.expression.spel.ast.StringLiteral;
import org.springframework.expression.spel.ast.Ternary;
import org.springframework.expression.spel.standard.SpelExpression;
import org.springframework.expression.spel.support.StandardEvaluationContext;
import org.springframework.expression.spel.support.StandardTypeConverter;

/**
 * Evaluates a key so that each part of a text that it puts together is a name. SpEL
 * itself writes {@code null} for a part that is missing, and the {@code toString()} of
 * any object.
 * <p>
 * The parts of a template, of {@code +}, of a list and of {@code ?:} are evaluated one by
 * one. What lies inside of something else, such as an argument of a method, is left to
 * SpEL, with a conversion to text that knows names only.
 */
final class KeyComposition {

	private final LockExpression expression;

	/** What a text looks like to which SpEL added a part that was missing. */
	private final @Nullable Pattern missing;

	KeyComposition(LockExpression expression) {
		this.expression = expression;
		List<SpelNode> added = new ArrayList<>();
		parts(expression.parsed()).forEach((part) -> collectAddedInside(part, false, added));
		this.missing = added.isEmpty() ? null : missing(added);
	}

	/**
	 * The word null between the literals that the key has beside it, or alone. In the
	 * middle of other letters it is a part of a word.
	 */
	private static Pattern missing(List<SpelNode> added) {
		StringBuilder edges = new StringBuilder("[^\\p{L}]");
		for (SpelNode part : added) {
			if (part instanceof StringLiteral literal && literal.getLiteralValue().getValue() instanceof String text
					&& !text.isEmpty()) {
				edges.append('|').append(Pattern.quote(text));
			}
		}
		return Pattern.compile("(?<=^|" + edges + ")null(?=$|" + edges + ")",
				Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
	}

	/**
	 * The parts of a template, or the expression itself.
	 */
	private static List<SpelNode> parts(Expression expression) {
		List<SpelNode> nodes = new ArrayList<>();
		if (expression instanceof CompositeStringExpression template) {
			for (Expression part : template.getExpressions()) {
				nodes.addAll(parts(part));
			}
		}
		else if (expression instanceof SpelExpression spel) {
			nodes.add(spel.getAST());
		}
		return nodes;
	}

	/**
	 * Collect the operands of the sums that SpEL itself evaluates.
	 */
	private static void collectAddedInside(SpelNode node, boolean inside, List<SpelNode> added) {
		boolean composes = node instanceof OpPlus || node instanceof Ternary || node instanceof Elvis
				|| node instanceof InlineList;
		for (int i = 0; i < node.getChildCount(); i++) {
			boolean condition = node instanceof Ternary && i == 0;
			if (inside && node instanceof OpPlus) {
				added.add(node.getChild(i));
			}
			if (!condition) {
				collectAddedInside(node.getChild(i), inside || !composes, added);
			}
		}
	}

	/**
	 * The value for one call.
	 * @throws IllegalArgumentException if a part is no name, or the expression fails
	 */
	@Nullable Object value(StandardEvaluationContext context) {
		context.setTypeConverter(new NamesOnly());
		Object value;
		try {
			value = value(this.expression.parsed(), context);
		}
		catch (NoName ex) {
			throw this.expression.noName(ex.type());
		}
		catch (MissingPart ex) {
			throw this.expression.unusable("null as a part of a text", null);
		}
		catch (RuntimeException ex) {
			throw this.expression.unusable("an error: " + ex.getMessage(), ex);
		}
		checkForNull(value);
		return value;
	}

	/**
	 * Where SpEL adds texts itself, it writes a missing part as {@code null}, in any case
	 * if the text is converted afterwards.
	 */
	private void checkForNull(@Nullable Object value) {
		if (this.missing == null) {
			return;
		}
		if (value instanceof Collection<?> elements) {
			elements.forEach(this::checkForNull);
		}
		else if (value instanceof String text && this.missing.matcher(text).find()) {
			throw this.expression.unusable("\"" + text + "\", which most likely has null as a part of it", null);
		}
	}

	private static @Nullable Object value(Expression expression, StandardEvaluationContext context) {
		if (expression instanceof LiteralExpression literal) {
			return literal.getExpressionString();
		}
		if (expression instanceof CompositeStringExpression template) {
			StringBuilder text = new StringBuilder();
			for (Expression part : template.getExpressions()) {
				text.append(name(value(part, context)));
			}
			return text.toString();
		}
		return value(((SpelExpression) expression).getAST(), new ExpressionState(context));
	}

	private static @Nullable Object value(SpelNode node, ExpressionState state) {
		if (node instanceof OpPlus && node.getChildCount() == 2) {
			return sum(value(node.getChild(0), state), value(node.getChild(1), state), state);
		}
		if (node instanceof Ternary) {
			Object condition = state.convertValue(node.getChild(0).getTypedValue(state),
					TypeDescriptor.valueOf(Boolean.class));
			if (condition == null) {
				throw new IllegalArgumentException(
						"the condition " + node.getChild(0).toStringAST() + " is null, neither true nor false");
			}
			return value(node.getChild(Boolean.TRUE.equals(condition) ? 1 : 2), state);
		}
		if (node instanceof Elvis) {
			Object first = value(node.getChild(0), state);
			Object present = (first instanceof Optional<?> optional) ? optional.orElse(null) : first;
			return (present == null || present.equals("")) ? value(node.getChild(1), state) : present;
		}
		if (node instanceof InlineList) {
			List<@Nullable Object> elements = new ArrayList<>();
			for (int i = 0; i < node.getChildCount(); i++) {
				elements.add(value(node.getChild(i), state));
			}
			return elements;
		}
		return node.getValue(state);
	}

	private static @Nullable Object sum(@Nullable Object left, @Nullable Object right, ExpressionState state) {
		if (left instanceof String || right instanceof String) {
			return name(left) + name(right);
		}
		return new OpPlus(0, 0, new Known(left), new Known(right)).getValue(state);
	}

	private static String name(@Nullable Object value) {
		if (value == null) {
			throw new MissingPart();
		}
		String name = ResourceName.of(value);
		if (name == null) {
			throw new NoName(value);
		}
		return name;
	}

	/**
	 * A value that has been evaluated.
	 */
	private static final class Known extends SpelNodeImpl {

		private final @Nullable Object value;

		private Known(@Nullable Object value) {
			super(0, 0);
			this.value = value;
		}

		@Override
		public TypedValue getValueInternal(ExpressionState state) {
			return new TypedValue(this.value);
		}

		@Override
		public String toStringAST() {
			return String.valueOf(this.value);
		}

	}

	/**
	 * Converts to text only what is a name.
	 */
	private static final class NamesOnly implements TypeConverter {

		private final TypeConverter standard = new StandardTypeConverter();

		@Override
		public boolean canConvert(@Nullable TypeDescriptor sourceType, TypeDescriptor targetType) {
			return targetType.getType() == String.class || this.standard.canConvert(sourceType, targetType);
		}

		@Override
		public @Nullable Object convertValue(@Nullable Object value, @Nullable TypeDescriptor sourceType,
				TypeDescriptor targetType) {
			return (value != null && targetType.getType() == String.class) ? name(value)
					: this.standard.convertValue(value, sourceType, targetType);
		}

	}

	private static final class MissingPart extends RuntimeException {

		private static final long serialVersionUID = 1L;

	}

	private static final class NoName extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private final String type;

		private NoName(Object value) {
			super(value.getClass().getName() + " is no name");
			this.type = value.getClass().getTypeName();
		}

		private String type() {
			return this.type;
		}

	}

}
