package io.github.redlock;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One held lock. It stays the same object, with the same value and the same fencing
 * token, however often it is extended; this differs from node-redlock, whose
 * {@code extend} returns another lock, because try-with-resources needs one variable.
 * <p>
 * Thread-safe; it may be released on another thread than the one that acquired it.
 * <pre>{@code
 * try (LockHandle lock = redlock.acquire("order:42", Duration.ofSeconds(10))) {
 *     orders.pay(42, lock.fencingToken());
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public interface LockHandle extends AutoCloseable {

	/**
	 * What is locked.
	 * @return the resources, in the order given, without duplicates
	 */
	List<String> resources();

	/**
	 * The random value that proves ownership on the nodes. A secret: do not log it. It is
	 * not a fencing token: where a holder hands the lock over to the next one in its
	 * process without asking a node, both have the same value, one after the other.
	 * @return 128 random bits in hexadecimal, perhaps with the name of the owner in front
	 */
	String value();

	/**
	 * The time to live last sent to the nodes.
	 * @return the ttl
	 */
	Duration ttl();

	/**
	 * How long the lock is certain to hold if nothing extends it: until the start of the
	 * winning request + ttl - drift, by the monotonic clock.
	 * @return the time left; zero once the lock is lost, expired or released
	 */
	Duration remainingValidity();

	/**
	 * Whether the lock is held right now. Reads the clock, so the answer is right even if
	 * this process was paused for minutes; but a pause may also follow the answer, which
	 * is what the {@link #fencingToken()} is for.
	 * @return {@code true} while the lock is valid
	 */
	boolean isValid();

	/**
	 * A number that is larger for every later holder of the same resource. Store it with
	 * the data you protect, before you read what a write depends on: {@code UPDATE ...
	 * SET fence = :token WHERE id = :id AND fence <= :token}. Stop if that changes no
	 * row, and let each write ask for {@code fence = :token}. (A token that is compared
	 * only by the write loses updates: a holder that was paused between its read and its
	 * write is accepted as long as its successor has only read.) Compare tokens, never
	 * subtract them.
	 * @return a positive number below 2^53
	 * @throws IllegalStateException if fencing is switched off
	 */
	long fencingToken();

	/**
	 * The acquisition's attempts, the last of which won. Where a holder of the same
	 * process handed the lock over without asking a node, that is the one by which it was
	 * won from the nodes.
	 * @return the attempts with every node's vote, first to last; of more than six, the
	 * first and the last five
	 */
	List<ExecutionStats> attempts();

	/**
	 * The signal that the lock was lost.
	 * @return a stage that completes with the loss, at most once, when the lock stops
	 * being valid before its release; it never completes otherwise. Dependent actions run
	 * on a thread where they may block
	 */
	CompletionStage<LockLostException> lost();

	/**
	 * The same as {@link #lost()} for code that asks instead of listening, as in
	 * {@code lock.signal().throwIfAborted()} between two steps of the work.
	 * @return the signal of this lock
	 */
	AbortSignal signal();

	/**
	 * Extend by the ttl last used. Equal to {@code extend(ttl())}.
	 * @return this
	 * @throws LockLostException if the lock was lost, before or by this attempt
	 * @throws IllegalStateException if the lock was released
	 */
	default LockHandle extend() {
		return extend(ttl());
	}

	/**
	 * Set the remaining time to the given ttl, counted from now; a later extension
	 * without an argument, and auto-extension, use the same ttl. A ttl shorter than what
	 * is left makes the lock valid for less, and so has to be extended sooner; the nodes
	 * still keep the keys for the longest time they were asked for, until the release.
	 * <p>
	 * Blocks until a quorum has extended; while too few nodes answer, it tries again
	 * until the old validity ends. An interrupt ends the waiting, not the lock: the
	 * extension may or may not happen, and the lock stays valid for as long as
	 * {@link #remainingValidity()} says.
	 * @param ttl a positive whole number of milliseconds
	 * @return this
	 * @throws IllegalArgumentException if the ttl is not positive, not whole, or leaves
	 * no validity after drift; the lock is untouched
	 * @throws LockLostException if the lock was lost, before or by this attempt
	 * @throws IllegalStateException if the lock was released
	 * @throws RedlockException if the waiting thread is interrupted; its interrupt flag
	 * is set again
	 */
	LockHandle extend(Duration ttl);

	/**
	 * {@link #extend(Duration)} without blocking.
	 * @param ttl a positive whole number of milliseconds
	 * @return this lock, or exceptionally what {@code extend} throws
	 */
	CompletableFuture<LockHandle> extendAsync(Duration ttl);

	/**
	 * Release the lock. It turns invalid on our side first; then every node is told. With
	 * {@link LockOptions.Builder#holdAtLeast holdAtLeast} the nodes keep the resource
	 * locked until that time is over.
	 * <p>
	 * Blocks until a quorum has answered, at most one command timeout, and returns at
	 * once if the lock is known to be lost. An interrupt does not cut it short; the
	 * interrupt flag stays set. Releasing twice is harmless and gives the same answer
	 * again.
	 * @return {@code true} if the lock was valid until now; {@code false} if it had been
	 * lost before, which is never an error here
	 * @throws LockReleaseException if too few nodes confirmed; see there
	 */
	boolean release();

	/**
	 * {@link #release()} without blocking.
	 * @return what {@code release} returns, or exceptionally what it throws
	 */
	CompletableFuture<Boolean> releaseAsync();

	/**
	 * Release the lock at the end of a try-with-resources block. A loss is never silent:
	 * it is thrown (where the block itself threw, Java attaches it as suppressed). A
	 * release that too few nodes confirmed is not thrown, since the work in the block was
	 * protected; it is logged and reported to listeners.
	 * @throws LockLostException if the lock was lost before
	 */
	@Override
	void close();

}
