package io.github.redlock.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import com.google.errorprone.annotations.concurrent.GuardedBy;
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
 * <p>
 * Thread-safe. Calls its locks outside of its monitor.
 */
final class ExtensionBatch {

	private final NodeGroup nodes;

	private final long ttlNanos;

	private final long limitNanos;

	private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();

	@GuardedBy("this")
	private final List<Extended> locks = new ArrayList<>();

	/** By node, {@code null} where there is no answer yet. */
	@GuardedBy("this")
	private final List<@Nullable List<Vote>> votes;

	@GuardedBy("this")
	private @Nullable Cancellable watchdog;

	@GuardedBy("this")
	private long start;

	@GuardedBy("this")
	private int answers;

	@GuardedBy("this")
	private boolean sent;

	@GuardedBy("this")
	private boolean decided;

	/**
	 * An empty batch.
	 * @param ttlNanos the ttl of its locks
	 * @param limitNanos how long it lasts at most until every node has answered or failed
	 */
	ExtensionBatch(NodeGroup nodes, long ttlNanos, long limitNanos) {
		this.nodes = nodes;
		this.ttlNanos = ttlNanos;
		this.limitNanos = limitNanos;
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
	 * Extend the locks that are due. Those that cannot take part are extended alone.
	 */
	void send(List<Member> due) {
		// Should anything go wrong, no lock is left without a timer.
		Cancellable watchdog = this.nodes.time().schedule(this.limitNanos, this::giveUp);
		synchronized (this) {
			this.watchdog = watchdog;
		}
		List<Member> alone = new ArrayList<>();
		for (Member lock : due) {
			LockRequest request = lock.join(this, this.ttlNanos, this.limitNanos);
			if (request != null) {
				add(new Extended(lock, request));
			}
			else {
				alone.add(lock);
			}
		}
		List<Extended> joined = locks();
		if (joined.isEmpty()) {
			end();
		}
		else {
			handOver(joined);
		}
		alone.forEach(Member::timerFired);
	}

	private synchronized void add(Extended lock) {
		this.locks.add(lock);
	}

	private synchronized List<Extended> locks() {
		return List.copyOf(this.locks);
	}

	private synchronized long start() {
		return this.start;
	}

	private void handOver(List<Extended> joined) {
		long start = this.nodes.time().nanoTime();
		synchronized (this) {
			this.start = start;
		}
		List<LockRequest> requests = joined.stream().map(Extended::request).toList();
		List<NodeGuard> guards = this.nodes.guards();
		try {
			for (int i = 0; i < guards.size(); i++) {
				int index = i;
				guards.get(i).extendAll(requests, (answer) -> voted(index, answer));
			}
		}
		finally {
			joined.forEach((one) -> one.lock.batchSent());
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
		long start = start();
		for (Extended one : locks()) {
			one.lock.batchSent();
			one.lock.batchOver(this, null, start);
		}
		end();
	}

	private void end() {
		Cancellable watchdog;
		synchronized (this) {
			watchdog = this.watchdog;
		}
		if (watchdog != null) {
			watchdog.cancel();
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
		List<Extended> locks = locks();
		long start = start();
		for (int i = 0; i < locks.size(); i++) {
			int granted = 0;
			for (List<Vote> answer : counted) {
				granted += (answer != null && answer.get(i) instanceof Vote.Granted) ? 1 : 0;
			}
			boolean won = this.nodes.quorum().isReachedBy(granted);
			locks.get(i).lock.batchOver(this, won ? locks.get(i).request : null, start);
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
	@GuardedBy("this")
	private boolean isGrantedToAll() {
		int granted = 0;
		for (List<Vote> answer : this.votes) {
			granted += (answer != null && answer.stream().allMatch(Vote.Granted.class::isInstance)) ? 1 : 0;
		}
		return this.nodes.quorum().isReachedBy(granted);
	}

	private void heal(int node, List<Vote> answer) {
		if (answer.stream().noneMatch(Vote.Missing.class::isInstance)) {
			return;
		}
		List<Extended> locks = locks();
		for (int i = 0; i < answer.size(); i++) {
			if (answer.get(i) instanceof Vote.Missing) {
				locks.get(i).lock.heal(node, locks.get(i).request, start());
			}
		}
	}

	/**
	 * A lock of this batch.
	 *
	 * @param request what is asked for it
	 */
	private record Extended(Member lock, LockRequest request) {
	}

	/**
	 * A lock that is extended when its time comes, alone or together with others.
	 */
	interface Member {

		/**
		 * What the nodes were last asked to keep.
		 */
		LockRequest request();

		/**
		 * It is time to extend this lock alone, or the lock is over.
		 */
		void timerFired();

		/**
		 * It is time to extend this lock together with others.
		 * @param ttlNanos the ttl of all locks of the batch; that of this lock may have
		 * been changed since it was due
		 * @param limitNanos how long the batch lasts at most; the deadline is watched
		 * meanwhile only where it is nearer
		 * @return what to ask for, {@code null} if this lock has no part in it
		 */
		@Nullable LockRequest join(ExtensionBatch batch, long ttlNanos, long limitNanos);

		/**
		 * The request of the batch was handed to all nodes.
		 */
		void batchSent();

		/**
		 * The batch is over.
		 * @param granted what a quorum granted, {@code null} if none did
		 * @param start when the round began
		 */
		void batchOver(ExtensionBatch batch, @Nullable LockRequest granted, long start);

		/**
		 * A node has lost the keys of this lock. Has an effect only after a quorum has
		 * confirmed the lock in the very round that showed this.
		 */
		void heal(int node, LockRequest request, long start);

	}

}
