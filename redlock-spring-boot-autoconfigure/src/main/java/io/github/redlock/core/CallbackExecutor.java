package io.github.redlock.core;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.TimeSource;

/**
 * Runs what may block, on as few threads as that takes, and refuses nothing: somebody
 * waits for what a task completes.
 * <p>
 * A thread for each task at once would be simpler, but a thousand locks in flight are a
 * thousand threads then, whenever answers arrive together, and those take the processor
 * from the one that reads the next answers. So there are two threads for each processor,
 * and more only where that is not enough: where tasks wait and for a millisecond none was
 * begun, because all threads are blocked, or where some wait for a tenth of a second
 * without end. Each time their number is doubled, as far as there are tasks for them. A
 * thread that has nothing to do for ten seconds ends.
 * <p>
 * The queue is no {@code LinkedTransferQueue}: on Java 17 a thread that waits at one with
 * a timeout may spin for ever instead (JDK-8301341).
 * <p>
 * A task is queued before a thread is looked for. Where no thread can be made, the task
 * stays in the queue, and the timer tries again to make one; neither the timer nor the
 * calling thread ever runs a task.
 * <p>
 * Thread-safe.
 */
final class CallbackExecutor implements Executor {

	static final long LOOK_NANOS = Duration.ofMillis(1).toNanos();

	/** Looks that found tasks waiting, one after the other. */
	static final int MAX_LOOKS = 100;

	private static final int IDLE_SECONDS = 10;

	private static final int FALLBACK_THREADS = 2;

	private static final Logger logger = LoggerFactory.getLogger(CallbackExecutor.class);

	private final TimeSource time;

	private final int fewest;

	private final AtomicInteger begun = new AtomicInteger();

	private final AtomicBoolean looking = new AtomicBoolean();

	/** The last thread could not be made. */
	private final AtomicBoolean shortOfThreads = new AtomicBoolean();

	private final ThreadPoolExecutor pool;

	private volatile boolean closed;

	CallbackExecutor(TimeSource time) {
		this(time, 2 * Runtime.getRuntime().availableProcessors(), DaemonThreads.numbered("redlock-callback-"));
	}

	/**
	 * With other threads.
	 * @param fewest how many threads there are before anybody looks whether they are
	 * blocked
	 */
	CallbackExecutor(TimeSource time, int fewest, ThreadFactory threads) {
		this.time = time;
		this.fewest = fewest;
		this.pool = new ThreadPoolExecutor(fewest, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), threads) {

			@Override
			protected void beforeExecute(Thread thread, Runnable task) {
				CallbackExecutor.this.begun.incrementAndGet();
			}

		};
		this.pool.allowCoreThreadTimeOut(true);
	}

	/**
	 * For what another executor refuses: on two threads, and more only where these are
	 * blocked.
	 */
	static CallbackExecutor fallback(TimeSource time) {
		return new CallbackExecutor(time, FALLBACK_THREADS, DaemonThreads.numbered("redlock-fallback-"));
	}

	private Queue<Runnable> waiting() {
		return this.pool.getQueue();
	}

	/**
	 * Run a task soon, on a thread of this executor. Throws nothing once the task is in
	 * the queue.
	 */
	@Override
	public void execute(Runnable task) {
		waiting().add(task);
		if (!startThread() && !waiting().isEmpty()) {
			if (this.closed) {
				startThreadForEachTask();
			}
			lookSoon();
		}
	}

	/**
	 * Start one of the fewest threads, unless they are there.
	 * @return whether one was started, which will take a task
	 */
	private boolean startThread() {
		try {
			return this.pool.prestartCoreThread();
		}
		catch (Throwable ex) {
			failed(ex);
			return false;
		}
	}

	private void lookSoon() {
		if (this.looking.compareAndSet(false, true)) {
			try {
				lookLater(1, LOOK_NANOS);
			}
			catch (Throwable ex) {
				this.looking.set(false);
				logger.warn("Nobody looks whether callbacks need more threads until the next callback comes", ex);
			}
		}
	}

	private void lookLater(int number, long nanos) {
		int begun = this.begun.get();
		this.time.schedule(nanos, () -> look(number, begun));
	}

	/**
	 * Look whether more threads are needed, and go on looking as long as tasks wait.
	 * @param number which look this is that finds tasks waiting, or none
	 * @param before how many tasks had begun at the last one
	 */
	private void look(int number, int before) {
		boolean goesOn = false;
		try {
			if (waiting().isEmpty()) {
				if (!this.closed && this.pool.getCorePoolSize() != this.fewest) {
					this.pool.setCorePoolSize(this.fewest);
				}
			}
			else if (this.begun.get() != before && number < MAX_LOOKS) {
				lookLater(number + 1, LOOK_NANOS);
				goesOn = true;
			}
			else {
				lookLater(1, grow() ? LOOK_NANOS : MAX_LOOKS * LOOK_NANOS);
				goesOn = true;
			}
		}
		finally {
			if (!goesOn) {
				this.looking.set(false);
			}
		}
		if (!goesOn && !waiting().isEmpty()) {
			lookSoon();
		}
	}

	private boolean grow() {
		try {
			startThreads(Math.max(2 * this.pool.getPoolSize(), this.fewest));
			this.shortOfThreads.set(false);
			return true;
		}
		catch (Throwable ex) {
			failed(ex);
			return false;
		}
	}

	private void startThreads(int most) {
		this.pool.setCorePoolSize(most);
		boolean started = true;
		while (started && !waiting().isEmpty()) {
			started = this.pool.prestartCoreThread();
		}
	}

	private void failed(Throwable error) {
		if (this.shortOfThreads.compareAndSet(false, true)) {
			logger.warn("No thread can be made for callbacks; they wait for the {} that there are, or until one can",
					this.pool.getPoolSize(), error);
		}
	}

	/**
	 * The timer may end. What waits gets a thread each, and so does what comes later,
	 * because nobody looks any more whether the other threads are blocked. Threads end as
	 * soon as they have nothing left to do.
	 */
	void close() {
		this.closed = true;
		startThreadForEachTask();
		this.pool.setKeepAliveTime(1, TimeUnit.MILLISECONDS);
	}

	private void startThreadForEachTask() {
		try {
			startThreads(Math.max(this.pool.getPoolSize() + waiting().size(), 1));
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

}
