package io.github.redlock.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * One round of extensions for many locks at once: the usual case, in which all is well. A
 * lock that no quorum extends here gets an {@link Extension} of its own, which tries
 * again, or finds the lock lost.
 * <p>
 * No lock is held up by the others: a lock that is released between {@link #send} taking
 * it in and handing the request to the nodes sends its release right after, so that no
 * node sees an extension behind the release.
 */
final class ExtensionBatch {

	private final NodeGroup nodes;

	private final long ttlNanos;

	private final long patienceNanos;

	private final List<DefaultLockHandle> locks = new ArrayList<>();

	private final List<LockRequest> requests = new ArrayList<>();

	private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();

	/** By node, {@code null} where there is no answer yet. */
	private final List<@Nullable List<Vote>> votes;

	private @Nullable Cancellable watchdog;

	private long start;

	private int answers;

	private boolean sent;

	private boolean decided;

	/**
	 * An empty batch.
	 * @param ttlNanos the ttl of its locks
	 * @param patienceNanos how long it lasts at most until every node has answered or
	 * failed
	 */
	ExtensionBatch(NodeGroup nodes, long ttlNanos, long patienceNanos) {
		this.nodes = nodes;
		this.ttlNanos = ttlNanos;
		this.patienceNanos = patienceNanos;
		this.votes = new ArrayList<>(Collections.nCopies(nodes.guards().size(), null));
	}

	/**
	 * Completes when the locks have been extended, or have begun to be extended one by
	 * one.
	 */
	CompletableFuture<@Nullable Void> over() {
		return this.over;
	}

	/**
	 * Extend the locks that are due. Those that cannot take part see to themselves.
	 */
	void send(List<DefaultLockHandle> due) {
		// Should anything go wrong, nobody is left without a timer.
		this.watchdog = this.nodes.time().schedule(this.patienceNanos, this::giveUp);
		List<DefaultLockHandle> alone = new ArrayList<>();
		for (DefaultLockHandle lock : due) {
			LockRequest request = lock.join(this, this.ttlNanos, this.patienceNanos);
			if (request != null) {
				this.locks.add(lock);
				this.requests.add(request);
			}
			else {
				alone.add(lock);
			}
		}
		if (this.locks.isEmpty()) {
			end();
		}
		else {
			handOver();
		}
		alone.forEach(DefaultLockHandle::timerFired);
	}

	private void handOver() {
		this.start = this.nodes.time().nanoTime();
		List<LockRequest> all = List.copyOf(this.requests);
		List<NodeGuard> guards = this.nodes.guards();
		try {
			for (int i = 0; i < guards.size(); i++) {
				int index = i;
				guards.get(i).extendAll(all, (answer) -> voted(index, answer));
			}
		}
		finally {
			this.locks.forEach(DefaultLockHandle::batchSent);
		}
		synchronized (this) {
			this.sent = true;
		}
		decide();
	}

	/**
	 * The time is over within which every node answers or fails: an error must have ended
	 * the counting. The locks go on one by one.
	 */
	private void giveUp() {
		for (DefaultLockHandle lock : this.locks) {
			lock.batchSent();
			lock.batchOver(this, null, this.start);
		}
		end();
	}

	private void end() {
		if (this.watchdog != null) {
			this.watchdog.cancel();
		}
		this.over.complete(null);
	}

	private void voted(int index, List<Vote> answer) {
		boolean late;
		synchronized (this) {
			if (this.votes.get(index) == null) {
				this.votes.set(index, answer);
				this.answers++;
			}
			late = this.decided;
		}
		if (late) {
			heal(index, answer);
		}
		else {
			decide();
		}
	}

	private void decide() {
		List<@Nullable List<Vote>> counted;
		synchronized (this) {
			if (!this.sent || this.decided || !(this.answers == this.votes.size() || isGrantedToAll())) {
				return;
			}
			this.decided = true;
			counted = new ArrayList<>(this.votes);
		}
		for (int i = 0; i < this.locks.size(); i++) {
			int granted = 0;
			for (List<Vote> answer : counted) {
				granted += (answer != null && answer.get(i) instanceof Vote.Granted) ? 1 : 0;
			}
			this.locks.get(i)
				.batchOver(this, this.nodes.quorum().isReachedBy(granted) ? this.requests.get(i) : null, this.start);
		}
		for (int node = 0; node < counted.size(); node++) {
			List<Vote> answer = counted.get(node);
			if (answer != null) {
				heal(node, answer);
			}
		}
		end();
	}

	/**
	 * Whether a quorum has extended every lock.
	 */
	private boolean isGrantedToAll() {
		int granted = 0;
		for (List<Vote> answer : this.votes) {
			granted += (answer != null && answer.stream().allMatch(Vote.Granted.class::isInstance)) ? 1 : 0;
		}
		return this.nodes.quorum().isReachedBy(granted);
	}

	private void heal(int node, List<Vote> answer) {
		for (int i = 0; i < answer.size(); i++) {
			if (answer.get(i) instanceof Vote.Missing) {
				this.locks.get(i).heal(node, this.requests.get(i), this.start);
			}
		}
	}

}
