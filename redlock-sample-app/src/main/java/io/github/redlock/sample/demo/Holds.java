package io.github.redlock.sample.demo;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.stereotype.Component;

import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;

/**
 * Locks that are held for a while, so that there is something to look at: one that is
 * extended each second, and others that wait for it.
 */
@Component
@OnDemo
class Holds {

	static final int MAX = 20;

	private static final Duration TTL = Duration.ofSeconds(3);

	private static final LockOptions PATIENT = LockOptions.builder().waitTime(Duration.ofMinutes(10)).build();

	private static final int POLL_MILLIS = 50;

	private final Redlock redlock;

	private final DemoThreads threads;

	private final EventLog log;

	private final AtomicInteger count = new AtomicInteger();

	private final AtomicInteger numbers = new AtomicInteger();

	Holds(Redlock redlock, DemoThreads threads, EventLog log) {
		this.redlock = redlock;
		this.threads = threads;
		this.log = log;
	}

	/**
	 * Wait for a lock, hold it and release it, on another thread.
	 * @throws DemoConflictException if there are too many already
	 */
	void begin(String resource, int seconds) {
		if (this.count.incrementAndGet() > MAX) {
			this.count.decrementAndGet();
			throw new DemoConflictException(MAX + " callers hold or wait already. Wait until some are done.");
		}
		this.threads.run("worker " + this.numbers.incrementAndGet(), () -> {
			try {
				hold(resource, Duration.ofSeconds(seconds));
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			catch (RedlockException ex) {
				this.log.say(EventLog.WARNING, resource + ": " + ex.getMessage());
			}
			finally {
				this.count.decrementAndGet();
			}
		});
	}

	private void hold(String resource, Duration time) throws InterruptedException {
		this.redlock.<Boolean, InterruptedException>using(List.of(resource), TTL, PATIENT, (lock, signal) -> {
			long start = System.nanoTime();
			while (!signal.isAborted() && System.nanoTime() - start < time.toNanos()) {
				Thread.sleep(POLL_MILLIS);
			}
			return true;
		});
	}

}
