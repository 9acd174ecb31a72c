package io.github.redlock.autoconfigure;

import java.util.Locale;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

import io.github.redlock.autoconfigure.RedlockProperties.Mode;

/**
 * Compares {@code redlock.mode}, bound as the properties are, so that it may be written
 * in every form.
 */
final class OnModeCondition extends SpringBootCondition {

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		Mode wanted = metadata.getAnnotations().get(ConditionalOnMode.class).getEnum("value", Mode.class);
		Mode mode = Binder.get(context.getEnvironment()).bind("redlock.mode", Mode.class).orElseGet(() -> Mode.REDIS);
		ConditionMessage message = ConditionMessage.forCondition(ConditionalOnMode.class, "(" + text(wanted) + ")")
			.because("redlock.mode is " + text(mode));
		return new ConditionOutcome(mode == wanted, message);
	}

	/**
	 * As it is written in a file of properties.
	 */
	private static String text(Mode mode) {
		return mode.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
