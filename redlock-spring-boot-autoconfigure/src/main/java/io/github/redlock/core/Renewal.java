package io.github.redlock.core;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource.Cancellable;

/**
 * When one lock is extended, and when its time is over: one timer, and at most one
 * extension at a time, which is one of its own or part of a batch.
 */
final class Renewal implements ExtensionBatch.Member {

	private final ExtendableLock lock;

	private final NodeGroup nodes;

	private final KeepAlive keepAlive;

	private final LockSettings settings;

	/** When the last round began that a quorum granted. */
	@GuardedBy("lock")
	private long confirmedAt;

	@GuardedBy("lock")
	private long extendAt;

	@GuardedBy("lock")
	private @Nullable Cancellable timer;

	@GuardedBy("lock")
	private @Nullable Extension extension;

	@GuardedBy("lock")
	private @Nullable ExtensionBatch batch;

	/** The batch has taken this lock in, and has not handed its request over. */
	@GuardedBy("lock")
	private boolean batchUnsent;

	/** The release that waits for that. */
	@GuardedBy("lock")
	private @Nullable Runnable afterBatch;

	/**
	 * Watch nothing yet.
	 * @param confirmedAt when the round began that won the lock
	 * @param ttl the ttl of the lock
	 * @param deadline when it stops being valid
	 */
	Renewal(ExtendableLock lock, NodeGroup nodes, KeepAlive keepAlive, LockSettings settings, long confirmedAt,
			Duration ttl, long deadline) {
		this.lock = lock;
		this.nodes = nodes;
		this.keepAlive = keepAlive;
		this.settings = settings;
		this.confirmedAt = confirmedAt;
		this.extendAt = keepAlive.extendAt(confirmedAt, ttl, deadline);
	}

	/**
	 * Watch the deadline, and extend if that was asked for.
	 */
	void start() {
		synchronized (this.lock) {
			if (this.lock.isHeld()) {
				arm();
			}
		}
	}

	/**
	 * Set the one timer of the lock to what happens next.
	 */
	@GuardedBy("lock")
	private void arm() {
		if (this.timer != null) {
			this.timer.cancel();
		}
		this.timer = extendsNext() ? this.keepAlive.schedule(this, this.extendAt, this.extendAt - this.confirmedAt)
				: this.nodes.time().schedule(this.lock.remainingNanos(), this::timerFired);
	}

	@GuardedBy("lock")
	private boolean extendsNext() {
		return this.settings.autoExtend() && this.extension == null && this.batch == null && !this.lock.endsByMaxHold();
	}

	@Override
	public void timerFired() {
		synchronized (this.lock) {
			if (!this.lock.isHeld() || this.lock.endIfExpired()) {
				return;
			}
			if (extendsNext() && this.nodes.time().nanoTime() - this.extendAt >= 0) {
				begin(this.lock.request().ttl());
			}
			else {
				arm();
			}
		}
	}

	/**
	 * The extension that is under way, which the next one has to wait for.
	 * @return {@code null} if there is none
	 */
	@Nullable CompletableFuture<?> underWay() {
		synchronized (this.lock) {
			if (this.extension != null) {
				return this.extension.outcome();
			}
			return (this.batch != null) ? this.batch.over() : null;
		}
	}

	/**
	 * What the nodes said to the extension that is under way, for the message of a loss.
	 * @return {@code null} if none is under way
	 */
	@Nullable VotingRound lastRound() {
		synchronized (this.lock) {
			return (this.extension != null) ? this.extension.lastRound() : null;
		}
	}

	/**
	 * Begin an extension; none may be under way.
	 * @return whether the lock was extended
	 */
	CompletableFuture<Boolean> extend(Duration ttl) {
		synchronized (this.lock) {
			return begin(ttl).outcome();
		}
	}

	@GuardedBy("lock")
	private Extension begin(Duration ttl) {
		Extension next = new Extension(this.lock, this.nodes, this.lock.request().withTtl(ttl), this.settings);
		this.extension = next;
		next.attempt();
		if (this.lock.isHeld()) {
			arm();
		}
		return next;
	}

	/**
	 * A quorum has extended the lock.
	 */
	void extended(long start, Duration ttl, long deadline) {
		synchronized (this.lock) {
			this.confirmedAt = start;
			this.extendAt = this.keepAlive.extendAt(start, ttl, deadline);
		}
	}

	/**
	 * The extension is over, however it ended.
	 */
	void extensionEnded() {
		synchronized (this.lock) {
			this.extension = null;
			if (this.lock.isHeld()) {
				arm();
			}
		}
	}

	@Override
	public LockRequest request() {
		return this.lock.request();
	}

	@Override
	public @Nullable LockRequest join(ExtensionBatch batch, long ttlNanos, long limitNanos) {
		synchronized (this.lock) {
			LockRequest request = this.lock.request();
			if (!this.lock.isHeld() || this.lock.remainingNanos() <= 0 || !extendsNext()
					|| request.resources().size() > 1 || request.ttl().toNanos() != ttlNanos) {
				return null;
			}
			this.batch = batch;
			this.batchUnsent = true;
			if (this.lock.remainingNanos() < limitNanos) {
				arm();
			}
			return request;
		}
	}

	@Override
	public void batchSent() {
		synchronized (this.lock) {
			this.batchUnsent = false;
			Runnable release = this.afterBatch;
			if (release != null) {
				this.afterBatch = null;
				release.run();
			}
		}
	}

	@Override
	public void batchOver(ExtensionBatch batch, @Nullable LockRequest granted, long start) {
		synchronized (this.lock) {
			if (!batch.equals(this.batch)) {
				return;
			}
			this.batch = null;
			if (!this.lock.isHeld() || this.lock.endIfExpired()) {
				return;
			}
			if (granted == null) {
				begin(this.lock.request().ttl());
			}
			else if (this.lock.extended(start, granted)) {
				arm();
			}
		}
	}

	@Override
	public void heal(int node, LockRequest request, long start) {
		synchronized (this.lock) {
			if (this.lock.isHeld() && this.confirmedAt - start >= 0) {
				this.nodes.heal(node, request);
			}
		}
	}

	/**
	 * When the last round began that a quorum granted.
	 */
	long confirmedAt() {
		synchronized (this.lock) {
			return this.confirmedAt;
		}
	}

	/**
	 * Send a release now, or right after the request of a batch that is on its way to the
	 * nodes.
	 */
	void afterBatch(Runnable release) {
		synchronized (this.lock) {
			if (this.batchUnsent) {
				this.afterBatch = release;
			}
			else {
				release.run();
			}
		}
	}

	/**
	 * The lock is not held any more.
	 */
	void cancel() {
		synchronized (this.lock) {
			if (this.timer != null) {
				this.timer.cancel();
			}
			if (this.extension != null) {
				this.extension.cancel();
			}
		}
	}

}
