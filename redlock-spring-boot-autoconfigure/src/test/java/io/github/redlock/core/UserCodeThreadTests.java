package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.RedlockListener;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * On which threads code of the user's runs where the executor that is meant for it takes
 * nothing. The thread of the test is the timer, and delivers the answers of nodes.
 */
@Timeout(60)
class UserCodeThreadTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final Duration MOMENT = Duration.ofMillis(1);

	private final FakeCluster cluster = new FakeCluster(3);

	/** Where code of the user's ran. */
	private final BlockingQueue<Thread> ranOn = new LinkedBlockingQueue<>();

	private final List<DefaultRedlock> clients = new ArrayList<>();

	@AfterEach
	void close() {
		this.clients.forEach(DefaultRedlock::close);
	}

	/** An executor that takes nothing, in the ways there are. */
	private record Unwilling(String name, Executor executor) {

		@Override
		public String toString() {
			return this.name;
		}

	}

	/** Something that runs code of the user's, by whatever the test hands out. */
	private record Use(String name, UserCode code) {

		@Override
		public String toString() {
			return this.name;
		}

	}

	@FunctionalInterface
	private interface UserCode {

		void attach(UserCodeThreadTests test, DefaultRedlock redlock);

	}

	private static Unwilling throwing(Supply error) {
		return new Unwilling("throws " + error.get().getClass().getSimpleName(), (task) -> {
			Throwable thrown = error.get();
			if (thrown instanceof Error fatal) {
				throw fatal;
			}
			throw (RuntimeException) thrown;
		});
	}

	@FunctionalInterface
	private interface Supply {

		Throwable get();

	}

	private static List<Unwilling> unwilling() {
		return List.of(throwing(() -> new RejectedExecutionException("full")),
				throwing(() -> new IllegalStateException("not running")),
				throwing(() -> new OutOfMemoryError("unable to create native thread")),
				throwing(StackOverflowError::new), new Unwilling("runs it on the calling thread", Runnable::run),
				new Unwilling("runs it on the calling thread and throws", (task) -> {
					task.run();
					throw new RejectedExecutionException("too late");
				}), new Unwilling("takes it and throws", (task) -> {
					new Thread(task, "given").start();
					throw new StackOverflowError();
				}));
	}

	private static List<Use> uses() {
		List<Use> uses = new ArrayList<>();
		uses.add(new Use("stage of a loss", (test, redlock) -> {
			redlock.acquire("a", TTL).lost().thenRun(test::userCode);
			test.advance(TTL);
		}));
		uses.add(new Use("end of everything", (test, redlock) -> {
			LockHandle lock = redlock.acquire("a", TTL);
			redlock.whenIdle().thenRun(test::userCode);
			lock.releaseAsync();
			test.advance(MOMENT);
		}));
		uses.add(new Use("acquireAsync", (test, redlock) -> {
			redlock.acquireAsync("a", TTL).thenRun(test::userCode);
			test.advance(MOMENT);
		}));
		uses.add(new Use("acquireAsync that fails", (test, redlock) -> {
			test.holdEverywhere();
			redlock.acquireAsync("a", TTL).whenComplete((lock, error) -> test.userCode());
			test.advance(Duration.ofSeconds(3));
		}));
		uses.add(new Use("tryAcquireAsync", (test, redlock) -> {
			redlock.tryAcquireAsync("a", TTL).thenRun(test::userCode);
			test.advance(MOMENT);
		}));
		uses.add(new Use("dependent stage without an executor", (test, redlock) -> {
			redlock.acquireAsync("a", TTL).thenRunAsync(test::userCode);
			test.advance(MOMENT);
		}));
		uses.add(new Use("routine of usingAsync", (test, redlock) -> {
			redlock.usingAsync("a", TTL, (lock, signal) -> {
				test.userCode();
				return new CompletableFuture<>();
			});
			test.advance(MOMENT);
		}));
		uses.add(new Use("result of usingAsync", (test, redlock) -> {
			CompletableFuture<String> routine = new CompletableFuture<>();
			CompletableFuture<Void> begun = new CompletableFuture<>();
			redlock.usingAsync("a", TTL, (lock, signal) -> {
				begun.completeAsync(() -> null);
				return routine;
			}).thenRun(test::userCode);
			test.advance(MOMENT);
			begun.join();
			Awaitility.await().pollInterval(MOMENT).until(() -> routine.getNumberOfDependents() > 0);
			routine.complete("done");
			test.advance(MOMENT);
		}));
		uses.add(new Use("extendAsync", (test, redlock) -> {
			redlock.acquire("a", TTL).extendAsync(TTL).thenRun(test::userCode);
			test.advance(MOMENT);
		}));
		uses.add(new Use("extendAsync of a lock that is lost", (test, redlock) -> {
			CompletableFuture<LockHandle> extension = redlock.acquire("a", TTL).extendAsync(TTL);
			extension.whenComplete((lock, error) -> test.userCode());
			test.cluster.nodes().forEach(FakeLockNode::wipe);
			test.advance(TTL);
		}));
		uses.add(new Use("releaseAsync", (test, redlock) -> {
			redlock.acquire("a", TTL).releaseAsync().thenRun(test::userCode);
			test.advance(MOMENT);
		}));
		return uses;
	}

	private static List<Use> events() {
		List<Use> events = new ArrayList<>();
		events.add(new Use("acquired", (test, redlock) -> redlock.acquire("a", TTL)));
		events.add(new Use("acquireFailed", (test, redlock) -> {
			test.holdEverywhere();
			redlock.tryAcquire("a", TTL);
		}));
		events.add(new Use("extended", (test, redlock) -> redlock.acquire("a", TTL).extend(TTL)));
		events.add(new Use("lost", (test, redlock) -> {
			redlock.acquire("a", TTL);
			test.advance(TTL);
		}));
		events.add(new Use("released", (test, redlock) -> redlock.acquire("a", TTL).release()));
		events.add(new Use("releaseFailed", (test, redlock) -> {
			LockHandle lock = redlock.acquire("a", TTL);
			test.cluster.nodes().forEach((node) -> node.refuse(true));
			lock.releaseAsync();
			test.advance(MOMENT);
		}));
		events.add(new Use("nodeError", (test, redlock) -> {
			test.cluster.node(0).failWith(new IllegalStateException("OOM"));
			redlock.acquire("a", TTL);
			test.advance(MOMENT);
		}));
		events.add(new Use("nodeDown", (test, redlock) -> {
			test.cluster.node(0).refuse(true);
			redlock.acquire("a", TTL);
			test.advance(MOMENT);
		}));
		events.add(new Use("nodeUp", (test, redlock) -> {
			test.cluster.node(0).refuse(true);
			redlock.acquire("a", TTL);
			test.advance(MOMENT);
			test.cluster.node(0).refuse(false);
			test.advance(TTL);
		}));
		return events;
	}

	private static Stream<Arguments> everyUse() {
		return combine(uses());
	}

	private static Stream<Arguments> everyEvent() {
		return combine(events());
	}

	private static Stream<Arguments> combine(Collection<Use> uses) {
		return unwilling().stream().flatMap((unwilling) -> uses.stream().map((use) -> Arguments.of(unwilling, use)));
	}

	private void userCode() {
		this.ranOn.add(Thread.currentThread());
	}

	private void holdEverywhere() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
	}

	private void advance(Duration duration) {
		this.cluster.time().advance(duration);
	}

	private DefaultRedlock client(Unwilling unwilling, Consumer<RedlockBuilder> customizer) {
		DefaultRedlock redlock = this.cluster.client((builder) -> {
			builder.callbackExecutor(unwilling.executor());
			customizer.accept(builder);
		});
		this.clients.add(redlock);
		return redlock;
	}

	private void checkRanOnce() throws InterruptedException {
		Thread thread = this.ranOn.poll(20, TimeUnit.SECONDS);
		assertThat(thread).isNotNull().isNotSameAs(Thread.currentThread());
		assertThat(thread.getName()).matches("redlock-fallback-\\d+|given");
		assertThat(this.ranOn).isEmpty();
	}

	@ParameterizedTest(name = "{1}, executor {0}")
	@MethodSource("everyUse")
	void userCodeNeverRunsOnTheTimer(Unwilling unwilling, Use use) throws Exception {
		DefaultRedlock redlock = client(unwilling, (builder) -> {
		});
		use.code().attach(this, redlock);
		checkRanOnce();
	}

	@ParameterizedTest(name = "{1}, executor {0}")
	@MethodSource("everyEvent")
	void listenerNeverRunsOnTheTimer(Unwilling unwilling, Use event) throws Exception {
		DefaultRedlock redlock = client(unwilling, (builder) -> builder.listener(new OneEvent(this, event.name())));
		event.code().attach(this, redlock);
		checkRanOnce();
	}

	/** Hears one kind of event. */
	private record OneEvent(UserCodeThreadTests test, String kind) implements RedlockListener {

		private void heard(String heard) {
			if (heard.equals(this.kind)) {
				this.test.userCode();
			}
		}

		@Override
		public void acquired(LockHandle lock) {
			heard("acquired");
		}

		@Override
		public void acquireFailed(List<String> resources, LockNotAcquiredException error) {
			heard("acquireFailed");
		}

		@Override
		public void extended(LockHandle lock, Duration remaining) {
			heard("extended");
		}

		@Override
		public void lost(LockHandle lock, LockLostException error) {
			heard("lost");
		}

		@Override
		public void released(LockHandle lock, boolean wasValid) {
			heard("released");
		}

		@Override
		public void releaseFailed(LockHandle lock, LockReleaseException error) {
			heard("releaseFailed");
		}

		@Override
		public void nodeError(String node, Throwable error) {
			heard("nodeError");
		}

		@Override
		public void nodeDown(String node, Throwable error) {
			heard("nodeDown");
		}

		@Override
		public void nodeUp(String node) {
			heard("nodeUp");
		}

	}

}
