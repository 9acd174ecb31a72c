package io.github.redlock.sample.demo;

import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

import io.github.redlock.LockNotAcquiredException;

/**
 * Says in words why a button did nothing.
 */
@RestControllerAdvice(assignableTypes = { DemoController.class, NodeController.class })
@Order(Ordered.HIGHEST_PRECEDENCE)
@OnDemo
class DemoErrors {

	@ExceptionHandler
	ProblemDetail nonsense(IllegalArgumentException ex) {
		return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, String.valueOf(ex.getMessage()));
	}

	@ExceptionHandler
	ProblemDetail foreign(SameOriginInterceptor.ForeignRequestException ex) {
		return ProblemDetail.forStatusAndDetail(HttpStatus.FORBIDDEN, String.valueOf(ex.getMessage()));
	}

	@ExceptionHandler
	ProblemDetail conflict(DemoConflictException ex) {
		return ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, String.valueOf(ex.getMessage()));
	}

	@ExceptionHandler
	ProblemDetail noLock(LockNotAcquiredException ex) {
		return (ex.getReason() == LockNotAcquiredException.Reason.HELD)
				? ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, "Somebody else has the lock. Try again.")
				: ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE,
						"There is no lock to be had (" + ex.getReason() + "). Bring nodes back first.");
	}

}
