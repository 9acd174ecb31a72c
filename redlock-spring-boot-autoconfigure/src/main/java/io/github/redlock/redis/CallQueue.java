package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for the thread that sends them. The end interrupts that thread only
 * while it waits here: a driver that is interrupted may forget what it has not sent yet.
 * <p>
 * Thread-safe.
 */
final class CallQueue {

	private final BlockingQueue<ScriptCall> calls = new LinkedBlockingQueue<>();

	@GuardedBy("calls")
	private @Nullable Thread waiting;

	private volatile boolean closed;

	boolean isClosed() {
		return this.closed;
	}

	/**
	 * Add a request.
	 * @return {@code false} if the queue is closed and nobody will take the request
	 */
	boolean add(ScriptCall call) {
		if (this.closed) {
			return false;
		}
		this.calls.add(call);
		// Only this one: the last requests of others may be on their way out.
		return !(this.closed && this.calls.remove(call));
	}

	/**
	 * Wait for a request.
	 * @return {@code null} if none came, or the queue is closed
	 * @throws InterruptedException if the queue was closed meanwhile
	 */
	@Nullable ScriptCall next(Duration patience) throws InterruptedException {
		synchronized (this.calls) {
			if (this.closed) {
				return null;
			}
			this.waiting = Thread.currentThread();
		}
		try {
			return this.calls.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
		}
		finally {
			synchronized (this.calls) {
				this.waiting = null;
				// An interrupt that came too late would meet what is sent next.
				Thread.interrupted();
			}
		}
	}

	/**
	 * Take what is there, without waiting.
	 * @param most how many requests at most
	 */
	void drainTo(List<ScriptCall> batch, int most) {
		this.calls.drainTo(batch, most);
	}

	/**
	 * Take everything that is there, without waiting.
	 */
	List<ScriptCall> drain() {
		List<ScriptCall> batch = new ArrayList<>();
		this.calls.drainTo(batch);
		return batch;
	}

	/**
	 * Take no more requests, and wake the thread that waits for one.
	 */
	void close() {
		synchronized (this.calls) {
			this.closed = true;
			if (this.waiting != null) {
				this.waiting.interrupt();
			}
		}
	}

}
