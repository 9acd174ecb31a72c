package io.github.redlock.core;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * Stands between the algorithm and one node, and sees to it that a sick node costs
 * nothing and forgets nothing.
 * <p>
 * <b>Timeout.</b> An answer that has not come within the command timeout is a vote
 * FAILED. One timer watches the oldest unanswered request of the node; requests to one
 * node share a timeout, so the oldest is the first to be due.
 * <p>
 * <b>Down.</b> A node whose connection breaks or cannot be opened, or that is silent
 * {@value #DOWN_AFTER_TIMEOUTS} times running, is marked down: requests fail at once,
 * without being sent, until a probe is answered. One probe is on its way at a time, the
 * first one at once and the next ones with a growing delay. Only an answer to a real
 * request resets the delay, so a node that answers probes and nothing else is not asked
 * in a tight loop.
 * <p>
 * <b>Releases.</b> A release that the node did not confirm is kept and sent again after
 * the next successful probe, before any new request, until the keys have expired anyway.
 * It is kept only if the node may hold a key: if an acquisition or a healing of that
 * value was ever sent there.
 * <p>
 * Thread-safe. Votes are delivered on whatever thread finds them, never inside a monitor
 * of this class.
 */
final class NodeGuard {

	static final int DOWN_AFTER_TIMEOUTS = 2;

	private static final int TIMEOUT_PER_PATIENCE = 10;

	static final long FIRST_BACKOFF_NANOS = Duration.ofMillis(100).toNanos();

	static final long MAX_BACKOFF_NANOS = Duration.ofSeconds(2).toNanos();

	private static final Logger logger = LoggerFactory.getLogger(NodeGuard.class);

	private static final LockRequest NOTHING = new LockRequest(List.of(), "", Duration.ZERO, LockRequest.NO_TOKEN);

	private final LockNode node;

	private final TimeSource time;

	private final Duration timeout;

	private final long timeoutNanos;

	private final EventDispatcher events;

	private final Queue<Unanswered> unanswered = new ConcurrentLinkedQueue<>();

	private final AtomicBoolean watching = new AtomicBoolean();

	private final AtomicBoolean probing = new AtomicBoolean();

	private final AtomicBoolean down = new AtomicBoolean();

	private final AtomicInteger silent = new AtomicInteger();

	/** By value, what this node may hold of ours. */
	private final Map<String, Debt> debts = new ConcurrentHashMap<>();

	/** Before the next probe of a node that is down. */
	private volatile long backoffNanos;

	/** Before a release that failed on a node that is up is sent again. */
	private volatile long resendNanos;

	private volatile @Nullable Throwable lastError;

	/** The last request has failed. */
	private volatile boolean failing;

	private volatile boolean closed;

	NodeGuard(LockNode node, TimeSource time, Duration timeout, EventDispatcher events) {
		this.node = node;
		this.time = time;
		this.timeout = timeout;
		this.timeoutNanos = Nanos.of(timeout);
		this.events = events;
	}

	String name() {
		return this.node.name();
	}

	/**
	 * Open the connection ahead of the first lock. There is no timeout here: what is slow
	 * may be this process, which is starting. A node that cannot be reached is marked
	 * down.
	 */
	void start() {
		ask(this.node::ping).whenComplete((vote, error) -> {
			if (((vote != null) ? vote : failed(error)) instanceof Vote.Failed failure) {
				failed(failure);
			}
		});
	}

	/**
	 * Send a request and deliver the vote, exactly once.
	 */
	void send(LockCommand command, LockRequest request, Consumer<Vote> sink) {
		if (isAskedNothing()) {
			if (command.isRelease()) {
				keepRelease(command, request, this.time.nanoTime());
			}
			sink.accept(downVote());
			return;
		}
		if (command.createsKeys()) {
			this.debts.putIfAbsent(request.value(), new Debt(request));
		}
		if (command.prolongsKeys()) {
			prolong(request);
		}
		dispatch(command, request, sink);
	}

	private boolean isAskedNothing() {
		return this.down.get() || this.closed;
	}

	private Vote downVote() {
		Throwable error = this.lastError;
		return new Vote.Failed(Vote.Failed.Reason.DOWN,
				(error != null) ? error : new IllegalStateException("node " + name() + " is closed"));
	}

	private void prolong(LockRequest request) {
		Debt debt = this.debts.get(request.value());
		if (debt != null) {
			debt.prolong(request.ttl());
		}
	}

	/**
	 * How long to wait for this node alone before others are asked too.
	 */
	long patienceNanos() {
		return this.timeoutNanos / TIMEOUT_PER_PATIENCE;
	}

	/**
	 * Whether it is marked down, or its last answer was none or an error.
	 */
	boolean isFailing() {
		return this.failing || this.down.get();
	}

	/**
	 * Hear of releases of a resource.
	 * @return ends it
	 */
	Cancellable onRelease(String resource, Runnable listener) {
		try {
			return this.node.onRelease(resource, listener);
		}
		catch (RuntimeException ex) {
			logger.warn("There are no notices of releases from node {}; it is asked from time to time", name(), ex);
			return () -> {
			};
		}
	}

	boolean extendsTogether() {
		return this.node.extendsTogether();
	}

	/**
	 * Send one request for the extension of many locks, and deliver a vote for each of
	 * them, exactly once, in their order.
	 */
	void extendAll(List<LockRequest> requests, Consumer<List<Vote>> sink) {
		if (isAskedNothing()) {
			sink.accept(Collections.nCopies(requests.size(), downVote()));
			return;
		}
		requests.forEach(this::prolong);
		AtomicReference<List<Vote>> votes = new AtomicReference<>(List.of());
		dispatch(LockCommand.EXTEND, NOTHING, () -> this.node.extendAll(requests).thenApply((answer) -> {
			votes.set(answer);
			return (answer.size() == requests.size()) ? summary(answer)
					: failed(new IllegalStateException("node " + name() + " answered for another number of locks"));
		}), (vote) -> sink
			.accept((vote instanceof Vote.Failed) ? Collections.nCopies(requests.size(), vote) : votes.get()));
	}

	/**
	 * Ask the node to replace the value of one request by that of another, and deliver
	 * the vote, exactly once. A node that has done so owes nothing of the first any more.
	 */
	void transfer(LockRequest request, LockRequest before, Consumer<Vote> sink) {
		if (isAskedNothing()) {
			sink.accept(downVote());
			return;
		}
		this.debts.putIfAbsent(request.value(), new Debt(request));
		dispatch(LockCommand.ACQUIRE, request, () -> this.node.transfer(request, before.value()), (vote) -> {
			if (vote instanceof Vote.Granted) {
				this.debts.remove(before.value());
			}
			sink.accept(vote);
		});
	}

	/**
	 * What many votes say about the node: failed if all are.
	 */
	private static Vote summary(List<Vote> votes) {
		return votes.stream().allMatch(Vote.Failed.class::isInstance) ? votes.get(0) : Vote.Granted.INSTANCE;
	}

	private void dispatch(LockCommand command, LockRequest request, Consumer<Vote> sink) {
		Unanswered entry = expect(command, request, sink);
		CompletionStage<Vote> answer;
		try {
			answer = command.send(this.node, request);
		}
		catch (RuntimeException ex) {
			answer = CompletableFuture.failedFuture(ex);
		}
		answer.whenComplete(entry);
	}

	private void dispatch(LockCommand command, LockRequest request, Supplier<CompletionStage<Vote>> send,
			Consumer<Vote> sink) {
		Unanswered entry = expect(command, request, sink);
		ask(send).whenComplete(entry);
	}

	private Unanswered expect(LockCommand command, LockRequest request, Consumer<Vote> sink) {
		Unanswered entry = new Unanswered(command, request, sink, this.time.nanoTime());
		this.unanswered.add(entry);
		watch();
		return entry;
	}

	private static CompletionStage<Vote> ask(Supplier<CompletionStage<Vote>> send) {
		try {
			return send.get();
		}
		catch (RuntimeException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private static Vote failed(@Nullable Throwable error) {
		return new Vote.Failed(Vote.Failed.Reason.ERROR_REPLY,
				(error != null) ? Waiting.cause(error) : new IllegalStateException("the node answered with null"));
	}

	private void answered(Unanswered entry, Vote vote) {
		if (entry.command.isRelease() && !(vote instanceof Vote.Failed)) {
			Debt debt = this.debts.remove(entry.request.value());
			if (debt != null && debt.isReleased()) {
				this.resendNanos = 0;
			}
		}
		if (entry.settle()) {
			try {
				settle(entry, vote);
			}
			catch (RuntimeException | Error ex) {
				entry.undelivered = vote;
				throw ex;
			}
		}
		this.unanswered.remove(entry);
	}

	private void settle(Unanswered entry, Vote vote) {
		try {
			if (vote instanceof Vote.Failed failure) {
				this.failing = true;
				failed(failure);
				if (entry.command.isRelease()) {
					keepRelease(entry.command, entry.request, entry.sentAt);
				}
			}
			else {
				this.silent.set(0);
				if (entry.command != LockCommand.PING) {
					this.backoffNanos = 0;
					if (this.failing) {
						this.failing = false;
					}
				}
			}
		}
		finally {
			entry.sink.accept(vote);
		}
	}

	private void failed(Vote.Failed failure) {
		if (this.closed) {
			return;
		}
		this.lastError = failure.error();
		this.events.fire((listener) -> listener.nodeError(name(), failure.error()));
		boolean broken = failure.reason() == Vote.Failed.Reason.UNREACHABLE
				|| (failure.reason() == Vote.Failed.Reason.TIMEOUT
						&& this.silent.incrementAndGet() >= DOWN_AFTER_TIMEOUTS);
		if (broken) {
			markDown(failure.error());
		}
	}

	private void markDown(Throwable error) {
		if (this.down.compareAndSet(false, true)) {
			logger.warn("Redis node {} does not answer and is asked no more until it does: {}", name(),
					error.toString());
			this.events.fire((listener) -> listener.nodeDown(name(), error));
		}
		probeLater();
	}

	private void markUp() {
		if (this.down.compareAndSet(true, false)) {
			logger.warn("Redis node {} answers again and votes", name());
			this.events.fire((listener) -> listener.nodeUp(name()));
		}
	}

	private void probeLater() {
		if (!this.closed && this.probing.compareAndSet(false, true)) {
			boolean down = this.down.get();
			long delay = down ? this.backoffNanos : this.resendNanos;
			long next = Math.min(Math.max(delay * 2, FIRST_BACKOFF_NANOS), MAX_BACKOFF_NANOS);
			if (down) {
				this.backoffNanos = next;
			}
			else {
				this.resendNanos = next;
			}
			this.time.schedule(delay, this::probe);
		}
	}

	private void probe() {
		dispatch(LockCommand.PING, NOTHING, (vote) -> {
			this.probing.set(false);
			if (!(vote instanceof Vote.Failed)) {
				sendKeptReleases();
				markUp();
			}
			// A release may also have been kept between the two lines above.
			if (this.down.get() || this.debts.values().stream().anyMatch(Debt::isKept)) {
				probeLater();
			}
		});
	}

	private void sendKeptReleases() {
		long now = this.time.nanoTime();
		this.debts.values().removeIf((debt) -> debt.isExpired(now));
		for (Debt debt : this.debts.values()) {
			if (debt.takeKept()) {
				Duration rest = debt.restToHold(now);
				dispatch(rest.isZero() ? LockCommand.RELEASE : LockCommand.RELEASE_LATER,
						rest.isZero() ? debt.request : debt.request.withTtl(rest), (vote) -> {
						});
			}
		}
	}

	/**
	 * Keep a release for sending it again.
	 * @param sentAt when it was sent, or would have been
	 */
	private void keepRelease(LockCommand command, LockRequest request, long sentAt) {
		Debt debt = this.debts.get(request.value());
		if (debt != null) {
			if (command == LockCommand.RELEASE_LATER) {
				debt.holdUntil(sentAt, request.ttl());
			}
			debt.keep(this.time.nanoTime());
			probeLater();
		}
	}

	private void watch() {
		if (this.watching.compareAndSet(false, true)) {
			watchOldest();
		}
	}

	private void watchOldest() {
		Unanswered oldest = this.unanswered.peek();
		if (oldest != null) {
			this.time.schedule(oldest.sentAt + this.timeoutNanos - this.time.nanoTime(), this::giveUpOverdue);
			return;
		}
		this.watching.set(false);
		if (!this.unanswered.isEmpty()) {
			watch();
		}
	}

	/**
	 * Give up what was not answered in time. Not before all answers that have arrived are
	 * delivered: this process may have stood still. But nobody waits for that longer than
	 * another timeout. Always on the thread of the timer, because the one that has
	 * delivered them may be a caller's with a deep stack.
	 */
	private void giveUpOverdue() {
		long now = this.time.nanoTime();
		AtomicBoolean done = new AtomicBoolean();
		try {
			CompletionStage<?> caughtUp = this.node.catchUp();
			if (!caughtUp.toCompletableFuture().isDone()) {
				this.time.schedule(this.timeoutNanos, () -> giveUpOnce(done, this.time.nanoTime()));
				caughtUp.whenComplete((ignored, error) -> this.time.schedule(0, () -> giveUpOnce(done, now)));
				return;
			}
		}
		catch (RuntimeException | Error ex) {
			logger.debug("Node {} could not deliver what has arrived", name(), ex);
		}
		giveUpOnce(done, now);
	}

	private void giveUpOnce(AtomicBoolean done, long now) {
		if (done.compareAndSet(false, true)) {
			giveUpOverdue(now);
		}
	}

	private void giveUpOverdue(long now) {
		try {
			Unanswered oldest = this.unanswered.peek();
			while (oldest != null && now - oldest.sentAt >= this.timeoutNanos) {
				this.unanswered.remove(oldest);
				Vote timeout = new Vote.Failed(Vote.Failed.Reason.TIMEOUT, new TimeoutException(
						"no answer from node " + name() + " within " + this.timeout.toMillis() + " ms"));
				Vote undelivered = oldest.undelivered;
				if (undelivered != null) {
					oldest.sink.accept(undelivered);
				}
				else if (oldest.settle()) {
					settle(oldest, timeout);
					if (oldest.command == LockCommand.PING) {
						this.node.reset();
					}
				}
				oldest = this.unanswered.peek();
			}
		}
		finally {
			watchOldest();
		}
	}

	/**
	 * Stop probing and close the node, which fails what is unanswered.
	 */
	void close() {
		this.closed = true;
		this.node.close();
	}

	/**
	 * A request whose answer has not come yet.
	 */
	private final class Unanswered implements BiConsumer<@Nullable Vote, @Nullable Throwable> {

		private final LockCommand command;

		private final LockRequest request;

		private final Consumer<Vote> sink;

		private final long sentAt;

		private boolean settled;

		/**
		 * A vote whose delivery ended in an error, such as a stack that was too deep
		 * already: the thread is that of a caller.
		 */
		private volatile @Nullable Vote undelivered;

		private Unanswered(LockCommand command, LockRequest request, Consumer<Vote> sink, long sentAt) {
			this.command = command;
			this.request = request;
			this.sink = sink;
			this.sentAt = sentAt;
		}

		@Override
		public void accept(@Nullable Vote vote, @Nullable Throwable error) {
			answered(this, (vote != null) ? vote : failed(error));
		}

		/**
		 * Count it once: answered, or given up.
		 */
		private synchronized boolean settle() {
			boolean first = !this.settled;
			this.settled = true;
			return first;
		}

	}

	/**
	 * A value that the node may hold, and whether its release waits to be sent again.
	 */
	private static final class Debt {

		private final LockRequest request;

		private boolean released;

		private boolean kept;

		private boolean sentAgain;

		private long expiry;

		private Duration longestTtl;

		private @Nullable Long heldUntil;

		private Debt(LockRequest request) {
			this.request = request;
			this.longestTtl = request.ttl();
		}

		/**
		 * The node was asked to keep the keys for this long. It may have done so even if
		 * nobody heard of it.
		 */
		private synchronized void prolong(Duration ttl) {
			if (ttl.compareTo(this.longestTtl) > 0) {
				this.longestTtl = ttl;
			}
		}

		/**
		 * Keep a release for sending it again, until the keys are gone anyway. When that
		 * is counts from the first time: nothing extends them after the release.
		 * <p>
		 * But a request that set a key may have waited in front of a node that stood
		 * still, and been carried out just now. So a release is sent again once, however
		 * much time has passed.
		 */
		private synchronized void keep(long now) {
			if (!this.released) {
				this.released = true;
				this.expiry = now + this.longestTtl.toNanos();
			}
			this.kept = true;
		}

		/**
		 * The release is not to take effect before this time is over.
		 */
		private synchronized void holdUntil(long sentAt, Duration ttl) {
			if (this.heldUntil == null) {
				this.heldUntil = sentAt + ttl.toNanos();
				prolong(ttl);
			}
		}

		/**
		 * What is left of that time, in whole milliseconds.
		 */
		private synchronized Duration restToHold(long now) {
			long left = (this.heldUntil != null) ? this.heldUntil - now : 0;
			return Duration.ofMillis(Duration.ofNanos(Math.max(left, 0)).toMillis());
		}

		private synchronized boolean isReleased() {
			return this.released;
		}

		private synchronized boolean isKept() {
			return this.kept;
		}

		private synchronized boolean isExpired(long now) {
			return this.sentAgain && now - this.expiry >= 0;
		}

		private synchronized boolean takeKept() {
			boolean taken = this.kept;
			this.kept = false;
			this.sentAgain |= taken;
			return taken;
		}

	}

}
