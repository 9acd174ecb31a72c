package io.github.redlock.spi;

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
 * Implementations are thread-safe and need no timeout of their own; the lock gives up on
 * an answer after its command timeout. A node that can do more says so by implementing
 * {@link BatchExtension}, {@link ReleaseNotices}, {@link Connecting}, {@link CatchingUp},
 * {@link DescribedServer} or {@link NodeIo}.
 * <p>
 * The test {@code LockNodeContract} holds them to this. It is in a jar of its own, of the
 * same version, and needs JUnit Jupiter and AssertJ: <pre class="code">
 * &lt;dependency&gt;
 *     &lt;groupId&gt;io.github.redlock&lt;/groupId&gt;
 *     &lt;artifactId&gt;redlock-spring-boot-autoconfigure&lt;/artifactId&gt;
 *     &lt;classifier&gt;contract&lt;/classifier&gt;
 *     &lt;scope&gt;test&lt;/scope&gt;
 * &lt;/dependency&gt;
 * </pre> Extend it, and tell it how to look at what your node stores: <pre class="code">
 * class MapLockNodeTests extends LockNodeContract {
 *
 *     private final MapLockNode node = new MapLockNode("map");
 *
 *     &#64;Override
 *     protected LockNode node() {
 *         return this.node;
 *     }
 *
 *     &#64;Override
 *     protected String valueOf(String resource) {
 *         return this.node.valueOf(resource);
 *     }
 *
 * }
 * </pre>
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
	 * shorter. Several resources may share a fence; a fence is never forgotten.
	 * @param request the resources, the value, the time to live and the token
	 * @return {@link Vote.Granted}, {@link Vote.Held}, {@link Vote.Stale} or
	 * {@link Vote.Failed}
	 */
	CompletionStage<Vote> acquire(LockRequest request);

	/**
	 * The same for a single resource that is probably free, with a single token, in
	 * whatever way costs the node least. It need not be atomic: a node that does not
	 * grant it may have set the lock key or raised the fence nevertheless. Whoever asks
	 * therefore withdraws what was not granted, as after every attempt that fails.
	 * @param request the resource, the value, the time to live and the token
	 * @return as {@link #acquire}; {@link Vote.Held#FOR_UNKNOWN_TIME} where the node does
	 * not say how long
	 */
	default CompletionStage<Vote> acquireFree(LockRequest request) {
		return acquire(request);
	}

	/**
	 * Give every lock key the request's time to live again, and set a fence that is not
	 * there, if all of them hold the value. Nothing is set otherwise. No time to live is
	 * ever made shorter: the request may be an old one that arrives late, after a longer
	 * one was counted on.
	 * @param request the resources, the value, the time to live and the token
	 * @return {@link Vote.Granted}, {@link Vote.Missing}, {@link Vote.Held} or
	 * {@link Vote.Failed}
	 */
	CompletionStage<Vote> extend(LockRequest request);

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
	 * those that wait for it. Fence keys stay.
	 * @param request the resources and the value
	 * @return {@link Vote.Granted} if all keys held the value, {@link Vote.Missing} if at
	 * least one was gone or foreign, or {@link Vote.Failed}
	 */
	CompletionStage<Vote> release(LockRequest request);

	/**
	 * Delete what a failed attempt may have set, without a release notice: no waiter
	 * waits for these keys.
	 * @param request the resources and the value
	 * @return as {@link #release}
	 */
	default CompletionStage<Vote> withdraw(LockRequest request) {
		return release(request);
	}

	/**
	 * Release, but only when the request's time to live is over: every lock key that
	 * holds the value gets exactly that time to live, whatever the others hold. Fences
	 * stay.
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
	 * @return {@link Vote.Granted}, {@link Vote.Missing}, {@link Vote.Held},
	 * {@link Vote.Stale} if all keys are there and a fence is not below the first token,
	 * or {@link Vote.Failed}
	 */
	CompletionStage<Vote> transfer(LockRequest request, String before);

	/**
	 * Find out whether the node can do what a lock needs, writing included, opening a
	 * connection where there is none.
	 * @return {@link Vote.Granted} or {@link Vote.Failed}
	 */
	CompletionStage<Vote> probe();

	/**
	 * Fail what is still unanswered and give back connections and threads. Closing twice
	 * is harmless.
	 */
	@Override
	void close();

}
