package io.github.redlock.core;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.Vote;

/**
 * Whether one node votes. A node that cannot be reached, that is silent
 * {@value #SILENCES} times running, that says that it cannot serve, or that answers
 * {@value #UNKNOWN_ERRORS} requests running with errors nobody knows, does not: it is
 * asked nothing until a probe succeeds, and a probe does what a lock does, writing
 * included.
 * <p>
 * One probe is on its way at a time, the first one at once and the next ones with a
 * growing delay. Only an answer to a real request resets the delay, so a node that
 * answers probes and nothing else is not asked in a tight loop. After the first silence
 * the node is probed while it still votes: the sooner its connection is known to be dead,
 * the sooner there is another one.
 * <p>
 * Each reason is said once, until the node has answered a real request again.
 * <p>
 * Thread-safe.
 */
final class NodeHealth {

	static final int SILENCES = 2;

	static final int UNKNOWN_ERRORS = 3;

	static final long FIRST_BACKOFF_NANOS = Duration.ofMillis(100).toNanos();

	static final long MAX_BACKOFF_NANOS = Duration.ofSeconds(2).toNanos();

	/** Where the node answers, a probe costs next to nothing. */
	static final long MAX_BACKOFF_IF_ANSWERING_NANOS = Duration.ofMillis(500).toNanos();

	private static final int MAX_REASONS = 20;

	private static final Logger logger = LoggerFactory.getLogger(NodeHealth.class);

	private final String node;

	private final TimeSource time;

	private final EventDispatcher events;

	private final VotingNodes votingNodes;

	/** Sends a probe, whose vote comes back by {@link #probed}. */
	private final Runnable probe;

	private final AtomicBoolean voting = new AtomicBoolean(true);

	private final AtomicBoolean probing = new AtomicBoolean();

	private final AtomicInteger silences = new AtomicInteger();

	private final AtomicInteger unknownErrors = new AtomicInteger();

	/** The reasons that were said. Guarded by itself. */
	private final Set<String> said = new HashSet<>();

	/** When it began to vote, or stopped. */
	private volatile long changedAt;

	private volatile long backoffNanos;

	private volatile Vote.@Nullable Failed lastFailure;

	/** The last request has failed. */
	private volatile boolean failing;

	private volatile boolean closed;

	NodeHealth(String node, TimeSource time, EventDispatcher events, VotingNodes votingNodes, Runnable probe) {
		this.node = node;
		this.time = time;
		this.events = events;
		this.votingNodes = votingNodes;
		this.probe = probe;
		this.changedAt = time.nanoTime();
	}

	/**
	 * For how long it has been voting, or has not.
	 */
	Duration unchangedFor() {
		return Duration.ofNanos(this.time.nanoTime() - this.changedAt);
	}

	/**
	 * The last failure, which may be over.
	 */
	Vote.@Nullable Failed lastFailure() {
		return this.lastFailure;
	}

	/**
	 * Whether the node is asked. If it is not, it is being probed after this.
	 */
	boolean isVoting() {
		if (this.voting.get()) {
			return !this.closed;
		}
		probeLater();
		return false;
	}

	/**
	 * Whether the node is asked, without a probe if it is not.
	 */
	boolean isVotingNow() {
		return this.voting.get() && !this.closed;
	}

	/**
	 * Whether it does not vote, or its last answer was none or an error.
	 */
	boolean isFailing() {
		return this.failing || !this.voting.get();
	}

	/**
	 * The vote of a node that is not asked.
	 */
	Vote notAsked() {
		Vote.Failed last = this.lastFailure;
		return new Vote.Failed(Vote.Failed.Reason.DOWN,
				(last != null) ? last.error() : new IllegalStateException("node " + this.node + " is closed"));
	}

	/**
	 * A request other than a probe was answered.
	 */
	void answered() {
		this.silences.set(0);
		this.backoffNanos = 0;
		// An answer to what was sent before the node failed says nothing of it now.
		if (this.failing && this.voting.get()) {
			this.failing = false;
			this.unknownErrors.set(0);
			synchronized (this.said) {
				this.said.clear();
			}
		}
	}

	/**
	 * A request, or a probe, was not answered, or with an error.
	 */
	void failed(Vote.Failed failure) {
		this.failing = true;
		if (this.closed) {
			return;
		}
		this.lastFailure = failure;
		this.events.nodeError(this.node, failure.error());
		this.events.observers().tell((observer) -> observer.nodeFailed(this.node, failure.reason()));
		switch (failure.reason()) {
			case UNREACHABLE, UNABLE, QUARANTINED -> stopVoting(failure);
			case TIMEOUT -> {
				if (this.silences.incrementAndGet() >= SILENCES) {
					stopVoting(failure);
				}
				else {
					probeNow();
				}
			}
			case ERROR_REPLY -> {
				if (this.unknownErrors.incrementAndGet() >= UNKNOWN_ERRORS) {
					stopVoting(failure);
				}
			}
			case REFUSED, DOWN -> logger.debug("Node {} refuses a request", this.node, failure.error());
		}
	}

	private void stopVoting(Vote.Failed failure) {
		boolean changed = this.voting.compareAndSet(true, false);
		boolean quorumLost = false;
		if (changed) {
			this.changedAt = this.time.nanoTime();
			quorumLost = this.votingNodes.lost();
			this.events.nodeDown(this.node, failure.error());
		}
		say(failure, changed);
		if (quorumLost) {
			logger.error("{}. Nothing can be locked or extended until more nodes vote.", this.votingNodes);
			this.events.quorumLost(this.votingNodes.count(), this.votingNodes.quorum());
		}
		probeLater();
	}

	private void say(Vote.Failed failure, boolean changed) {
		String reason = switch (failure.reason()) {
			case UNREACHABLE, TIMEOUT -> "it does not answer (" + failure.error() + ")";
			default -> String.valueOf(failure.error().getMessage());
		};
		boolean first;
		synchronized (this.said) {
			first = this.said.size() < MAX_REASONS && this.said.add(reason);
		}
		Throwable cause = failure.error().getCause();
		String details = (cause != null) ? " (" + cause.getMessage() + ")" : "";
		if (first) {
			logger.warn("Redis node {} does not vote: {}{}. {}.", this.node, reason, details, this.votingNodes);
		}
		else if (changed) {
			logger.debug("Redis node {} does not vote: {}{}. {}.", this.node, reason, details, this.votingNodes);
		}
	}

	/**
	 * A probe has ended; where it has failed, {@link #failed} was told before.
	 */
	void probed(Vote vote) {
		this.probing.set(false);
		if (!(vote instanceof Vote.Failed)) {
			this.silences.set(0);
			this.unknownErrors.set(0);
			voteAgain();
		}
		if (!this.voting.get()) {
			probeLater();
		}
	}

	private void voteAgain() {
		if (this.voting.compareAndSet(false, true)) {
			this.changedAt = this.time.nanoTime();
			boolean quorumRegained = this.votingNodes.gained();
			this.events.nodeUp(this.node);
			logger.info("Redis node {} votes again. {}.", this.node, this.votingNodes);
			if (quorumRegained) {
				logger.info("{}. Locks can be acquired again.", this.votingNodes);
				this.events.quorumRegained(this.votingNodes.count(), this.votingNodes.quorum());
			}
		}
	}

	private void probeNow() {
		if (!this.closed && this.probing.compareAndSet(false, true)) {
			schedule(0);
		}
	}

	private void probeLater() {
		if (!this.closed && this.probing.compareAndSet(false, true)) {
			long delay = this.backoffNanos;
			Vote.Failed last = this.lastFailure;
			this.backoffNanos = Math.min(Math.max(delay * 2, FIRST_BACKOFF_NANOS),
					(last == null || last.isUnanswered()) ? MAX_BACKOFF_NANOS : MAX_BACKOFF_IF_ANSWERING_NANOS);
			schedule(delay);
		}
	}

	/**
	 * Should this fail, the next request tries again.
	 */
	private void schedule(long delayNanos) {
		boolean scheduled = false;
		try {
			this.time.schedule(delayNanos, this.probe);
			scheduled = true;
		}
		finally {
			if (!scheduled) {
				this.probing.set(false);
			}
		}
	}

	/**
	 * Probe no more.
	 */
	void close() {
		this.closed = true;
	}

}
