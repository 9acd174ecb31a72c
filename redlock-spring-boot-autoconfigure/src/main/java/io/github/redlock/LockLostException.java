package io.github.redlock;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A lock stopped being valid before it was released: its extension failed, its time ran
 * out, or its keys were gone. From that moment on somebody else may hold the resource;
 * work done since is not protected. The lock never comes back to life, and its keys have
 * been released.
 *
 * @since 0.1.0
 */
public class LockLostException extends RedlockException {

	private static final long serialVersionUID = 1L;

	private final String[] resources;

	/**
	 * Create an exception.
	 * @param resources what was locked
	 * @param message how the lock was lost
	 * @param cause what caused it, if anything did
	 */
	public LockLostException(List<String> resources, String message, @Nullable Throwable cause) {
		super(message, cause);
		this.resources = List.copyOf(resources).toArray(String[]::new);
	}

	/**
	 * What was locked.
	 * @return the resources
	 */
	public List<String> getResources() {
		return List.of(this.resources);
	}

	@Override
	LockLostException withCause(@Nullable Throwable cause) {
		return new LockLostException(getResources(), String.valueOf(getMessage()), cause);
	}

}
