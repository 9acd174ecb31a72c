package io.github.redlock.autoconfigure;

import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;

/**
 * Answers a web request that found no lock, or lost it, with a problem (RFC 9457): 409
 * where somebody else has the lock, 503 where the nodes cannot say or the application is
 * closing, and 500 where the lock was lost while its work ran, so that repeating it may
 * do it twice. The answer names neither resources nor nodes; these are in the exception.
 * <p>
 * A handler of the application for the same exception takes its place, since this one has
 * the lowest precedence.
 *
 * @since 0.1.0
 */
@RestControllerAdvice
@Order(Ordered.LOWEST_PRECEDENCE)
public class LockErrorResponses {

	private static final String RETRY_AFTER_SECONDS = "1";

	/**
	 * Made by Spring Boot.
	 */
	public LockErrorResponses() {
	}

	/**
	 * Answer where there is no lock.
	 * @param thrown why
	 * @return 409 or 503, with {@code Retry-After}
	 * @throws Exception the same, if it is another exception with this one as its cause
	 */
	@ExceptionHandler(LockNotAcquiredException.class)
	public ErrorResponse noLock(Exception thrown) throws Exception {
		if (!(thrown instanceof LockNotAcquiredException error)) {
			// Spring looks at causes too. The application has given this one an answer.
			throw thrown;
		}
		return (error.getReason() == Reason.HELD)
				? retryLater(error, HttpStatus.CONFLICT, "Somebody else is working on this just now. Try again.")
				: retryLater(error, HttpStatus.SERVICE_UNAVAILABLE,
						"It cannot be found out just now whether somebody else is working on this. Try again.");
	}

	private static ErrorResponse retryLater(Exception error, HttpStatus status, String detail) {
		return ErrorResponse.builder(error, ProblemDetail.forStatusAndDetail(status, detail))
			.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS)
			.build();
	}

	/**
	 * Answer where the lock was lost.
	 * @param thrown how
	 * @return 500
	 * @throws Exception the same, if it is another exception with this one as its cause
	 */
	@ExceptionHandler(LockLostException.class)
	public ErrorResponse lostLock(Exception thrown) throws Exception {
		if (!(thrown instanceof LockLostException error)) {
			throw thrown;
		}
		return ErrorResponse.builder(error,
				ProblemDetail.forStatusAndDetail(HttpStatus.INTERNAL_SERVER_ERROR,
						"The exclusive right to this was lost while it was done. Look at the result before you repeat"
								+ " it."))
			.build();
	}

}
