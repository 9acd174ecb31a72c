package io.github.redlock.core;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.TimeSource;

/**
 * Runs what may block, on as few threads as that takes.
 * <p>
 * A thread for each task at once would be simpler, but a thousand locks in flight are a
 * thousand threads then, whenever answers arrive together, and those take the processor
 * from the one that reads the next answers. So there are two threads for each processor,
 * and more only where that is not enough: where tasks wait and for a millisecond none was
 * begun, because all threads are blocked, or where some wait for a tenth of a second
 * without end. Each time their number is doubled, as far as there are tasks for them. A
 * thread that has nothing to do for ten seconds ends.
 * <p>
 * Thread-safe.
 */
final class CallbackExecutor implements Executor {

	static final long LOOK_NANOS = Duration.ofMillis(1).toNanos();

	/** Looks that found tasks waiting, one after the other. */
	private static final int MAX_LOOKS = 100;

	private static final int IDLE_SECONDS = 10;

	private static final Logger logger = LoggerFactory.getLogger(CallbackExecutor.class);

	private final TimeSource time;

	private final int fewest = 2 * Runtime.getRuntime().availableProcessors();

	private final AtomicInteger begun = new AtomicInteger();

	private final AtomicBoolean looking = new AtomicBoolean();

	private final ThreadPoolExecutor pool = new ThreadPoolExecutor(this.fewest, Integer.MAX_VALUE, IDLE_SECONDS,
			TimeUnit.SECONDS, new LinkedTransferQueue<>(), DaemonThreads.numbered("redlock-callback-")) {

		@Override
		protected void beforeExecute(Thread thread, Runnable task) {
			CallbackExecutor.this.begun.incrementAndGet();
		}

	};

	CallbackExecutor(TimeSource time) {
		this.time = time;
		this.pool.allowCoreThreadTimeOut(true);
	}

	@Override
	public void execute(Runnable task) {
		this.pool.execute(task);
		if (!this.pool.getQueue().isEmpty()) {
			lookSoon();
		}
	}

	private void lookSoon() {
		if (this.looking.compareAndSet(false, true)) {
			lookLater(1, LOOK_NANOS);
		}
	}

	private void lookLater(int number, long nanos) {
		int begun = this.begun.get();
		this.time.schedule(nanos, () -> look(number, begun));
	}

	/**
	 * Look whether more threads are needed.
	 * @param number which look this is that finds tasks waiting, or none
	 * @param before how many tasks had begun at the last one
	 */
	private void look(int number, int before) {
		if (this.pool.getQueue().isEmpty()) {
			if (this.pool.getCorePoolSize() != this.fewest) {
				this.pool.setCorePoolSize(this.fewest);
			}
			this.looking.set(false);
			if (!this.pool.getQueue().isEmpty()) {
				lookSoon();
			}
			return;
		}
		if (this.begun.get() != before && number < MAX_LOOKS) {
			lookLater(number + 1, LOOK_NANOS);
		}
		else {
			lookLater(1, grow() ? LOOK_NANOS : MAX_LOOKS * LOOK_NANOS);
		}
	}

	private boolean grow() {
		try {
			this.pool.setCorePoolSize(Math.max(2 * this.pool.getPoolSize(), this.fewest));
			boolean started = true;
			while (started && !this.pool.getQueue().isEmpty()) {
				started = this.pool.prestartCoreThread();
			}
			return true;
		}
		catch (RuntimeException | Error ex) {
			logger.warn("There are no more threads for callbacks; they wait for those that there are", ex);
			return false;
		}
	}

	/**
	 * Refuse what comes from now on. What waits gets a thread each, because nobody looks
	 * any more whether the others are blocked. Threads end when they have nothing left to
	 * do.
	 */
	void shutdown() {
		this.pool.shutdown();
		this.pool.setCorePoolSize(this.pool.getPoolSize() + this.pool.getQueue().size());
	}

}
