package io.github.redlock.aop;

import java.beans.PropertyDescriptor;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.core.ResolvableType;
import org.springframework.expression.Expression;
import org.springframework.expression.common.CompositeStringExpression;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.CompoundExpression;
import org.springframework.expression.spel.ast.Elvis;
import org.springframework.expression.spel.ast.InlineList;
import org.springframework.expression.spel.ast.MethodReference;
import org.springframework.expression.spel.ast.OpPlus;
import org.springframework.expression.spel.ast.PropertyOrFieldReference;
import org.springframework.expression.spel.ast.Ternary;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.expression.spel.standard.SpelExpression;
import org.springframework.util.ReflectionUtils;

/**
 * Finds out at start-up, from the declared types of parameters and their properties, that
 * a key can never be the name of a resource.
 */
final class KeyTypes {

	private final LockExpression expression;

	private final AnnotatedMethod method;

	KeyTypes(LockExpression expression, AnnotatedMethod method) {
		this.expression = expression;
		this.method = method;
	}

	/**
	 * Check every part whose type is known.
	 * @throws io.github.redlock.RedlockConfigurationException if one can never be a name
	 */
	void check() {
		check(this.expression.parsed(), false);
	}

	private void check(Expression part, boolean inText) {
		if (part instanceof CompositeStringExpression template) {
			for (Expression inside : template.getExpressions()) {
				check(inside, true);
			}
		}
		else if (part instanceof SpelExpression spel) {
			check(spel.getAST(), inText, false);
		}
	}

	/**
	 * Check a part.
	 * @param inText whether it is a part of a text, where a list cannot be
	 * @param unwrapped whether the content of an {@code Optional} counts
	 */
	private void check(SpelNode node, boolean inText, boolean unwrapped) {
		if (node instanceof Ternary || node instanceof Elvis || node instanceof InlineList || node instanceof OpPlus) {
			boolean elements = node instanceof OpPlus || node instanceof InlineList;
			for (int i = (node instanceof Ternary) ? 1 : 0; i < node.getChildCount(); i++) {
				check(node.getChild(i), inText || elements, node instanceof Elvis && i == 0);
			}
			return;
		}
		ResolvableType type = type(node);
		if (type != null && unwrapped && type.toClass() == Optional.class) {
			type = type.getGeneric();
		}
		if (type != null && !(inText ? ResourceName.canBe(type.toClass()) : ResourceName.canBeOneOrMore(type))) {
			throw this.method.locked()
				.invalid("key", this.expression.text(),
						"locks " + node.toStringAST() + ", a " + type + ", which is no name: " + ResourceName.RULE,
						LockExpression.NAME_REMEDY);
		}
	}

	/**
	 * The declared type of a parameter, or of a property or method of one; {@code null}
	 * if it is not known.
	 */
	private @Nullable ResolvableType type(SpelNode node) {
		if (node instanceof VariableReference variable) {
			return parameter(variable.toStringAST().substring(1));
		}
		if (!(node instanceof CompoundExpression)) {
			return null;
		}
		ResolvableType type = type(node.getChild(0));
		for (int i = 1; i < node.getChildCount() && type != null; i++) {
			type = member(type, node.getChild(i));
		}
		return type;
	}

	private @Nullable ResolvableType parameter(String name) {
		List<String> names = this.method.parameterNames();
		for (int i = 0; i < this.method.method().getParameterCount(); i++) {
			if (name.equals("p" + i) || name.equals("a" + i) || (i < names.size() && name.equals(names.get(i)))) {
				return this.method.parameterType(i);
			}
		}
		return null;
	}

	private static @Nullable ResolvableType member(ResolvableType type, SpelNode node) {
		Class<?> owner = type.toClass();
		Method method = null;
		if (node instanceof PropertyOrFieldReference property) {
			PropertyDescriptor descriptor = BeanUtils.getPropertyDescriptor(owner, property.getName());
			method = (descriptor != null) ? descriptor.getReadMethod()
					: ReflectionUtils.findMethod(owner, property.getName());
		}
		else if (node instanceof MethodReference reference && node.getChildCount() == 0) {
			method = ReflectionUtils.findMethod(owner, reference.getName());
		}
		return (method != null) ? ResolvableType.forMethodReturnType(method, owner) : null;
	}

}
