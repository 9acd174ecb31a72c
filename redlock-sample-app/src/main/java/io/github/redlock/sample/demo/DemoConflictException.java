package io.github.redlock.sample.demo;

/**
 * What was asked for cannot be done at this moment.
 */
final class DemoConflictException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	DemoConflictException(String message) {
		super(message);
	}

}
