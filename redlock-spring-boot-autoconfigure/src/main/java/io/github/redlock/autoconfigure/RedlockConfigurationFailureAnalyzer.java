package io.github.redlock.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

import io.github.redlock.RedlockConfigurationException;

/**
 * Turns a configuration error into the short form that says what to write.
 */
final class RedlockConfigurationFailureAnalyzer extends AbstractFailureAnalyzer<RedlockConfigurationException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, RedlockConfigurationException cause) {
		return new FailureAnalysis(String.valueOf(cause.getMessage()), cause.getAction(), cause);
	}

}
