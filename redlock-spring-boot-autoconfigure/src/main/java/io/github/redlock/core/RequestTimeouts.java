package io.github.redlock.core;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.Connecting;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.Vote;

/**
 * The unanswered requests of one node. An answer that has not come within the command
 * timeout is a vote FAILED. One timer watches the oldest request: all have the same
 * timeout, so it is the first to be due. While a connection is being opened the timeout
 * does not run.
 * <p>
 * Every request is settled once, by its answer or by the timeout. If the receiver of the
 * vote throws, the request stays, and the timer delivers the vote again: the thread that
 * has read the answer may be a caller's that is out of stack or memory, and the vote
 * belongs to somebody else.
 * <p>
 * Thread-safe. Calls its receiver on whatever thread has the answer.
 */
final class RequestTimeouts {

	/**
	 * How many requests are given up before other tasks of the timer have their turn,
	 * such as the extension of a lock.
	 */
	private static final int MAX_AT_ONCE = 100;

	private static final Logger logger = LoggerFactory.getLogger(RequestTimeouts.class);

	private final String node;

	private final TimeSource time;

	private final long timeoutNanos;

	private final Supplier<CompletionStage<?>> catchUp;

	private final @Nullable Connecting connecting;

	private final long connectNanos;

	/** When a connection was last being opened: the timeout begins after that. */
	private volatile long connectingAt;

	private final Receiver receiver;

	private final Queue<Request> unanswered = new ConcurrentLinkedQueue<>();

	/** How many of them are not settled. */
	private final AtomicInteger unsettled = new AtomicInteger();

	/** The timer is set, or will be by the thread that has set this. */
	private final AtomicBoolean watching = new AtomicBoolean();

	/**
	 * No request yet.
	 * @param node the name of the node
	 * @param catchUp delivers answers that have arrived and that nobody has read
	 * @param connecting tells of connections that are being opened, {@code null} for none
	 * @param receiver told of answers and votes
	 */
	RequestTimeouts(String node, TimeSource time, Duration timeout, Supplier<CompletionStage<?>> catchUp,
			@Nullable Connecting connecting, Receiver receiver) {
		this.node = node;
		this.time = time;
		this.timeoutNanos = Nanos.of(timeout);
		this.catchUp = catchUp;
		this.connecting = connecting;
		this.connectNanos = (connecting != null) ? Nanos.of(connecting.connectTime()) : 0;
		this.connectingAt = time.nanoTime() - this.timeoutNanos;
		this.receiver = receiver;
		if (connecting != null) {
			connecting.onConnectingEnded(() -> this.connectingAt = time.nanoTime());
		}
	}

	/**
	 * A request is about to be sent.
	 * @return where its answer goes
	 */
	Request expect(LockCommand command, LockRequest request, Consumer<Vote> sink) {
		Request expected = new Request(command, request, sink, this.time.nanoTime());
		this.unanswered.add(expected);
		// Afterwards: where it was not added, nobody settles it.
		this.unsettled.incrementAndGet();
		if (!this.watching.get()) {
			watch();
		}
		return expected;
	}

	/**
	 * How many requests wait for an answer.
	 */
	int unanswered() {
		return this.unsettled.get();
	}

	private void watch() {
		if (this.watching.compareAndSet(false, true)) {
			watchOldest();
		}
	}

	/**
	 * Set the timer. Should that fail, the next request tries again.
	 */
	private void watchOldest() {
		boolean set = false;
		try {
			Request oldest = this.unanswered.peek();
			if (oldest != null) {
				this.time.schedule(dueAt(oldest) - this.time.nanoTime(), this::giveUpOverdue);
				set = true;
			}
		}
		finally {
			if (!set) {
				this.watching.set(false);
			}
		}
		if (!set && !this.unanswered.isEmpty()) {
			watch();
		}
	}

	/**
	 * Give up what was not answered in time, and deliver votes whose delivery has thrown,
	 * once more. Not before all answers that have arrived are delivered: this process may
	 * have stood still. But nobody waits for that longer than another timeout. Always on
	 * the thread of the timer, because the one that has delivered them may be a caller's
	 * with a deep stack.
	 */
	private void giveUpOverdue() {
		long now = this.time.nanoTime();
		if (this.connecting != null && this.connecting.isConnecting()) {
			this.connectingAt = now;
		}
		AtomicBoolean done = new AtomicBoolean();
		try {
			CompletionStage<?> caughtUp = this.catchUp.get();
			if (!caughtUp.toCompletableFuture().isDone()) {
				this.time.schedule(this.timeoutNanos, () -> giveUpOnce(done, this.time.nanoTime()));
				caughtUp.whenComplete((ignored, error) -> this.time.schedule(0, () -> giveUpOnce(done, now)));
				return;
			}
		}
		catch (RuntimeException | Error ex) {
			logger.debug("Node {} could not deliver what has arrived", this.node, ex);
		}
		giveUpOnce(done, now);
	}

	private void giveUpOnce(AtomicBoolean done, long now) {
		if (done.compareAndSet(false, true)) {
			try {
				giveUpOverdue(now);
			}
			finally {
				watchOldest();
			}
		}
	}

	private void giveUpOverdue(long now) {
		Request oldest = this.unanswered.peek();
		for (int i = 0; i < MAX_AT_ONCE && oldest != null && now - dueAt(oldest) >= 0; i++) {
			boolean hasThrownBefore = oldest.undelivered != null;
			boolean delivered = false;
			try {
				oldest.giveUp(new Vote.Failed(Vote.Failed.Reason.TIMEOUT, new TimeoutException("no answer from node "
						+ this.node + " within " + Duration.ofNanos(this.timeoutNanos).toMillis() + " ms")));
				delivered = true;
			}
			finally {
				if (delivered || hasThrownBefore) {
					this.unanswered.remove(oldest);
				}
			}
			oldest = this.unanswered.peek();
		}
	}

	private long dueAt(Request request) {
		long waited = Math.max(this.connectingAt - request.sentAt, 0);
		return request.sentAt + this.timeoutNanos + Math.min(waited, this.connectNanos);
	}

	/**
	 * What a stage that has failed, or completed with null, stands for.
	 */
	static Vote failed(@Nullable Throwable error) {
		return new Vote.Failed(Vote.Failed.Reason.ERROR_REPLY,
				(error != null) ? Waiting.cause(error) : new IllegalStateException("the node answered with null"));
	}

	/**
	 * Told of answers and votes.
	 */
	interface Receiver {

		/**
		 * The node has answered, perhaps after the timeout.
		 */
		void answered(Request request, Vote vote);

		/**
		 * The vote on a request is known. Called once, and again only if it has thrown.
		 */
		void settled(Request request, Vote vote);

	}

	/**
	 * A request and its place among the unanswered ones.
	 */
	final class Request implements BiConsumer<@Nullable Vote, @Nullable Throwable> {

		private final LockCommand command;

		private final LockRequest request;

		private final Consumer<Vote> sink;

		private final long sentAt;

		private boolean settled;

		/** A vote whose delivery has thrown. */
		private volatile @Nullable Vote undelivered;

		private Request(LockCommand command, LockRequest request, Consumer<Vote> sink, long sentAt) {
			this.command = command;
			this.request = request;
			this.sink = sink;
			this.sentAt = sentAt;
		}

		LockCommand command() {
			return this.command;
		}

		LockRequest request() {
			return this.request;
		}

		Consumer<Vote> sink() {
			return this.sink;
		}

		long sentAt() {
			return this.sentAt;
		}

		@Override
		public void accept(@Nullable Vote answer, @Nullable Throwable error) {
			Vote vote = (answer != null) ? answer : failed(error);
			RequestTimeouts.this.receiver.answered(this, vote);
			if (settle()) {
				this.undelivered = vote;
				RequestTimeouts.this.receiver.settled(this, vote);
				this.undelivered = null;
			}
			RequestTimeouts.this.unanswered.remove(this);
		}

		private void giveUp(Vote timeout) {
			if (settle()) {
				this.undelivered = timeout;
			}
			Vote vote = this.undelivered;
			if (vote != null) {
				RequestTimeouts.this.receiver.settled(this, vote);
				this.undelivered = null;
			}
		}

		/**
		 * Settle it once: answered, or given up.
		 */
		private synchronized boolean settle() {
			boolean first = !this.settled;
			this.settled = true;
			if (first) {
				RequestTimeouts.this.unsettled.decrementAndGet();
			}
			return first;
		}

	}

}
