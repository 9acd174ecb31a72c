package io.github.redlock.spi;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One independent Redis taking part in the vote: a server, a Sentinel-managed master, or
 * a whole Redis Cluster.
 * <p>
 * Every method is asynchronous, returns without waiting for input or output, and never
 * throws for a refusal: what the node says, or fails to say, is a {@link Vote}. A stage
 * that completes exceptionally counts as {@link Vote.Failed}. Requests are carried out in
 * the order in which they were handed over, so that a release never overtakes the
 * acquisition it undoes. Each request is atomic on the node: all resources or none.
 * <p>
 * Implementations are thread-safe and honour the contract checked by
 * {@code LockNodeContract} in the tests of this project. They need no timeout of their
 * own; the caller gives up on an answer after its command timeout.
 *
 * @since 0.1.0
 */
public interface LockNode extends AutoCloseable {

	/**
	 * The name used in statistics, events and logs; unique among the nodes of one lock.
	 * @return the name, for instance {@code redis1.example.com:6379}
	 */
	String name();

	/**
	 * Set every lock key to the value if all of them are free (or already hold this very
	 * value) and the first token is larger than every stored fence; the fences then hold
	 * the last one. A repeated request is granted again, and makes no time to live
	 * shorter.
	 * @param request the resources, the value, the time to live and the token
	 * @return {@link Vote.Granted}, {@link Vote.Held}, {@link Vote.Stale} or
	 * {@link Vote.Failed}
	 */
	CompletionStage<Vote> acquire(LockRequest request);

	/**
	 * Give every lock key the request's time to live again, and its fence key the full
	 * time to live of a fence, if all of them hold the value. Nothing is set otherwise.
	 * No time to live is ever made shorter: the request may be an old one that arrives
	 * late, after a longer one was counted on.
	 * @param request the resources, the value, the time to live and the token
	 * @return {@link Vote.Granted}, {@link Vote.Missing}, {@link Vote.Held} or
	 * {@link Vote.Failed}
	 */
	CompletionStage<Vote> extend(LockRequest request);

	/**
	 * Whether {@link #extendAll} takes one request. Otherwise every lock is extended when
	 * it is due, by itself.
	 * @return by default {@code false}
	 */
	default boolean extendsTogether() {
		return false;
	}

	/**
	 * Extend many locks, each as {@link #extend} does, and each for itself: what the node
	 * says of one has no effect on the others. A node that can do so sends one request
	 * for all.
	 * @param requests the locks, all with the same time to live, each with or each
	 * without a token
	 * @return a vote for each request, in their order
	 */
	default CompletionStage<List<Vote>> extendAll(List<LockRequest> requests) {
		List<CompletableFuture<Vote>> votes = requests.stream()
			.map((request) -> extend(request).toCompletableFuture())
			.toList();
		return CompletableFuture.allOf(votes.toArray(CompletableFuture<?>[]::new))
			.thenApply((all) -> votes.stream().map(CompletableFuture::join).toList());
	}

	/**
	 * Set again those lock keys that are absent, and raise the fences to at least the
	 * token, unless a foreign value is found. A larger fence does not forbid it. Sent
	 * only after a successful extension, to nodes that answered {@link Vote.Missing}.
	 * @param request the resources, the value, the time to live and the token
	 * @return {@link Vote.Granted}, {@link Vote.Held} or {@link Vote.Failed}
	 */
	CompletionStage<Vote> heal(LockRequest request);

	/**
	 * Delete every lock key that holds the value, whatever the others hold, and tell
	 * those who wait for it. Fence keys stay.
	 * @param request the resources and the value
	 * @return {@link Vote.Granted} if all keys held the value, {@link Vote.Missing} if at
	 * least one was gone or foreign, or {@link Vote.Failed}
	 */
	CompletionStage<Vote> release(LockRequest request);

	/**
	 * Delete what an attempt that has failed may have set. That frees nothing that
	 * anybody waits for: as {@link #release}, but nobody is told.
	 * @param request the resources and the value
	 * @return as {@link #release}
	 */
	default CompletionStage<Vote> withdraw(LockRequest request) {
		return release(request);
	}

	/**
	 * Release, but only when the request's time to live is over: every lock key that
	 * holds the value gets exactly that time to live, whatever the others hold, and its
	 * fence key at least the full time to live of a fence.
	 * @param request the resources, the value, the time that is left and the token
	 * @return {@link Vote.Granted} if all keys held the value, {@link Vote.Missing} if at
	 * least one was gone or foreign, or {@link Vote.Failed}
	 */
	CompletionStage<Vote> releaseLater(LockRequest request);

	/**
	 * Hand the lock over inside the process of its owner: every lock key that holds the
	 * value of the holder before gets the value and the time to live of the request, and
	 * the fences the last token, if all keys hold that value (or already the new one) and
	 * the fences are below the first token. Nothing is set otherwise.
	 * @param request the resources, the new value, the time to live and the token
	 * @param before the value of the holder before
	 * @return {@link Vote.Granted}, {@link Vote.Missing}, {@link Vote.Held} or
	 * {@link Vote.Failed}
	 */
	CompletionStage<Vote> transfer(LockRequest request, String before);

	/**
	 * Find out whether the node answers, opening a connection where there is none.
	 * @return {@link Vote.Granted} or {@link Vote.Failed}
	 */
	CompletionStage<Vote> ping();

	/**
	 * Hear of releases of a resource, by whomever, as long as they can be heard of: a
	 * notice may be lost. Does not wait for input or output. A node that can do this
	 * tells of releases, but not of what is {@link #withdraw withdrawn}.
	 * @param resource the resource
	 * @param listener told of each release, and when one may have been missed, on any
	 * thread; does not block
	 * @return ends it
	 */
	default TimeSource.Cancellable onRelease(String resource, Runnable listener) {
		return () -> {
		};
	}

	/**
	 * How a thread should wait for answers of this node.
	 * @return empty if it does not matter
	 */
	default Optional<Awaiter> awaiter() {
		return Optional.empty();
	}

	/**
	 * Deliver the answers that have arrived already: before a request is given up that
	 * was not answered in time, because what is slow may be this process.
	 * @return a stage that completes when they are delivered
	 */
	default CompletionStage<Void> catchUp() {
		return CompletableFuture.completedFuture(null);
	}

	/**
	 * The node has not answered for long, not even a ping: what is on its way is lost,
	 * and the next request begins anew. Nothing to do for a node that finds out by
	 * itself.
	 */
	default void reset() {
	}

	/**
	 * Fail what is still unanswered and give back connections and threads. Closing twice
	 * is harmless.
	 */
	@Override
	void close();

}
