package io.github.redlock.autoconfigure;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.core.DefaultRedlock;

/**
 * Lets holders finish before connections are closed. It stops after whatever calls locked
 * methods (web servers, schedulers and listeners have higher phases) and before
 * connection factories, whose phase is 0. How long the context waits is
 * {@code spring.lifecycle.timeout-per-shutdown-phase}. Callers that wait for a lock are
 * not waited for; they are told when the lock closes.
 * <p>
 * Only a context that closes waits. One that is stopped or paused, as a test framework
 * does between two tests, goes on later, and so do its locks.
 */
final class RedlockLifecycle implements SmartLifecycle {

	static final int PHASE = 100;

	/** How many locks the log names. */
	private static final int MAX_NAMED = 10;

	private static final Logger logger = LoggerFactory.getLogger(RedlockLifecycle.class);

	private final Supplier<? extends Collection<? extends Redlock>> redlocks;

	private final RedlockEventPublisher eventPublisher;

	private final Runnable checkServers;

	private final ConfigurableApplicationContext context;

	private volatile boolean running;

	/**
	 * Create the lifecycle.
	 * @param redlocks the locks that are waited for; a bean of another class, such as a
	 * mock, is passed over
	 * @param eventPublisher publishes events from the start on
	 * @param checkServers throws if the start shows that the nodes cannot work
	 * @param context whose end is waited for
	 */
	RedlockLifecycle(Supplier<? extends Collection<? extends Redlock>> redlocks, RedlockEventPublisher eventPublisher,
			Runnable checkServers, ConfigurableApplicationContext context) {
		this.redlocks = redlocks;
		this.eventPublisher = eventPublisher;
		this.checkServers = checkServers;
		this.context = context;
	}

	@Override
	public void start() {
		this.checkServers.run();
		this.running = true;
		this.eventPublisher.start();
	}

	/**
	 * Goes on running, unless the context closes: it would not be waited for then.
	 */
	@Override
	public void stop() {
		this.running = !isClosing();
	}

	/**
	 * The context knows before it tells its listeners, of which one may throw.
	 */
	private boolean isClosing() {
		return this.context.isClosed();
	}

	@Override
	public void stop(Runnable callback) {
		stop();
		if (!isClosing()) {
			callback.run();
			return;
		}
		List<DefaultRedlock> redlocks = this.redlocks.get()
			.stream()
			.filter(DefaultRedlock.class::isInstance)
			.map(DefaultRedlock.class::cast)
			.toList();
		logHeld(redlocks.stream().flatMap((redlock) -> redlock.held().stream()).toList());
		CompletableFuture<?>[] released = redlocks.stream()
			.map((redlock) -> redlock.whenReleased().toCompletableFuture())
			.toArray(CompletableFuture<?>[]::new);
		CompletionStage<Void> all = CompletableFuture.allOf(released);
		all.whenComplete((nothing, error) -> callback.run());
	}

	private static void logHeld(List<LockHandle> held) {
		if (!held.isEmpty()) {
			logger.info(
					"Waiting for the release of {} locks, at most for spring.lifecycle.timeout-per-shutdown-phase: {}{}",
					held.size(),
					held.stream()
						.limit(MAX_NAMED)
						.map((lock) -> lock.resources().toString())
						.collect(Collectors.joining(", ")),
					(held.size() > MAX_NAMED) ? ", ..." : "");
		}
	}

	/**
	 * A paused context keeps its locks.
	 */
	@Override
	public boolean isPauseable() {
		return false;
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
