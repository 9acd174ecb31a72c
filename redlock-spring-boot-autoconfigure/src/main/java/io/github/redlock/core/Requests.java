package io.github.redlock.core;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;

/**
 * Makes the request of each attempt: a fresh value, and the next fencing tokens.
 *
 * @param values the source of values
 * @param tokens the source of tokens, {@code null} where fencing is switched off
 */
record Requests(Supplier<String> values, @Nullable FencingTokens tokens) {

	/**
	 * The request of one attempt.
	 * @param block how many tokens to reserve
	 */
	LockRequest next(List<String> resources, Duration ttl, int block) {
		return (this.tokens != null)
				? new LockRequest(resources, this.values.get(), ttl, this.tokens.next(block), block)
				: new LockRequest(resources, this.values.get(), ttl, LockRequest.NO_TOKEN);
	}

	/**
	 * A node has stored this token: the next ones are larger.
	 */
	void learn(long token) {
		if (this.tokens != null) {
			this.tokens.learn(token);
		}
	}

}
