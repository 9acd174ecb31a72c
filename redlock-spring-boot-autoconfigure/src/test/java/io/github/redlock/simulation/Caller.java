package io.github.redlock.simulation;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.github.redlock.spi.TimeSource;

/**
 * A thread of a simulated process that calls the synchronous API. A real thread, so that
 * interrupts and thread-locals are real, but it runs only when the world gives way to it,
 * and gives way itself whenever it waits.
 */
final class Caller {

	private static final ExecutorService THREADS = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "simulated-caller");
		thread.setDaemon(true);
		return thread;
	});

	/** Real time, for code that blocks for ever. */
	private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

	private final World world;

	private final SimulatedProcess process;

	private final String name;

	private final Semaphore turn = new Semaphore(0);

	private final Semaphore back = new Semaphore(0);

	private Thread thread;

	private boolean waiting;

	private volatile boolean ended;

	private boolean killed;

	Caller(World world, SimulatedProcess process, String name) {
		this.world = world;
		this.process = process;
		this.name = name;
	}

	SimulatedProcess process() {
		return this.process;
	}

	void start(Runnable work) {
		THREADS.execute(() -> {
			this.turn.acquireUninterruptibly();
			this.thread = Thread.currentThread();
			try {
				if (!this.killed) {
					work.run();
				}
			}
			catch (Killed ex) {
				// As intended.
			}
			catch (RuntimeException | Error ex) {
				this.world.fail("unexpected in " + this.name + ": " + ex);
			}
			finally {
				this.ended = true;
				// The pool's thread must not take it into the next simulation.
				Thread.interrupted();
				this.back.release();
			}
		});
		this.process.execute(this::giveWay);
	}

	/** Let this thread run until it waits or ends. */
	private void giveWay() {
		if (this.ended) {
			return;
		}
		Caller previous = this.world.current();
		this.world.setCurrent(this);
		this.turn.release();
		waitForReturn();
		this.world.setCurrent(previous);
	}

	/** A caller that blocks its thread, instead of waiting in virtual time, hangs. */
	private void waitForReturn() {
		boolean interrupted = false;
		try {
			long end = System.nanoTime() + PATIENCE_NANOS;
			while (true) {
				try {
					if (!this.back.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
						this.world.fail("hang: " + this.name + " blocks its thread");
						this.ended = true;
					}
					return;
				}
				catch (InterruptedException ex) {
					interrupted = true;
				}
			}
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/** Called by this thread: wait for a stage, or for an interrupt. */
	void await(CompletionStage<?> stage) throws InterruptedException {
		if (this.killed) {
			throw new Killed();
		}
		boolean[] done = new boolean[1];
		stage.whenComplete((result, error) -> {
			done[0] = true;
			wake();
		});
		awaitOne(done);
	}

	/** Called by this thread: do something else for a while. */
	void work(long nanos) throws InterruptedException {
		boolean[] done = new boolean[1];
		TimeSource.Cancellable timer = this.process.schedule(nanos, () -> {
			done[0] = true;
			wake();
		});
		try {
			awaitOne(done);
		}
		finally {
			timer.cancel();
		}
	}

	private void awaitOne(boolean[] done) throws InterruptedException {
		while (!done[0]) {
			if (Thread.interrupted()) {
				// What was waited for may come just now.
				boolean[] reacted = new boolean[1];
				this.process.execute(() -> {
					reacted[0] = true;
					wake();
				});
				while (!reacted[0]) {
					pause();
				}
				throw new InterruptedException();
			}
			pause();
		}
	}

	private void pause() {
		this.waiting = true;
		this.back.release();
		this.turn.acquireUninterruptibly();
		this.waiting = false;
		if (this.killed) {
			throw new Killed();
		}
	}

	private void wake() {
		this.process.execute(() -> {
			if (this.waiting) {
				giveWay();
			}
		});
	}

	/** Somebody interrupts this thread. */
	void interrupt() {
		if (this.thread != null && !this.ended) {
			this.thread.interrupt();
			wake();
		}
	}

	boolean hasEnded() {
		return this.ended;
	}

	/** The simulation is over, or the process was killed: give the thread back. */
	void kill() {
		this.killed = true;
		this.world.setCurrent(this);
		while (!this.ended) {
			this.turn.release();
			waitForReturn();
		}
	}

	@Override
	public String toString() {
		return this.name;
	}

	@SuppressWarnings("serial")
	private static final class Killed extends Error {

		private Killed() {
			super("killed", null, false, false);
		}

	}

}
