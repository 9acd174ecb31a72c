package io.github.redlock;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;

import org.jspecify.annotations.Nullable;

/**
 * Finds out which errors can be serialized. Nodes may fail with any error, also with one
 * that holds a connection; the exception that reports it can be serialized nevertheless,
 * with the error's text.
 */
final class SerializableErrors {

	/**
	 * Set on a thread that serializes an error only to find out whether that is possible.
	 * Nothing is tried a second time meanwhile: errors may refer to each other in
	 * circles.
	 */
	private static final ThreadLocal<@Nullable Boolean> TRYING = new ThreadLocal<>();

	private SerializableErrors() {
	}

	/**
	 * The error, or an exception with its text and stack trace if it cannot be
	 * serialized.
	 */
	static Throwable orText(Throwable error) {
		if (!isTrying() && isSerializable(error)) {
			return error;
		}
		RedlockException text = new RedlockException(error.toString(), null);
		text.setStackTrace(error.getStackTrace());
		return text;
	}

	static boolean isTrying() {
		return TRYING.get() != null;
	}

	static boolean isSerializable(Throwable error) {
		TRYING.set(true);
		try (ObjectOutputStream nowhere = new ObjectOutputStream(OutputStream.nullOutputStream())) {
			nowhere.writeObject(error);
			return true;
		}
		catch (IOException | RuntimeException ex) {
			return false;
		}
		finally {
			TRYING.remove();
		}
	}

}
