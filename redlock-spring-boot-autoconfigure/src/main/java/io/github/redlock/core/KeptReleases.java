package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.Vote;

/**
 * What one node may hold of ours, and the releases that it did not confirm. A release is
 * kept only if an acquisition or a healing of its value was ever sent to the node. It is
 * sent again until the node confirms it or the keys have expired anyway: once in any case
 * where the node may have been standing still with a request that set them.
 * <p>
 * Releases are sent again a few at a time, so that a node that comes back is not flooded.
 * No more than {@value #MAX_KEPT} are kept; the oldest are dropped first, and that is
 * said.
 * <p>
 * Thread-safe. Sends outside its monitor.
 */
final class KeptReleases {

	static final int MAX_KEPT = 10_000;

	/** How many are on their way at once. */
	static final int MAX_IN_FLIGHT = 100;

	private static final Logger logger = LoggerFactory.getLogger(KeptReleases.class);

	private final String node;

	private final TimeSource time;

	private final Sender sender;

	/** Whether the node is asked at all. */
	private final BooleanSupplier voting;

	/** By value. */
	private final Map<String, Debt> debts = new ConcurrentHashMap<>();

	/** Those to be sent again, the oldest first. Guarded by itself. */
	private final Map<String, Debt> kept = new LinkedHashMap<>();

	/** A timer is set to send again. */
	private final AtomicBoolean resending = new AtomicBoolean();

	/** Some are on their way. */
	private final AtomicBoolean inFlight = new AtomicBoolean();

	/** Before releases that failed on a node that votes are sent again. */
	private volatile long pauseNanos;

	/** Guarded by {@link #kept}. */
	private long dropped;

	private volatile boolean closed;

	KeptReleases(String node, TimeSource time, Sender sender, BooleanSupplier voting) {
		this.node = node;
		this.time = time;
		this.sender = sender;
		this.voting = voting;
	}

	/**
	 * A request is about to be sent that may leave keys on the node.
	 */
	void owe(LockRequest request) {
		this.debts.putIfAbsent(request.value(), new Debt(request));
	}

	/**
	 * The node has not answered such a request, and may stand still with it.
	 */
	void unanswered(String value) {
		Debt debt = this.debts.get(value);
		if (debt != null) {
			debt.setUnanswered();
		}
	}

	/**
	 * The node is about to be asked to keep the keys for this long.
	 */
	void prolong(LockRequest request) {
		Debt debt = this.debts.get(request.value());
		if (debt != null) {
			debt.prolong(request.ttl());
		}
	}

	/**
	 * The node has confirmed that it holds nothing under this value.
	 */
	void confirmed(String value) {
		Debt debt = this.debts.remove(value);
		if (debt != null && debt.isReleased()) {
			this.pauseNanos = 0;
			synchronized (this.kept) {
				this.kept.remove(value);
			}
		}
	}

	/**
	 * A release was not confirmed, or could not be sent.
	 * @param sentAt when it was sent, or would have been
	 */
	void keep(LockCommand command, LockRequest request, long sentAt) {
		Debt debt = this.debts.get(request.value());
		if (debt == null) {
			return;
		}
		if (command == LockCommand.RELEASE_LATER) {
			debt.holdUntil(sentAt, request.ttl());
		}
		debt.keep(this.time.nanoTime());
		synchronized (this.kept) {
			this.kept.put(request.value(), debt);
			if (this.kept.size() > MAX_KEPT) {
				dropOldest();
			}
		}
		if (this.voting.getAsBoolean()) {
			resendLater();
		}
	}

	private void dropOldest() {
		Iterator<String> oldest = this.kept.keySet().iterator();
		this.debts.remove(oldest.next());
		oldest.remove();
		this.dropped++;
		if (this.dropped == 1) {
			logger.warn("Node {} has not confirmed more than {} releases. The oldest are sent no more;"
					+ " their keys expire by themselves", this.node, MAX_KEPT);
		}
	}

	/**
	 * Forget what has expired anyway.
	 */
	void dropExpired() {
		long now = this.time.nanoTime();
		synchronized (this.kept) {
			this.kept.values().removeIf((debt) -> {
				boolean expired = debt.isExpired(now);
				if (expired) {
					this.debts.remove(debt.request.value());
				}
				return expired;
			});
		}
	}

	/**
	 * The node votes again, and may not have confirmed what was sent before it did.
	 */
	void goOn() {
		if (isAnyKept()) {
			resendLater();
		}
	}

	private void resendLater() {
		if (!this.closed && this.resending.compareAndSet(false, true)) {
			long delay = this.pauseNanos;
			this.pauseNanos = Math.min(Math.max(delay * 2, NodeHealth.FIRST_BACKOFF_NANOS),
					NodeHealth.MAX_BACKOFF_NANOS);
			boolean scheduled = false;
			try {
				this.time.schedule(delay, this::resendFromTimer);
				scheduled = true;
			}
			finally {
				if (!scheduled) {
					this.resending.set(false);
				}
			}
		}
	}

	private void resendFromTimer() {
		this.resending.set(false);
		if (this.voting.getAsBoolean()) {
			resend();
		}
	}

	/**
	 * Send again what is kept, unless some of it is on its way: the node answers, as far
	 * as is known.
	 */
	void resend() {
		if (!this.inFlight.compareAndSet(false, true)) {
			return;
		}
		dropExpired();
		List<Debt> next = new ArrayList<>();
		synchronized (this.kept) {
			Iterator<Debt> oldest = this.kept.values().iterator();
			while (oldest.hasNext() && next.size() < MAX_IN_FLIGHT) {
				next.add(oldest.next());
				oldest.remove();
			}
			if (next.isEmpty() && this.dropped > 0) {
				logger.info("Node {} has confirmed what was kept; {} releases were dropped", this.node, this.dropped);
				this.dropped = 0;
			}
		}
		if (next.isEmpty()) {
			this.inFlight.set(false);
			return;
		}
		long now = this.time.nanoTime();
		Batch batch = new Batch(next.size());
		boolean sent = false;
		try {
			for (Debt debt : next) {
				debt.sendAgain(now, this.sender, batch);
			}
			sent = true;
		}
		finally {
			if (!sent) {
				// Something threw: keep them all, since a second release is harmless.
				synchronized (this.kept) {
					next.forEach((debt) -> this.kept.putIfAbsent(debt.request.value(), debt));
				}
				this.inFlight.set(false);
			}
		}
	}

	private boolean isAnyKept() {
		synchronized (this.kept) {
			return !this.kept.isEmpty();
		}
	}

	/**
	 * Send nothing any more.
	 */
	void close() {
		this.closed = true;
	}

	/**
	 * Sends a release.
	 */
	@FunctionalInterface
	interface Sender {

		/**
		 * Send it; where it fails, {@link KeptReleases#keep} is called before the end.
		 */
		void send(LockCommand command, LockRequest request, Consumer<Vote> onEnd);

	}

	/**
	 * Releases on their way together. The next ones follow when the node has confirmed
	 * all of them; otherwise they follow after a pause, or the next probe.
	 */
	private final class Batch implements Consumer<Vote> {

		private final AtomicInteger left;

		private volatile boolean failed;

		private Batch(int size) {
			this.left = new AtomicInteger(size);
		}

		@Override
		public void accept(Vote vote) {
			if (vote instanceof Vote.Failed) {
				this.failed = true;
			}
			if (this.left.decrementAndGet() == 0) {
				KeptReleases.this.inFlight.set(false);
				if (!this.failed && isAnyKept()) {
					resend();
				}
			}
		}

	}

	/**
	 * A value that the node may hold, and its release.
	 */
	private static final class Debt {

		private final LockRequest request;

		private boolean unanswered;

		private boolean released;

		private boolean sentAgain;

		private long expiry;

		private Duration longestTtl;

		private @Nullable Long heldUntil;

		private Debt(LockRequest request) {
			this.request = request;
			this.longestTtl = request.ttl();
		}

		private synchronized void setUnanswered() {
			this.unanswered = true;
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
		 * Keep its release until the keys are gone anyway. That counts from the first
		 * time: nothing extends them after the release.
		 */
		private synchronized void keep(long now) {
			if (!this.released) {
				this.released = true;
				this.expiry = now + this.longestTtl.toNanos();
			}
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
		 * Send the release, for what is left of that time in whole milliseconds.
		 */
		private void sendAgain(long now, Sender sender, Consumer<Vote> onEnd) {
			Duration rest;
			synchronized (this) {
				this.sentAgain = true;
				long left = (this.heldUntil != null) ? this.heldUntil - now : 0;
				rest = Duration.ofMillis(Duration.ofNanos(Math.max(left, 0)).toMillis());
			}
			if (rest.isZero()) {
				sender.send(LockCommand.RELEASE, this.request, onEnd);
			}
			else {
				sender.send(LockCommand.RELEASE_LATER, this.request.withTtl(rest), onEnd);
			}
		}

		private synchronized boolean isReleased() {
			return this.released;
		}

		private synchronized boolean isExpired(long now) {
			return (this.sentAgain || !this.unanswered) && now - this.expiry >= 0;
		}

	}

}
