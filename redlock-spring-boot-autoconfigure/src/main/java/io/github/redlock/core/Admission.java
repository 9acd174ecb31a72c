package io.github.redlock.core;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps attempts to lock from flooding the nodes. Where {@value #MAX_UNANSWERED} requests
 * of this client wait for an answer of one node, further attempts wait here, first come,
 * first served. So what holders ask for, extensions and releases, which nobody holds up,
 * finds a short queue at each node, whatever the number of callers.
 * <p>
 * It counts the requests that are unanswered, not the attempts that are under way: each
 * of these requests ends, by its answer or its timeout, however its attempt ends.
 * <p>
 * Thread-safe.
 */
final class Admission {

	/** A node answers so many within some ten milliseconds. */
	static final int MAX_UNANSWERED = 1000;

	static final long LOOK_NANOS = Duration.ofMillis(1).toNanos();

	private final NodeGroup nodes;

	private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

	/** The timer is set, or will be by the thread that has set this. */
	private final AtomicBoolean looking = new AtomicBoolean();

	Admission(NodeGroup nodes) {
		this.nodes = nodes;
	}

	/**
	 * Whether an attempt may be sent now.
	 */
	boolean isOpen() {
		return this.waiting.isEmpty() && room() > 0;
	}

	/**
	 * Have an attempt sent as soon as there is room for it.
	 */
	void add(Runnable attempt) {
		this.waiting.add(attempt);
		lookSoon();
	}

	/** How many attempts may be sent. */
	private int room() {
		int most = 0;
		for (NodeGuard guard : this.nodes.guards()) {
			most = Math.max(most, guard.unanswered());
		}
		return MAX_UNANSWERED - most;
	}

	private void lookSoon() {
		if (this.looking.compareAndSet(false, true)) {
			boolean set = false;
			try {
				this.nodes.time().scheduleForWaiter(LOOK_NANOS, this::look);
				set = true;
			}
			finally {
				if (!set) {
					this.looking.set(false);
				}
			}
		}
	}

	/**
	 * Send as many as there is room for. An attempt that throws has told its caller.
	 */
	private void look() {
		try {
			for (int room = room(); room > 0; room--) {
				Runnable next = this.waiting.poll();
				if (next == null) {
					break;
				}
				next.run();
			}
		}
		finally {
			this.looking.set(false);
			if (!this.waiting.isEmpty()) {
				lookSoon();
			}
		}
	}

}
