package io.github.redlock.spi;

import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What one acquisition attempt asks of every node, and later the extensions and the
 * release of the lock it won.
 *
 * @param resources what is locked, at least one, without duplicates; a node locks all of
 * them or none
 * @param value the random value that proves ownership; a secret, not to be logged at INFO
 * or above
 * @param ttl the time to live of the lock keys, a positive whole number of milliseconds
 * @param token the fencing token, positive, or {@link #NO_TOKEN} where fencing is off and
 * fence keys are neither read nor written. Of a block of tokens it is the last one, which
 * the nodes keep
 * @param block how many tokens up to this one are reserved, at least 1: consecutive
 * holders inside one process get them one after another
 * @since 0.1.0
 */
public record LockRequest(List<String> resources, String value, Duration ttl, long token, int block) {

	/** The token of a request without fencing. */
	public static final long NO_TOKEN = 0;

	/**
	 * Keep an immutable copy of the resources.
	 * @param resources what is locked
	 * @param value the owner's random value
	 * @param ttl the time to live of the lock keys
	 * @param token the fencing token or {@link #NO_TOKEN}
	 * @param block how many tokens are reserved
	 */
	public LockRequest {
		resources = List.copyOf(resources);
	}

	/**
	 * A request with a single token.
	 * @param resources what is locked
	 * @param value the owner's random value
	 * @param ttl the time to live of the lock keys
	 * @param token the fencing token or {@link #NO_TOKEN}
	 */
	public LockRequest(List<String> resources, String value, Duration ttl, long token) {
		this(resources, value, ttl, token, 1);
	}

	/**
	 * The same request with another time to live.
	 * @param ttl the other time to live
	 * @return the changed copy
	 */
	public LockRequest withTtl(Duration ttl) {
		return this.ttl.equals(ttl) ? this : new LockRequest(this.resources, this.value, ttl, this.token, this.block);
	}

	/**
	 * The first token of the block, which must be larger than every stored fence.
	 * @return the token itself if it is the only one
	 */
	public long firstToken() {
		return this.token - this.block + 1;
	}

	/**
	 * Whether fence keys take part.
	 * @return {@code true} if this request carries a fencing token
	 */
	public boolean isFenced() {
		return this.token != NO_TOKEN;
	}

	/**
	 * Whether the other is a request for the same. Mostly it is this very one.
	 */
	@Override
	public boolean equals(@Nullable Object other) {
		return this == other || (other instanceof LockRequest request && this.token == request.token
				&& this.block == request.block && this.value.equals(request.value) && this.ttl.equals(request.ttl)
				&& this.resources.equals(request.resources));
	}

	@Override
	public int hashCode() {
		return this.value.hashCode();
	}

	/**
	 * Leaves the value out: it proves ownership and does not belong in a log.
	 */
	@Override
	public String toString() {
		return "LockRequest[resources=" + this.resources + ", ttl=" + this.ttl + ", token=" + this.token + "]";
	}

}
