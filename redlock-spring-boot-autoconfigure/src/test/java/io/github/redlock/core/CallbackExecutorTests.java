package io.github.redlock.core;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.redlock.spi.TimeSource;
import io.github.redlock.testing.VirtualTime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
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
	void close() {
		this.blocked.countDown();
		this.executor.close();
	}

	private void block(int tasks) {
		for (int i = 0; i < tasks; i++) {
			this.executor.execute(this::block);
		}
	}

	private void block() {
		this.running.incrementAndGet();
		try {
			this.blocked.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
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
		this.executor.close();
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

	/** What the machine says when there are too many threads. */
	private static OutOfMemoryError noThreads() {
		return new OutOfMemoryError("unable to create native thread");
	}

	@Test
	void taskIsKeptUntilAThreadCanBeMade() throws Exception {
		AtomicInteger failures = new AtomicInteger(3);
		CallbackExecutor starved = new CallbackExecutor(this.time, 2, (task) -> {
			if (failures.getAndDecrement() > 0) {
				throw noThreads();
			}
			return new Thread(task, "late");
		});
		CompletableFuture<String> ranOn = new CompletableFuture<>();
		starved.execute(() -> ranOn.complete(Thread.currentThread().getName()));
		assertThat(ranOn).isNotDone();
		for (int i = 0; i < 3; i++) {
			this.time.advance(Duration.ofNanos(CallbackExecutor.MAX_LOOKS * CallbackExecutor.LOOK_NANOS));
		}
		assertThat(ranOn.get(20, TimeUnit.SECONDS)).isEqualTo("late");
	}

	@Test
	void everyTaskThatWasKeptRunsOnce() throws Exception {
		AtomicBoolean starving = new AtomicBoolean(true);
		CallbackExecutor starved = new CallbackExecutor(this.time, 2, (task) -> {
			if (starving.get()) {
				throw noThreads();
			}
			return new Thread(task);
		});
		AtomicInteger runs = new AtomicInteger();
		CountDownLatch done = new CountDownLatch(10);
		for (int i = 0; i < 10; i++) {
			starved.execute(() -> {
				runs.incrementAndGet();
				done.countDown();
			});
		}
		starving.set(false);
		this.time.advance(Duration.ofNanos(CallbackExecutor.MAX_LOOKS * CallbackExecutor.LOOK_NANOS));
		assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(runs).hasValue(10);
	}

	/** An error of the source of time ends one look, and not all of them. */
	@Test
	void nextTaskLooksAgainWhereTheTimerHasFailed() throws Exception {
		AtomicBoolean failing = new AtomicBoolean(true);
		CallbackExecutor executor = new CallbackExecutor(new FailingTime(this.time, failing), 1,
				DaemonThreads.numbered("redlock-test-"));
		executor.execute(this::block);
		awaitRunning(1);
		CountDownLatch done = new CountDownLatch(2);
		executor.execute(done::countDown);
		failing.set(false);
		executor.execute(done::countDown);
		this.time.advance(Duration.ofNanos(CallbackExecutor.LOOK_NANOS));
		assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void whatComesAfterTheEndGetsAThread() throws Exception {
		block(FEWEST);
		awaitRunning(FEWEST);
		this.executor.close();
		CompletableFuture<String> ranOn = new CompletableFuture<>();
		this.executor.execute(() -> ranOn.complete(Thread.currentThread().getName()));
		assertThat(ranOn.get(20, TimeUnit.SECONDS)).startsWith("redlock-callback-");
	}

	/** [64] */
	@Test
	void idleThreadsEndWithIt() {
		List<Thread> threads = new CopyOnWriteArrayList<>();
		ThreadFactory factory = DaemonThreads.numbered("redlock-test-");
		CallbackExecutor executor = new CallbackExecutor(this.time, 2, (task) -> {
			Thread thread = factory.newThread(task);
			threads.add(thread);
			return thread;
		});
		executor.execute(() -> {
		});
		executor.execute(this::block);
		awaitRunning(1);
		executor.close();
		await().atMost(Duration.ofSeconds(5)).until(() -> threads.stream().filter(Thread::isAlive).count() == 1);
		this.blocked.countDown();
		await().atMost(Duration.ofSeconds(5)).until(() -> threads.stream().noneMatch(Thread::isAlive));
	}

	/** Time whose timer fails when told. */
	private record FailingTime(VirtualTime time, AtomicBoolean failing) implements TimeSource {

		@Override
		public long nanoTime() {
			return this.time.nanoTime();
		}

		@Override
		public long wallClockMicros() {
			return this.time.wallClockMicros();
		}

		@Override
		public Cancellable schedule(long delayNanos, Runnable task) {
			if (this.failing.get()) {
				throw new StackOverflowError();
			}
			return this.time.schedule(delayNanos, task);
		}

		@Override
		public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
			return this.time.await(stage);
		}

	}

}
