package io.github.redlock.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The executor of the user's, and what becomes of tasks that it does not take. */
class GivenExecutorTests {

	private final Deque<Runnable> given = new ArrayDeque<>();

	private final Deque<Runnable> fallback = new ArrayDeque<>();

	private final List<String> ran = new ArrayList<>();

	/** Runs on another thread, as tasks do. */
	private static void elsewhere(Runnable task) {
		Thread thread = new Thread(task);
		thread.start();
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void taskThatIsTakenGoesNowhereElse() {
		GivenExecutor executor = new GivenExecutor(this.given::add, this.fallback::add);
		executor.execute(() -> this.ran.add("task"));
		assertThat(this.fallback).isEmpty();
		this.given.remove().run();
		assertThat(this.ran).as("by whoever, once the executor has returned").containsExactly("task");
	}

	@Test
	void taskThatIsTakenAndRefusedNeverthelessRunsOnce() {
		GivenExecutor executor = new GivenExecutor((task) -> {
			this.given.add(task);
			throw new RejectedExecutionException("as intended");
		}, this.fallback::add);
		executor.execute(() -> this.ran.add("task"));
		elsewhere(this.fallback.remove());
		elsewhere(this.given.remove());
		assertThat(this.ran).containsExactly("task");
	}

	@Test
	void taskNeverRunsInsideTheCallThatHandsItOver() {
		GivenExecutor executor = new GivenExecutor(Runnable::run, this.fallback::add);
		executor.execute(() -> this.ran.add("task"));
		assertThat(this.ran).isEmpty();
		elsewhere(this.fallback.remove());
		assertThat(this.ran).containsExactly("task");
	}

}
