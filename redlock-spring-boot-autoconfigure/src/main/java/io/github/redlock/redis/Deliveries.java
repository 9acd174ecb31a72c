package io.github.redlock.redis;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

/**
 * Counts requests that were handed over and that were delivered, which happens in the
 * same order, and tells when all that had been handed over by a moment are delivered.
 * Thread-safe.
 */
final class Deliveries {

	@GuardedBy("this")
	private long handedOver;

	@GuardedBy("this")
	private long delivered;

	@GuardedBy("this")
	private boolean ended;

	@GuardedBy("this")
	private final Queue<Waiting> waiting = new ArrayDeque<>();

	/**
	 * A request is about to be handed over.
	 */
	synchronized void handOver() {
		this.handedOver++;
	}

	/**
	 * Requests were delivered, or have failed, and whoever waits for them was told.
	 */
	void delivered(int count) {
		synchronized (this) {
			this.delivered += count;
		}
		tell();
	}

	/**
	 * Nothing will be delivered any more.
	 */
	void end() {
		synchronized (this) {
			this.ended = true;
		}
		tell();
	}

	/**
	 * Wait for what was handed over by now.
	 * @return completes when all of it is delivered
	 */
	CompletionStage<Void> soFar() {
		Waiting last;
		synchronized (this) {
			last = new Waiting(this.handedOver, new CompletableFuture<>());
			this.waiting.add(last);
		}
		tell();
		return last.stage();
	}

	private void tell() {
		for (Waiting next = nextDone(); next != null; next = nextDone()) {
			next.stage().complete(null);
		}
	}

	private synchronized @Nullable Waiting nextDone() {
		Waiting first = this.waiting.peek();
		return (first != null && (this.ended || this.delivered >= first.count())) ? this.waiting.poll() : null;
	}

	private record Waiting(long count, CompletableFuture<Void> stage) {
	}

}
