package io.github.redlock.core;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.redlock.testing.VirtualTime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

/**
 * On how many threads callbacks run.
 */
@Timeout(60)
class CallbackExecutorTests {

	private static final int FEWEST = 2 * Runtime.getRuntime().availableProcessors();

	private final VirtualTime time = new VirtualTime();

	private final CallbackExecutor executor = new CallbackExecutor(this.time);

	private final AtomicInteger running = new AtomicInteger();

	private final CountDownLatch blocked = new CountDownLatch(1);

	@AfterEach
	void shutdown() {
		this.blocked.countDown();
		this.executor.shutdown();
	}

	private void block(int tasks) {
		for (int i = 0; i < tasks; i++) {
			this.executor.execute(() -> {
				this.running.incrementAndGet();
				try {
					this.blocked.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			});
		}
	}

	private void awaitRunning(int tasks) {
		Awaitility.await().untilAtomic(this.running, equalTo(tasks));
	}

	@Test
	void manyTasksAtOnceAreNoReasonForManyThreads() {
		block(1000);
		awaitRunning(FEWEST);
	}

	@Test
	void blockedThreadsAreJoinedByOthers() throws Exception {
		block(FEWEST);
		awaitRunning(FEWEST);
		CountDownLatch done = new CountDownLatch(1);
		this.executor.execute(done::countDown);
		assertThat(done.getCount()).isEqualTo(1);
		this.time.advance(Duration.ofNanos(CallbackExecutor.LOOK_NANOS));
		assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void thereAreMoreAsLongAsAllAreBlocked() {
		block(5 * FEWEST);
		awaitRunning(FEWEST);
		Awaitility.await().pollInSameThread().until(() -> {
			this.time.advance(Duration.ofNanos(CallbackExecutor.LOOK_NANOS));
			return this.running.get() == 5 * FEWEST;
		});
	}

	@Test
	void whatWaitsAtTheEndGetsThreads() {
		block(5 * FEWEST);
		awaitRunning(FEWEST);
		this.executor.shutdown();
		awaitRunning(5 * FEWEST);
	}

	@Test
	void nobodyLooksWhereNothingWaits() throws Exception {
		block(FEWEST);
		awaitRunning(FEWEST);
		CountDownLatch done = new CountDownLatch(10);
		for (int i = 0; i < 10; i++) {
			this.executor.execute(done::countDown);
		}
		this.blocked.countDown();
		assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
		this.time.advance(Duration.ofNanos(2 * CallbackExecutor.LOOK_NANOS));
		assertThat(this.time.scheduled()).isZero();
	}

}
