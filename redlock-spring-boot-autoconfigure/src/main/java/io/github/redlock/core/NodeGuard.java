package io.github.redlock.core;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.RedlockStatus.NodeStatus;
import io.github.redlock.spi.BatchExtension;
import io.github.redlock.spi.CatchingUp;
import io.github.redlock.spi.Connecting;
import io.github.redlock.spi.DescribedServer;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.NodeIo;
import io.github.redlock.spi.ReleaseNotices;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * Stands between the algorithm and one node, so that a sick node costs nothing and
 * forgets nothing: {@link RequestTimeouts} gives up what is not answered,
 * {@link NodeHealth} decides whether the node is asked at all, and {@link KeptReleases}
 * sends again what it has to confirm.
 * <p>
 * Thread-safe. Votes are delivered on whatever thread finds them, never inside a monitor
 * of these classes.
 */
final class NodeGuard implements RequestTimeouts.Receiver {

	/** The share of the command timeout that the deciding node is asked alone. */
	private static final int HEAD_STARTS_PER_TIMEOUT = 10;

	private static final Logger logger = LoggerFactory.getLogger(NodeGuard.class);

	private static final LockRequest NOTHING = new LockRequest(List.of(), "", Duration.ZERO, LockRequest.NO_TOKEN);

	private final LockNode node;

	private final @Nullable NodeIo io;

	private final @Nullable BatchExtension batches;

	private final long timeoutNanos;

	private final TimeSource time;

	private final RequestTimeouts timeouts;

	private final NodeHealth health;

	private final KeptReleases releases;

	/** Of the last probe that somebody asked for. */
	private volatile @Nullable Duration roundTrip;

	NodeGuard(LockNode node, TimeSource time, Duration timeout, EventDispatcher events, VotingNodes votingNodes) {
		this.node = node;
		this.io = (node instanceof NodeIo own) ? own : null;
		this.batches = (node instanceof BatchExtension able && able.extendsTogether()) ? able : null;
		this.time = time;
		this.timeoutNanos = Nanos.of(timeout);
		this.timeouts = new RequestTimeouts(node.name(), time, timeout, this::catchUp,
				(node instanceof Connecting own) ? own : null, this);
		this.health = new NodeHealth(node.name(), time, events, votingNodes, this::probe);
		this.releases = new KeptReleases(node.name(), time, this::dispatch, this.health::isVoting);
	}

	String name() {
		return this.node.name();
	}

	/**
	 * How many requests wait for an answer.
	 */
	int unanswered() {
		return this.timeouts.unanswered();
	}

	/**
	 * Whether the node votes, as far as is known.
	 */
	boolean isVotingNow() {
		return this.health.isVotingNow();
	}

	/**
	 * What is known of the node.
	 */
	NodeStatus status() {
		Vote.Failed last = this.health.lastFailure();
		Duration roundTrip = this.roundTrip;
		return new NodeStatus(name(), this.health.isVotingNow(), this.health.unchangedFor(),
				Optional.ofNullable(last).map(Vote.Failed::reason),
				Optional.ofNullable(last).map((failure) -> String.valueOf(failure.error())),
				Optional.ofNullable(roundTrip),
				(this.node instanceof DescribedServer described) ? described.server() : Optional.empty());
	}

	/**
	 * Probe the node now, unless it does not vote: then it is probed anyway.
	 * @param onEnd told when the answer is there, or the timeout is over
	 */
	void check(Runnable onEnd) {
		if (!this.health.isVoting()) {
			onEnd.run();
			return;
		}
		long sentAt = this.time.nanoTime();
		dispatch(LockCommand.PROBE, NOTHING, (vote) -> {
			if (!(vote instanceof Vote.Failed)) {
				this.roundTrip = Duration.ofNanos(this.time.nanoTime() - sentAt);
			}
			onEnd.run();
		});
	}

	/**
	 * Open the connection ahead of the first lock. There is no timeout here: what is slow
	 * may be this process, which is starting. A node that cannot serve does not vote
	 * after this.
	 * @param onEnd told when the node has answered, or could not be reached
	 */
	void start(Runnable onEnd) {
		ask(this.node::probe).whenComplete((vote, error) -> {
			if (((vote != null) ? vote : RequestTimeouts.failed(error)) instanceof Vote.Failed failure) {
				this.health.failed(failure);
			}
			onEnd.run();
		});
	}

	/**
	 * Send a request and deliver the vote, exactly once.
	 */
	void send(LockCommand command, LockRequest request, Consumer<Vote> sink) {
		if (!this.health.isVoting()) {
			if (command.isRelease()) {
				this.releases.keep(command, request, this.time.nanoTime());
			}
			sink.accept(this.health.notAsked());
			return;
		}
		if (command.createsKeys()) {
			this.releases.owe(request);
		}
		if (command.prolongsKeys()) {
			this.releases.prolong(request);
		}
		dispatch(command, request, sink);
	}

	/**
	 * How long to wait for this node alone before the others are asked too.
	 */
	long headStartNanos() {
		return this.timeoutNanos / HEAD_STARTS_PER_TIMEOUT;
	}

	/**
	 * Whether it does not vote, or its last answer was none or an error.
	 */
	boolean isFailing() {
		return this.health.isFailing();
	}

	/**
	 * Subscribe to releases of a resource, where the node tells of them.
	 * @return ends the subscription
	 */
	Cancellable onRelease(String resource, Runnable listener) {
		if (this.node instanceof ReleaseNotices notices) {
			try {
				return notices.onRelease(resource, listener);
			}
			catch (RuntimeException ex) {
				logger.warn("There are no notices of releases from node {}; it is asked from time to time", name(), ex);
			}
		}
		return () -> {
		};
	}

	/**
	 * Whether, as far as is known, the node tells of releases of a resource that is
	 * subscribed to.
	 */
	boolean isTelling(String resource) {
		return this.node instanceof ReleaseNotices notices && this.health.isVotingNow() && notices.isTelling(resource);
	}

	boolean extendsTogether() {
		return this.batches != null;
	}

	/**
	 * Send one request for the extension of many locks, and deliver a vote for each of
	 * them, exactly once, in their order.
	 */
	void extendAll(List<LockRequest> requests, Consumer<List<Vote>> sink) {
		BatchExtension batches = this.batches;
		if (batches == null || !this.health.isVoting()) {
			sink.accept(Collections.nCopies(requests.size(), this.health.notAsked()));
			return;
		}
		requests.forEach(this.releases::prolong);
		AtomicReference<List<Vote>> votes = new AtomicReference<>(List.of());
		dispatch(LockCommand.EXTEND, NOTHING, () -> batches.extendAll(requests).thenApply((answer) -> {
			votes.set(answer);
			return (answer.size() == requests.size()) ? summary(answer) : RequestTimeouts
				.failed(new IllegalStateException("node " + name() + " answered for another number of locks"));
		}), (vote) -> sink
			.accept((vote instanceof Vote.Failed) ? Collections.nCopies(requests.size(), vote) : votes.get()));
	}

	/**
	 * What many votes say about the node: failed if all are.
	 */
	private static Vote summary(List<Vote> votes) {
		return votes.stream().allMatch(Vote.Failed.class::isInstance) ? votes.get(0) : Vote.Granted.INSTANCE;
	}

	/**
	 * Ask the node to replace the value of one request by that of another, and deliver
	 * the vote, exactly once. A node that has done so owes nothing of the first any more.
	 */
	void transfer(LockRequest request, LockRequest before, Consumer<Vote> sink) {
		if (!this.health.isVoting()) {
			sink.accept(this.health.notAsked());
			return;
		}
		this.releases.owe(request);
		dispatch(LockCommand.ACQUIRE, request, () -> this.node.transfer(request, before.value()), (vote) -> {
			if (vote instanceof Vote.Granted) {
				this.releases.confirmed(before.value());
			}
			sink.accept(vote);
		});
	}

	private void dispatch(LockCommand command, LockRequest request, Consumer<Vote> sink) {
		RequestTimeouts.Request expected = this.timeouts.expect(command, request, sink);
		CompletionStage<Vote> answer;
		try {
			answer = command.send(this.node, request);
		}
		catch (RuntimeException | Error ex) {
			// An Error too: what is sent to the other nodes must not end here.
			answer = CompletableFuture.failedFuture(ex);
		}
		answer.whenComplete(expected);
	}

	private void dispatch(LockCommand command, LockRequest request, Supplier<CompletionStage<Vote>> send,
			Consumer<Vote> sink) {
		RequestTimeouts.Request expected = this.timeouts.expect(command, request, sink);
		ask(send).whenComplete(expected);
	}

	private static CompletionStage<Vote> ask(Supplier<CompletionStage<Vote>> send) {
		try {
			return send.get();
		}
		catch (RuntimeException | Error ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private CompletionStage<?> catchUp() {
		return (this.node instanceof CatchingUp own) ? own.catchUp() : CompletableFuture.completedFuture(null);
	}

	@Override
	public void answered(RequestTimeouts.Request request, Vote vote) {
		if (request.command().isRelease() && !(vote instanceof Vote.Failed)) {
			this.releases.confirmed(request.request().value());
		}
	}

	@Override
	public void settled(RequestTimeouts.Request request, Vote vote) {
		try {
			if (vote instanceof Vote.Failed failure) {
				failed(request, failure);
			}
			else if (request.command() != LockCommand.PROBE) {
				this.health.answered();
			}
		}
		finally {
			request.sink().accept(vote);
		}
	}

	private void failed(RequestTimeouts.Request request, Vote.Failed failure) {
		LockCommand command = request.command();
		this.health.failed(failure);
		if (command.isRelease()) {
			this.releases.keep(command, request.request(), request.sentAt());
		}
		else if (command.createsKeys() && failure.isUnanswered()) {
			this.releases.unanswered(request.request().value());
		}
		else if (command == LockCommand.PROBE && failure.reason() == Vote.Failed.Reason.TIMEOUT && this.io != null) {
			this.io.reset();
		}
	}

	private void probe() {
		dispatch(LockCommand.PROBE, NOTHING, (vote) -> {
			if (vote instanceof Vote.Failed) {
				this.releases.dropExpired();
				this.health.probed(vote);
			}
			else {
				// Before the node votes: new requests come behind what it owes.
				this.releases.resend();
				this.health.probed(vote);
				this.releases.goOn();
			}
		});
	}

	/**
	 * Stop probing and close the node, which fails what is unanswered.
	 */
	void close() {
		this.health.close();
		this.releases.close();
		this.node.close();
	}

}
