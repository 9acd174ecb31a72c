package io.github.redlock.autoconfigure;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.SmartLifecycle;

import io.github.redlock.Redlock;
import io.github.redlock.core.DefaultRedlock;

/**
 * Lets work under a lock finish before connections are closed. It stops after whatever
 * calls locked methods (web servers, schedulers and listeners have higher phases) and
 * before connection factories, whose phase is 0. How long the context waits is
 * {@code spring.lifecycle.timeout-per-shutdown-phase}.
 */
final class RedlockLifecycle implements SmartLifecycle {

	static final int PHASE = 100;

	private static final Logger logger = LoggerFactory.getLogger(RedlockLifecycle.class);

	private final Supplier<? extends Collection<? extends Redlock>> redlocks;

	private final RedlockEventPublisher eventPublisher;

	private volatile boolean running;

	/**
	 * Create the lifecycle.
	 * @param redlocks the locks that are waited for; a bean of another class, such as a
	 * mock, is passed over
	 * @param eventPublisher publishes events from the start on
	 */
	RedlockLifecycle(Supplier<? extends Collection<? extends Redlock>> redlocks, RedlockEventPublisher eventPublisher) {
		this.redlocks = redlocks;
		this.eventPublisher = eventPublisher;
	}

	@Override
	public void start() {
		this.running = true;
		this.eventPublisher.start();
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public void stop(Runnable callback) {
		logger.debug("Waiting for locks to be released");
		CompletableFuture<?>[] idle = this.redlocks.get()
			.stream()
			.filter(DefaultRedlock.class::isInstance)
			.map((redlock) -> ((DefaultRedlock) redlock).whenIdle().toCompletableFuture())
			.toArray(CompletableFuture<?>[]::new);
		CompletionStage<Void> all = CompletableFuture.allOf(idle);
		all.whenComplete((nothing, error) -> {
			stop();
			callback.run();
		});
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

}
