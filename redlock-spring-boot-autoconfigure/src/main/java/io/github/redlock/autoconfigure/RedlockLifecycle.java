package io.github.redlock.autoconfigure;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.SmartLifecycle;

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

	private final DefaultRedlock redlock;

	private volatile boolean running;

	RedlockLifecycle(DefaultRedlock redlock) {
		this.redlock = redlock;
	}

	@Override
	public void start() {
		this.running = true;
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public void stop(Runnable callback) {
		logger.debug("Waiting for locks to be released");
		this.redlock.whenIdle().whenComplete((idle, error) -> {
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
