package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.aopalliance.intercept.MethodInvocation;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;

import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.testing.Garbage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Whatever somebody writes as a key: a name to lock, or an error that names the method,
 * at start-up where that can be known.
 */
class BadKeyExpressionTests {

	private final Method method = method();

	private static Method method() {
		try {
			return Shop.class.getDeclaredMethod("sell", Object.class);
		}
		catch (NoSuchMethodException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void everyExpressionGivesANameOrAnErrorThatNamesTheMethod() {
		Garbage.forSeeds(5000, (garbage) -> {
			String text = garbage.text();
			LockKeyExpression expression;
			try {
				expression = LockKeyExpression.parse(text, new AnnotatedMethod(this.method, this.method, Shop.class));
			}
			catch (RedlockConfigurationException ex) {
				assertThat(ex).hasMessageContaining("Shop.sell(Object)").hasMessageContaining("key");
				assertThat(ex.getAction()).isNotBlank();
				return;
			}
			MethodInvocation invocation = invocation(garbage.anyOf(arguments(garbage)));
			try {
				assertThat(expression.evaluate(invocation, new DefaultListableBeanFactory())).isNotEmpty()
					.noneMatch(String::isBlank);
			}
			catch (IllegalArgumentException ex) {
				assertThat(ex).hasMessageContaining("Shop.sell(Object)");
			}
		});
	}

	private static List<Object> arguments(Garbage garbage) {
		List<Object> arguments = new ArrayList<>(List.of(garbage.text(), 42L, List.of(), List.of("a", ""),
				new int[] { 1, 2 }, new String[0], Map.of(), new Object() {

					@Override
					public String toString() {
						return null;
					}

				}, new Object() {

					@Override
					public String toString() {
						throw new IllegalStateException("no text");
					}

				}));
		arguments.add(null);
		return arguments;
	}

	private MethodInvocation invocation(Object argument) {
		MethodInvocation invocation = mock(MethodInvocation.class);
		given(invocation.getMethod()).willReturn(this.method);
		given(invocation.getThis()).willReturn(new Shop());
		given(invocation.getArguments()).willReturn(new Object[] { argument });
		return invocation;
	}

	static class Shop {

		void sell(Object item) {
		}

	}

}
