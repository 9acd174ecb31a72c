package io.github.redlock.redis;

import java.io.IOException;
import java.util.concurrent.TimeoutException;

import org.springframework.dao.NonTransientDataAccessResourceException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.redis.RedisConnectionFailureException;

/**
 * Reads the errors of Redis that need an answer or an explanation.
 */
final class NodeErrors {

	private NodeErrors() {
	}

	/**
	 * Whether the node does not know a script by its digest: it was restarted, failed
	 * over, or its scripts were flushed.
	 */
	static boolean isNoScript(Object answer) {
		return answer instanceof Throwable error && mentions(error, "NOSCRIPT");
	}

	/**
	 * Whether the connection failed rather than the command. Some drivers report that
	 * command by command.
	 */
	static boolean isConnectionLost(Throwable error) {
		for (Throwable cause = error; cause != null; cause = cause.getCause()) {
			if (cause instanceof RedisConnectionFailureException || cause instanceof QueryTimeoutException
					|| cause instanceof IOException || cause instanceof TimeoutException) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The same error, with advice where we have some.
	 */
	static Throwable explain(Throwable error) {
		if (mentions(error, "CROSSSLOT") || mentions(error, "same slot")) {
			return new NonTransientDataAccessResourceException(
					"The resources locked together lie in different slots of a Redis Cluster. Give them a common hash"
							+ " tag, such as {order:42}:stock and {order:42}:payment, so that one node can lock them"
							+ " atomically. A name with a closing brace outside a hash tag cannot be used there.",
					error);
		}
		return error;
	}

	private static boolean mentions(Throwable error, String text) {
		for (Throwable cause = error; cause != null; cause = cause.getCause()) {
			if (cause.getMessage() != null && cause.getMessage().contains(text)) {
				return true;
			}
		}
		return false;
	}

}
