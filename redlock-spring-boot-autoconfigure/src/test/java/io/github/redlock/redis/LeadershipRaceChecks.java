package io.github.redlock.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionResult;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.util.ExceptionResult;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuarantee;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.verifier.Verifier;
import org.junit.jupiter.api.Test;

/**
 * {@link Leadership} under the model checker of {@code RaceChecks}, background thread
 * included. At no time do two threads do what only a leader does, every caller gets its
 * answer, and the background thread ends.
 * <p>
 * Nothing ends a wait here but a wake-up: neither {@link LockSupport#parkNanos} nor the
 * wait for input has a bound. So a wake-up that is lost, and that a bound would make good
 * in production, leaves threads that wait for each other, and Lincheck shows how.
 */
class LeadershipRaceChecks {

	private static final int INVOCATIONS = Integer.getInteger("race.invocations", 100);

	/** More calls than any of the races makes. */
	private static final int NEVER = 100;

	/**
	 * To Lincheck, a thread that parks may go on at once, and would look again and again.
	 * Only within a call that is muted does it wait for its wake-up.
	 */
	private static final ManagedStrategyGuarantee PARKED_UNTIL_WOKEN = ManagedStrategyGuaranteeKt
		.forClasses(LockSupport.class.getName())
		.methods("parkNanos")
		.mute$lincheck();

	private static void check(Consumer<FakeLoop> race) {
		Race.action = () -> {
			FakeLoop loop = new FakeLoop();
			loop.leadership.start();
			race.accept(loop);
			loop.close();
		};
		Actor actor;
		try {
			actor = new Actor(Race.class.getMethod("run"), List.of());
		}
		catch (NoSuchMethodException ex) {
			throw new IllegalStateException(ex);
		}
		new ModelCheckingOptions().iterations(0)
			.invocationsPerIteration(INVOCATIONS)
			.minimizeFailedScenario(false)
			.addGuarantee(PARKED_UNTIL_WOKEN)
			.addCustomScenario(new ExecutionScenario(List.of(), List.of(List.of(actor)), List.of(), null))
			.verifier(NothingThrown.class)
			.check(Race.class);
	}

	@Test
	void twoCallers() {
		check((loop) -> loop.together(() -> loop.call(0), () -> loop.call(0)));
	}

	@Test
	void leaderWaitsForWhatAFollowerHandsOver() {
		check((loop) -> loop.together(() -> loop.call(2), () -> loop.call(2)));
	}

	@Test
	void leaderThatStopsPromotesAFollower() {
		check((loop) -> loop.together(() -> loop.call(0), () -> loop.call(3), () -> loop.send(0)));
	}

	@Test
	void backgroundThreadLeadsWhereNoCallerDoes() {
		check((loop) -> {
			loop.awaitAnswer(loop.send(0));
			loop.together(() -> loop.call(0), () -> loop.awaitAnswer(loop.send(0)));
		});
	}

	@Test
	void leaderWhoseTimeIsOver() {
		check((loop) -> {
			Call slow = new Call(NEVER);
			loop.together(() -> loop.await(() -> loop.hand(slow)), () -> slow.answer.complete("timeout"),
					() -> loop.call(0));
		});
	}

	@Test
	void callerThatWaitsForNothingOnTheWire() {
		check((loop) -> {
			CompletableFuture<String> pause = new CompletableFuture<>();
			loop.together(() -> loop.await(() -> pause), () -> loop.call(0), () -> pause.complete("over"));
		});
	}

	@Test
	void interruptedCaller() {
		check((loop) -> {
			List<Thread> threads = loop.start(() -> loop.call(NEVER), () -> loop.call(0));
			threads.get(0).interrupt();
			loop.join(threads);
		});
	}

	@Test
	void callersAndSomethingBroken() {
		check((loop) -> {
			loop.together(() -> loop.call(0), loop.leadership::reserve, () -> loop.call(0));
			loop.awaitUntil(() -> loop.mended);
		});
	}

	@Test
	void callbackThatCalls() {
		check((loop) -> loop.together(() -> loop.await(() -> loop.send(0).thenApply((answer) -> loop.call(0))),
				() -> loop.call(0)));
	}

	/** A thread that ends polls for the lead: closing again stands for its next look. */
	@Test
	void callersAndTheEnd() {
		check((loop) -> loop.together(() -> loop.call(0), loop.leadership::close, () -> loop.call(0)));
	}

	/**
	 * What Lincheck runs.
	 */
	public static class Race {

		private static Runnable action;

		@Operation
		public void run() {
			action.run();
		}

	}

	/**
	 * Every outcome is right in which nothing was thrown.
	 */
	public static class NothingThrown implements Verifier {

		public NothingThrown(Class<?> specification) {
		}

		@Override
		public boolean verifyResults(ExecutionScenario scenario, ExecutionResult results) {
			return results.getParallelResultsWithClock()
				.stream()
				.flatMap(List::stream)
				.noneMatch((one) -> one.getResult() instanceof ExceptionResult);
		}

	}

	/**
	 * A command.
	 */
	private static final class Call {

		/** How many commands the nodes have to have got before they answer. */
		private final int after;

		private final CompletableFuture<String> answer = new CompletableFuture<>();

		/** Whether a thread has to lead for it; set before it is handed over. */
		private boolean prompt;

		private Call(int after) {
			this.after = after;
		}

	}

	/**
	 * Does what {@code IoLoop} does, to nodes that answer as soon as they may.
	 */
	private static final class FakeLoop implements Leadership.Loop {

		private final Leadership leadership = new Leadership(this, 1, "background");

		private final Queue<Call> handed = new ConcurrentLinkedQueue<>();

		private final Queue<String> violations = new ConcurrentLinkedQueue<>();

		private final AtomicBoolean selecting = new AtomicBoolean();

		private final Object monitor = new Object();

		/** The leader is to wait no longer. */
		private volatile boolean woken;

		private volatile boolean ended;

		private volatile boolean closed;

		private volatile boolean mended;

		// What follows is guarded by the leadership and by nothing else.

		private final List<Call> underWay = new ArrayList<>();

		private int written;

		private boolean beginning;

		private Thread inside;

		private int depth;

		private void require(boolean condition, String what) {
			if (!condition) {
				this.violations.add(what);
			}
		}

		private void enter(String method) {
			Thread current = Thread.currentThread();
			require(this.leadership.isLedBy(current), method + " is called by the leader");
			require(this.inside == null || this.inside == current, method + " is called by one thread at a time");
			this.inside = current;
			this.depth++;
		}

		private void exit() {
			this.depth--;
			if (this.depth == 0) {
				this.inside = null;
			}
		}

		private String call(int after) {
			return await(() -> send(after));
		}

		private String await(Supplier<CompletableFuture<String>> operation) {
			try {
				return this.leadership.await(operation);
			}
			catch (InterruptedException ex) {
				return "interrupted";
			}
			catch (ExecutionException ex) {
				throw new IllegalStateException(ex);
			}
		}

		private CompletableFuture<String> send(int after) {
			return hand(new Call(after));
		}

		private CompletableFuture<String> hand(Call call) {
			boolean leading = this.leadership.isLedBy(Thread.currentThread());
			call.prompt = !leading || !this.beginning;
			this.handed.add(call);
			if (this.closed) {
				call.answer.complete("refused");
			}
			else if (!leading) {
				this.leadership.notice();
			}
			return call.answer;
		}

		/** Wait without being a caller. */
		private void awaitAnswer(CompletableFuture<String> answer) {
			answer.whenComplete((result, error) -> tellAll());
			awaitUntil(answer::isDone);
		}

		private void tellAll() {
			synchronized (this.monitor) {
				this.monitor.notifyAll();
			}
		}

		private void awaitUntil(BooleanSupplier condition) {
			synchronized (this.monitor) {
				while (!condition.getAsBoolean()) {
					try {
						this.monitor.wait();
					}
					catch (InterruptedException ex) {
						throw new IllegalStateException(ex);
					}
				}
			}
		}

		private void close() {
			this.leadership.close();
			awaitUntil(() -> this.ended);
			if (!this.violations.isEmpty()) {
				throw new AssertionError(this.violations);
			}
		}

		/** Run actions at the same time, each on a thread that may be a caller's. */
		private void together(Runnable... actions) {
			join(start(actions));
		}

		private List<Thread> start(Runnable... actions) {
			List<Thread> threads = new ArrayList<>();
			for (Runnable action : actions) {
				Thread thread = new Thread(() -> {
					try {
						action.run();
					}
					catch (RuntimeException ex) {
						this.violations.add(ex.toString());
					}
				});
				threads.add(thread);
				thread.start();
			}
			return threads;
		}

		private void join(List<Thread> threads) {
			for (Thread thread : threads) {
				try {
					thread.join();
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
			}
		}

		@Override
		public boolean hasHanded() {
			return !this.handed.isEmpty();
		}

		@Override
		public boolean isAnythingUnderWay() {
			return hasHanded() || !this.underWay.isEmpty();
		}

		@Override
		public boolean isPrompt() {
			return hasHanded() || this.underWay.stream().anyMatch((call) -> call.prompt && !call.answer.isDone());
		}

		@Override
		public void wakeUp() {
			if (this.selecting.compareAndSet(true, false)) {
				this.woken = true;
				tellAll();
			}
		}

		@Override
		public void setBeginning(boolean beginning) {
			enter("setBeginning");
			this.beginning = beginning;
			exit();
		}

		@Override
		public void turn(long timeoutMillis, Leadership.Waiter waiter) {
			enter("turn");
			write();
			if (timeoutMillis > 0 && this.underWay.stream().noneMatch(this::isAnswered)) {
				select(waiter);
			}
			deliver();
			exit();
		}

		@Override
		public void turnInBackground(boolean mayWait, Leadership.Waiter waiter) {
			turn(mayWait ? 1 : 0, waiter);
		}

		private void write() {
			for (Call call = this.handed.poll(); call != null; call = this.handed.poll()) {
				this.written++;
				this.underWay.add(call);
			}
		}

		private boolean isAnswered(Call call) {
			return call.after <= this.written;
		}

		private void select(Leadership.Waiter waiter) {
			this.selecting.set(true);
			if (!hasHanded() && !waiter.isDone()) {
				synchronized (this.monitor) {
					try {
						while (!this.woken) {
							this.monitor.wait();
						}
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
				}
			}
			this.selecting.set(false);
			this.woken = false;
		}

		private void deliver() {
			for (Call call : List.copyOf(this.underWay)) {
				// The one before may have called, which delivers as well.
				if (isAnswered(call) && this.underWay.remove(call)) {
					call.answer.complete("answer");
				}
			}
		}

		@Override
		public void mend() {
			enter("mend");
			this.mended = true;
			tellAll();
			exit();
		}

		@Override
		public void finish() {
			enter("finish");
			write();
			exit();
		}

		@Override
		public void end() {
			enter("end");
			this.closed = true;
			write();
			for (Call call : this.underWay) {
				call.answer.complete("closed");
			}
			this.ended = true;
			tellAll();
		}

	}

}
