package io.github.redlock.redis;

import java.io.IOException;
import java.util.concurrent.TimeoutException;

import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.NonTransientDataAccessResourceException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.redis.RedisConnectionFailureException;

import io.github.redlock.spi.Vote;

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
	 * Whether the answer shows that the connection leads to the wrong server.
	 */
	static boolean isMisplaced(Object answer) {
		if (answer instanceof Throwable error) {
			ServerTrouble trouble = ServerTrouble.of(error);
			return trouble != null && trouble.isMisplaced();
		}
		return false;
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
	 * The vote that an error stands for, with advice where we have some. Keys in several
	 * slots are found out by the server (CROSSSLOT), or before by Lettuce ("same slot")
	 * or Jedis ("same hashslot", since Jedis 8 "multiple hash slots").
	 */
	static Vote.Failed toVote(Throwable error) {
		if (mentions(error, "CROSSSLOT") || mentions(error, "same slot") || mentions(error, "same hashslot")
				|| mentions(error, "multiple hash slots")) {
			return new Vote.Failed(Vote.Failed.Reason.REFUSED, new NonTransientDataAccessResourceException(
					"The resources locked together lie in different slots of a Redis Cluster. Give them a common hash"
							+ " tag, such as {order:42}:stock and {order:42}:payment, so that one node can lock them"
							+ " atomically. A name with a closing brace outside a hash tag cannot be used there.",
					error));
		}
		if (mentions(error, "WRONGTYPE") || mentions(error, "REDLOCK ")) {
			return new Vote.Failed(Vote.Failed.Reason.REFUSED, error);
		}
		ServerTrouble trouble = ServerTrouble.of(error);
		if (trouble != null) {
			// A server that does not know a command repeats its arguments, among them the
			// value of a lock, which must not be shown.
			return new Vote.Failed(Vote.Failed.Reason.UNABLE,
					(trouble == ServerTrouble.UNKNOWN_COMMAND)
							? new DataAccessResourceFailureException(trouble.explain())
							: new DataAccessResourceFailureException(trouble.explain(), error));
		}
		return new Vote.Failed(
				isConnectionLost(error) ? Vote.Failed.Reason.UNREACHABLE : Vote.Failed.Reason.ERROR_REPLY, error);
	}

	/**
	 * The vote of a node to which no connection could be opened, or whose connection was
	 * lost.
	 */
	static Vote.Failed unreachable(Throwable error) {
		return (ServerTrouble.of(error) != null) ? toVote(error)
				: new Vote.Failed(Vote.Failed.Reason.UNREACHABLE, error);
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
