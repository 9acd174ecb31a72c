package io.github.redlock;

import org.jspecify.annotations.Nullable;

/**
 * A property, an annotation attribute or an annotated method that cannot work. Raised at
 * start-up, as early as it can be known.
 *
 * @since 0.1.0
 */
public class RedlockConfigurationException extends RedlockException {

	private static final long serialVersionUID = 1L;

	private final String action;

	/**
	 * Create an exception.
	 * @param description what was written, its value and why it cannot work
	 * @param action what to write instead
	 */
	public RedlockConfigurationException(String description, String action) {
		this(description, action, null);
	}

	/**
	 * Create an exception.
	 * @param description what was written, its value and why it cannot work
	 * @param action what to write instead
	 * @param cause what found it, if anything did
	 */
	public RedlockConfigurationException(String description, String action, @Nullable Throwable cause) {
		super(description, cause);
		this.action = action;
	}

	/**
	 * The remedy.
	 * @return what to write instead
	 */
	public String getAction() {
		return this.action;
	}

	@Override
	RedlockConfigurationException withCause(@Nullable Throwable cause) {
		return new RedlockConfigurationException(String.valueOf(getMessage()), this.action, cause);
	}

}
