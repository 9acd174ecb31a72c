package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockReleaseException;
import io.github.redlock.RedlockListener;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.Vote;

/**
 * The hand-written concurrent parts under a model checker: Lincheck runs each race again
 * and again, every time with other switches between the threads. Too slow for every
 * build; {@code -Dtest=RaceChecks} runs it, {@code -Drace.invocations} says how often.
 */
class RaceChecks {

	private static final int INVOCATIONS = Integer.getInteger("race.invocations", 100);

	private static final Vote GRANTED = Vote.Granted.INSTANCE;

	private static final LockRequest REQUEST = new LockRequest(List.of("a"), "v", Duration.ofSeconds(10), 1);

	private static final Vote LOST = new Vote.Failed(Vote.Failed.Reason.UNREACHABLE, new IllegalStateException("gone"));

	/** Run actions at the same time. */
	private static void together(Runnable... actions) {
		List<Thread> threads = new ArrayList<>();
		for (Runnable action : actions) {
			Thread thread = new Thread(action);
			threads.add(thread);
			thread.start();
		}
		for (Thread thread : threads) {
			try {
				thread.join();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
	}

	private static void check(boolean condition, Object what) {
		if (!condition) {
			throw new AssertionError(what);
		}
	}

	@BeforeAll
	static void withoutStackReserve() {
		StackReserve.disable();
	}

	@Test
	void releaseAndExtension() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			DefaultLockHandle lock = fixture.hold();
			CompletableFuture<LockHandle> extension = lock.extendAsync(Duration.ofSeconds(5));
			together(lock::releaseOnce, () -> fixture.node.answer("extend", Vote.Missing.INSTANCE));
			fixture.checkNothingFollowsTheRelease();
			check(!lock.isValid(), lock);
			check(extension.isDone(), "the extension ends");
			fixture.node.answer("release", GRANTED);
			fixture.checkEndedOnce();
		});
	}

	@Test
	void releaseAndAnswerThatHeals() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture(3);
			DefaultLockHandle lock = fixture.hold();
			lock.extendAsync(Duration.ofSeconds(5));
			fixture.nodes.get(0).answer("extend", GRANTED);
			together(lock::releaseOnce, () -> fixture.nodes.get(1).answer("extend", GRANTED),
					() -> fixture.nodes.get(2).answer("extend", Vote.Missing.INSTANCE));
			fixture.checkNothingFollowsTheRelease();
		});
	}

	@Test
	void releaseAndEndOfTime() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			DefaultLockHandle lock = fixture.hold();
			together(lock::releaseOnce, () -> fixture.time.passAndRun(Duration.ofSeconds(11)));
			fixture.node.answerAll(GRANTED);
			check(!lock.isValid(), lock);
			fixture.checkEndedOnce();
		});
	}

	@Test
	void twoReleases() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			DefaultLockHandle lock = fixture.hold();
			together(lock::releaseOnce, lock::releaseOnce);
			fixture.node.answerAll(GRANTED);
			fixture.checkEndedOnce();
			check(fixture.node.count("release") == 1, fixture.node.log);
		});
	}

	@Test
	void abortAndGrant() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			Acquisition acquisition = fixture.acquire();
			together(() -> acquisition.abort(Reason.INTERRUPTED, "test"),
					() -> fixture.node.answer("acquire", GRANTED));
			boolean granted = acquisition.outcome().join() instanceof AcquireOutcome.Acquired;
			check(granted == (fixture.node.count("release") == 0), fixture.node.log);
			check(fixture.node.log.peek().startsWith("acquire"), fixture.node.log);
		});
	}

	@Test
	void abortAndRefusal() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			Acquisition acquisition = fixture.acquire();
			together(() -> acquisition.abort(Reason.INTERRUPTED, "test"),
					() -> fixture.node.answer("acquire", new Vote.Held(Duration.ofSeconds(1))),
					() -> fixture.time.passAndRun(Duration.ofSeconds(1)));
			check(acquisition.outcome().isDone(), "the acquisition ends");
			check(fixture.node.count("release") >= fixture.node.count("acquire"), fixture.node.log);
		});
	}

	@Test
	void closingAndBeginning() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			ActiveLocks active = new ActiveLocks(Runnable::run, false);
			Acquisition acquisition = fixture.acquire();
			DefaultLockHandle lock = fixture.hold();
			together(active::close, () -> active.began(acquisition), () -> active.began(lock));
			check(acquisition.outcome().isDone(), "the acquisition ends");
			check(!lock.isValid(), lock);
			check(fixture.listener.lost.get() == 1, fixture.listener);
		});
	}

	@Test
	void idleIsSeen() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			ActiveLocks active = new ActiveLocks(Runnable::run, false);
			Acquisition acquisition = fixture.acquire();
			active.began(acquisition);
			List<CompletableFuture<Void>> idle = new ArrayList<>();
			together(() -> idle.add(active.whenIdle()), () -> active.ended(acquisition));
			check(idle.get(0).isDone(), "whoever waits for the end of everything hears of it");
		});
	}

	@Test
	void eventsKeepTheirOrder() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			List<String> heard = new ArrayList<>();
			EventDispatcher events = new EventDispatcher(List.of(new RedlockListener() {

				@Override
				public void nodeUp(String node) {
					heard.add(node);
				}

			}), Runnable::run);
			together(() -> {
				events.nodeUp("1");
				events.nodeUp("2");
			}, () -> events.nodeUp("3"));
			check(heard.size() == 3 && heard.indexOf("1") < heard.indexOf("2"), heard);
		});
	}

	@Test
	void roundIsDecidedOnce() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			AtomicInteger decided = new AtomicInteger();
			AtomicInteger answered = new AtomicInteger();
			VotingRound round = new VotingRound(new Quorum(3), 0, new VotingRound.Observer() {

				@Override
				public void decided(VotingRound round) {
					decided.incrementAndGet();
				}

				@Override
				public void answered(VotingRound round) {
					answered.incrementAndGet();
				}

			});
			together(() -> round.vote(0, "node0", GRANTED, 1), () -> round.vote(1, "node1", GRANTED, 1), round::sent);
			check(decided.get() == 1 && answered.get() == 1, round);
		});
	}

	@Test
	void tokensAreUnique() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			FencingTokens tokens = new FencingTokens(new Time()::wallClockMicros);
			long[] token = new long[2];
			together(() -> token[0] = tokens.next(), () -> token[1] = tokens.next(), () -> tokens.learn(1000));
			check(token[0] != token[1] && tokens.next() > 1000, List.of(token[0], token[1]));
		});
	}

	@Test
	void answerAndTimeout() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			AtomicInteger votes = new AtomicInteger();
			fixture.guards.get(0).send(LockCommand.ACQUIRE, REQUEST, (vote) -> votes.incrementAndGet());
			together(() -> fixture.node.answer("acquire", GRANTED),
					() -> fixture.time.passAndRun(Fixture.TIMEOUT.plusMillis(1)));
			check(votes.get() == 1, votes);
		});
	}

	/** However the node comes back, it is told of the release. */
	@Test
	void releaseThatFailsWhileTheNodeComesBack() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			NodeGuard guard = fixture.guards.get(0);
			guard.send(LockCommand.ACQUIRE, REQUEST, (vote) -> {
			});
			fixture.node.answer("acquire", LOST);
			fixture.time.passAndRun(Duration.ofMillis(1));
			together(() -> fixture.node.answer("probe", GRANTED),
					() -> guard.send(LockCommand.RELEASE, REQUEST, (vote) -> {
					}));
			for (int i = 0; i < 5; i++) {
				fixture.time.passAndRun(Duration.ofSeconds(1));
				fixture.node.answerAll(GRANTED);
			}
			check(fixture.node.count("release") > 0, fixture.node.log);
		});
	}

	@Test
	void requestsAreWatchedWhoeverSendsThem() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> {
			Fixture fixture = new Fixture();
			AtomicInteger votes = new AtomicInteger();
			NodeGuard guard = fixture.guards.get(0);
			together(() -> guard.send(LockCommand.ACQUIRE, REQUEST, (vote) -> votes.incrementAndGet()),
					() -> fixture.time.passAndRun(Fixture.TIMEOUT.plusMillis(1)),
					() -> guard.send(LockCommand.EXTEND, REQUEST, (vote) -> votes.incrementAndGet()));
			fixture.time.passAndRun(Fixture.TIMEOUT.plusMillis(1));
			fixture.time.passAndRun(Fixture.TIMEOUT.plusMillis(1));
			check(votes.get() == 2, votes);
		});
	}

	/**
	 * Nodes that answer when told, and a clock that moves when told.
	 */
	private static final class Fixture {

		private static final Duration TIMEOUT = Duration.ofMillis(200);

		private final Time time = new Time();

		private final Counting listener = new Counting();

		private final List<Wire> nodes = new ArrayList<>();

		private final Wire node;

		private final List<NodeGuard> guards = new ArrayList<>();

		private final NodeGroup group;

		private static final Caller CALLER = new Caller(Runnable::run, "caller");

		private final LockSettings settings = new LockSettings("", Duration.ofSeconds(5), 0,
				new RetrySchedule(Duration.ofMillis(100), Duration.ZERO), 0.01, false, Duration.ZERO, null);

		private final LocalQueues queues;

		private Fixture() {
			this(1);
		}

		private Fixture(int size) {
			EventDispatcher events = new EventDispatcher(List.of(this.listener), Runnable::run);
			for (int i = 0; i < size; i++) {
				Wire wire = new Wire();
				this.nodes.add(wire);
				this.guards
					.add(new NodeGuard(wire, this.time, TIMEOUT, events, new VotingNodes("redlock", new Quorum(size))));
			}
			this.node = this.nodes.get(0);
			this.group = new NodeGroup(this.guards, new Quorum(size), this.time, () -> 0, events, this.time);
			this.queues = new LocalQueues(this.group);
		}

		private DefaultLockHandle hold() {
			long now = this.time.nanoTime();
			Grant grant = new Grant(REQUEST, now, now, LockRequest.NO_TOKEN, Streak.begin(now));
			DefaultLockHandle.Shared shared = new DefaultLockHandle.Shared(this.group, this.queues,
					new KeepAlive(this.group, TIMEOUT, 0.3), (ended) -> {
					});
			DefaultLockHandle lock = new DefaultLockHandle(shared, grant, this.settings, List.of(), CALLER);
			lock.start();
			return lock;
		}

		private Acquisition acquire() {
			Acquisition.Shared shared = new Acquisition.Shared(this.group, this.queues, new Admission(this.group),
					new Requests(() -> "v", null), (grant, settings, attempts, userCode) -> hold());
			Acquisition acquisition = new Acquisition(shared, List.of("a"), Duration.ofSeconds(10), this.settings,
					CALLER);
			acquisition.begin();
			return acquisition;
		}

		private void checkNothingFollowsTheRelease() {
			for (Wire wire : this.nodes) {
				List<String> log = List.copyOf(wire.log);
				int release = log.indexOf("release");
				check(release < 0 || log.lastIndexOf("extend") < release && log.lastIndexOf("heal") < release, log);
			}
		}

		private void checkEndedOnce() {
			check(this.listener.lost.get() + this.listener.released.get() == 1, this.listener);
		}

	}

	private static final class Counting implements RedlockListener {

		private final AtomicInteger lost = new AtomicInteger();

		private final AtomicInteger released = new AtomicInteger();

		@Override
		public void lost(LockHandle lock, LockLostException error) {
			this.lost.incrementAndGet();
		}

		@Override
		public void released(LockHandle lock, boolean wasValid) {
			this.released.incrementAndGet();
		}

		@Override
		public void releaseFailed(LockHandle lock, LockReleaseException error) {
			this.released.incrementAndGet();
		}

		@Override
		public String toString() {
			return "lost " + this.lost + ", released " + this.released;
		}

	}

	private static final class Wire implements LockNode {

		private final Queue<String> log = new ConcurrentLinkedQueue<>();

		private final Queue<Open> open = new ConcurrentLinkedQueue<>();

		private CompletionStage<Vote> ask(String command) {
			CompletableFuture<Vote> vote = new CompletableFuture<>();
			this.log.add(command);
			this.open.add(new Open(command, vote));
			return vote;
		}

		private long count(String command) {
			return this.log.stream().filter(command::equals).count();
		}

		private void answer(String command, Vote vote) {
			for (Open one : this.open) {
				if (one.command.equals(command) && this.open.remove(one)) {
					one.vote.complete(vote);
				}
			}
		}

		private void answerAll(Vote vote) {
			for (Open one = this.open.poll(); one != null; one = this.open.poll()) {
				one.vote.complete(vote);
			}
		}

		@Override
		public String name() {
			return "node";
		}

		@Override
		public CompletionStage<Vote> acquire(LockRequest request) {
			return ask("acquire");
		}

		@Override
		public CompletionStage<Vote> extend(LockRequest request) {
			return ask("extend");
		}

		@Override
		public CompletionStage<Vote> heal(LockRequest request) {
			return ask("heal");
		}

		@Override
		public CompletionStage<Vote> release(LockRequest request) {
			return ask("release");
		}

		@Override
		public CompletionStage<Vote> releaseLater(LockRequest request) {
			return ask("releaseLater");
		}

		@Override
		public CompletionStage<Vote> transfer(LockRequest request, String before) {
			return ask("transfer");
		}

		@Override
		public CompletionStage<Vote> probe() {
			return ask("probe");
		}

		@Override
		public void close() {
		}

		private record Open(String command, CompletableFuture<Vote> vote) {
		}

	}

	private static final class Time implements TimeSource {

		private final Queue<Task> tasks = new ConcurrentLinkedQueue<>();

		private volatile long now;

		@Override
		public long nanoTime() {
			return this.now;
		}

		@Override
		public long wallClockMicros() {
			return 7;
		}

		@Override
		public Cancellable schedule(long delayNanos, Runnable action) {
			Task task = new Task(this.now + delayNanos, action);
			this.tasks.add(task);
			return () -> this.tasks.remove(task);
		}

		/** Let time pass, and run what is due by then. */
		private void passAndRun(Duration duration) {
			this.now += duration.toNanos();
			for (Task task : this.tasks) {
				if (task.at - this.now <= 0 && this.tasks.remove(task)) {
					task.action.run();
				}
			}
		}

		@Override
		public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
			return stage.toCompletableFuture().get();
		}

		private record Task(long at, Runnable action) {
		}

	}

}
