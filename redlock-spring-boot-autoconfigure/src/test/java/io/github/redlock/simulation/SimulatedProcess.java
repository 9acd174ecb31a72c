package io.github.redlock.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;

import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.spi.TimeSource;

/**
 * A process: clocks of its own, pauses at any point, callers, and a connection to each
 * server.
 */
final class SimulatedProcess implements TimeSource, Executor {

	private final World world;

	private final Random random;

	private final String name;

	private final double rate;

	private final long origin;

	private double pauseChance;

	private final List<Runnable> postponed = new ArrayList<>();

	private final List<Link> links = new ArrayList<>();

	private final LongConsumer onPause;

	private final long threadDelayNanos;

	private long wallMicros;

	private long pausedNanos;

	private long pausedSince;

	private boolean paused;

	private boolean ended;

	private boolean closed;

	private boolean observed;

	private int scheduled;

	private DefaultRedlock redlock;

	/**
	 * Start a process.
	 * @param rate how fast its clocks run, 1 for right
	 * @param pauseChance how probable a pause is where one is possible
	 * @param threadDelay the longest that a task waits for a thread
	 * @param onPause told of each such pause
	 */
	SimulatedProcess(World world, String name, Random random, double rate, long wallMicros, double pauseChance,
			Duration threadDelay, LongConsumer onPause) {
		this.threadDelayNanos = threadDelay.toNanos();
		this.onPause = onPause;
		this.world = world;
		this.name = name;
		this.random = random;
		this.rate = rate;
		this.wallMicros = wallMicros;
		this.pauseChance = pauseChance;
		// Any number is a possible origin; one close to an overflow finds comparisons by
		// <.
		this.origin = switch (random.nextInt(3)) {
			case 0 -> 0;
			case 1 -> Long.MAX_VALUE - Duration.ofSeconds(random.nextInt(20)).toNanos() - (long) (world.now() * rate);
			default -> random.nextLong() / 2;
		};
	}

	void setRedlock(DefaultRedlock redlock) {
		this.redlock = redlock;
	}

	DefaultRedlock redlock() {
		return this.redlock;
	}

	List<Link> links() {
		return this.links;
	}

	/** Look without touching: no pause while the oracle reads the clock. */
	void observe(Runnable look) {
		boolean before = this.observed;
		this.observed = true;
		try {
			look.run();
		}
		finally {
			this.observed = before;
		}
	}

	/** Whatever this process would do now happens later; the others go on. */
	void maybePause() {
		if (!this.observed && !this.paused && !this.ended && this.pauseChance > 0
				&& this.random.nextDouble() < this.pauseChance) {
			long nanos = (long) (Duration.ofMillis(1).toNanos() * Math.pow(10, 4.6 * this.random.nextDouble()));
			this.onPause.accept(nanos);
			this.world.trace(() -> this.name + " stands still for " + Duration.ofNanos(nanos));
			pause();
			this.world.runUntil(this.world.now() + nanos);
			resume();
		}
	}

	/** Stop the process. */
	void pauseFor(long nanos) {
		if (!this.paused && !this.ended) {
			pause();
			this.world.schedule(nanos, this::resume);
		}
	}

	private void pause() {
		this.paused = true;
		this.pausedSince = this.world.now();
	}

	private void resume() {
		if (!this.paused) {
			return;
		}
		this.paused = false;
		this.pausedNanos += this.world.now() - this.pausedSince;
		List<Runnable> due = List.copyOf(this.postponed);
		this.postponed.clear();
		due.forEach((action) -> this.world.schedule(0, () -> run(action)));
	}

	/** No pauses from now on. */
	void calmDown() {
		this.pauseChance = 0;
	}

	/** The process ends without another word. */
	void end() {
		this.ended = true;
		this.links.forEach(Link::processEnded);
	}

	boolean hasEnded() {
		return this.ended;
	}

	void markClosed() {
		this.closed = true;
	}

	boolean isClosed() {
		return this.closed;
	}

	boolean isPaused() {
		return this.paused;
	}

	/** How long this process has run, without its pauses. */
	long activeNanos() {
		return this.world.now() - this.pausedNanos - (this.paused ? this.world.now() - this.pausedSince : 0);
	}

	double rate() {
		return this.rate;
	}

	/** The time of the world. */
	long now() {
		return this.world.now();
	}

	/** How many timers are set. */
	int scheduled() {
		return this.scheduled;
	}

	/** Somebody sets the wall clock. */
	void moveWallClock(Duration by) {
		this.wallMicros += by.toNanos() / 1000;
	}

	/** Do something in this process. */
	void run(Runnable action) {
		if (this.ended) {
			return;
		}
		if (this.paused) {
			this.postponed.add(action);
		}
		else {
			action.run();
		}
	}

	@Override
	public long nanoTime() {
		maybePause();
		return this.origin + (long) (this.world.now() * this.rate);
	}

	@Override
	public long wallClockMicros() {
		maybePause();
		// Kept right by a time service, whatever the speed of the monotonic clock.
		return this.wallMicros + this.world.now() / 1000;
	}

	@Override
	public Cancellable schedule(long delayNanos, Runnable task) {
		// A timer is always a little late.
		long late = this.random.nextInt(100_000);
		boolean[] over = new boolean[1];
		this.scheduled++;
		World.Event event = this.world.schedule((long) Math.ceil(Math.max(delayNanos, 0) / this.rate) + late,
				() -> run(() -> {
					if (!over[0]) {
						over[0] = true;
						this.scheduled--;
						task.run();
					}
				}));
		return () -> {
			if (!over[0]) {
				over[0] = true;
				this.scheduled--;
				event.cancel();
			}
		};
	}

	/** Another thread of this process takes the task, now or in a moment. */
	@Override
	public void execute(Runnable task) {
		this.world.schedule((long) (this.random.nextDouble() * this.threadDelayNanos), () -> run(task));
	}

	@Override
	public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
		if (!stage.toCompletableFuture().isDone()) {
			Caller caller = this.world.current();
			if (caller == null || caller.process() != this) {
				this.world.fail("a thread that must not block waits in " + this.name);
				throw new IllegalStateException("must not block");
			}
			caller.await(stage);
		}
		else if (Thread.interrupted()) {
			throw new InterruptedException();
		}
		return stage.toCompletableFuture().get();
	}

	@Override
	public String toString() {
		return this.name;
	}

}
