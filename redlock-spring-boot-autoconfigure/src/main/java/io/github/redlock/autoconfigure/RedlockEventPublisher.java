package io.github.redlock.autoconfigure;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.ApplicationEventPublisher;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.RedlockListener;
import io.github.redlock.event.LockLostEvent;
import io.github.redlock.event.LockNotAcquiredEvent;
import io.github.redlock.event.LockReleaseFailedEvent;
import io.github.redlock.event.NodeDownEvent;
import io.github.redlock.event.NodeErrorEvent;
import io.github.redlock.event.NodeUpEvent;
import io.github.redlock.event.QuorumLostEvent;
import io.github.redlock.event.QuorumRegainedEvent;

/**
 * Publishes everything that goes wrong as application events. What goes right happens too
 * often for that, unless somebody asks for it ({@link LockEventPublisher}).
 * <p>
 * Each set of nodes has a publisher of its own, and no monitor is held while an event is
 * published: a slow {@code @EventListener} delays the next event of its set, and nothing
 * of another one. Events of one set keep their order.
 * <p>
 * Until everybody who listens is there, at most {@value #MAX_EARLY} events of a set are
 * kept. Where one more comes, an old one is dropped: one of a failure, as long as there
 * are any, and else of a loss, an unconfirmed release or a node that is down or up.
 */
final class RedlockEventPublisher implements RedlockListener {

	static final int MAX_EARLY = 1000;

	private static final Logger logger = LoggerFactory.getLogger(RedlockEventPublisher.class);

	private final ApplicationEventPublisher publisher;

	/** The publishers of further sets. Used in the monitor. */
	private final List<RedlockEventPublisher> others = new ArrayList<>();

	private final Deque<Object> waiting = new ArrayDeque<>();

	private long dropped;

	private boolean started;

	/** A thread publishes what waits. */
	private boolean publishing;

	RedlockEventPublisher(ApplicationEventPublisher publisher) {
		this.publisher = publisher;
	}

	/**
	 * A publisher for one more set of nodes, which starts together with this one.
	 */
	synchronized RedlockEventPublisher forAnotherSet() {
		RedlockEventPublisher other = new RedlockEventPublisher(this.publisher);
		other.started = this.started;
		this.others.add(other);
		return other;
	}

	/**
	 * Everybody who listens is there: publish what has happened so far, such as a node
	 * that could not be reached, and from now on at once.
	 */
	void start() {
		List<RedlockEventPublisher> all = new ArrayList<>();
		synchronized (this) {
			all.add(this);
			all.addAll(this.others);
			this.started = true;
		}
		// First all of them: while a listener is slow here, the other sets go on.
		all.forEach(RedlockEventPublisher::markStarted);
		all.forEach(RedlockEventPublisher::publishWaiting);
	}

	private synchronized void markStarted() {
		this.started = true;
	}

	private void publish(Object event) {
		synchronized (this) {
			this.waiting.add(event);
			if (this.waiting.size() > MAX_EARLY) {
				this.waiting.remove(leastImportant());
				this.dropped++;
			}
		}
		publishWaiting();
	}

	/**
	 * Publish what waits, in order, unless another thread does.
	 */
	private void publishWaiting() {
		synchronized (this) {
			if (!this.started || this.publishing) {
				return;
			}
			this.publishing = true;
		}
		boolean over = false;
		try {
			for (Object event = next(); event != null; event = next()) {
				publishNow(event);
			}
			over = true;
		}
		finally {
			if (!over) {
				stopPublishing();
			}
		}
	}

	private void publishNow(Object event) {
		try {
			this.publisher.publishEvent(event);
		}
		catch (Throwable ex) {
			logger.warn("A listener of {} failed; no lock is affected", event.getClass().getSimpleName(), ex);
		}
	}

	private @Nullable Object next() {
		long missed;
		synchronized (this) {
			Object next = this.waiting.poll();
			if (next != null) {
				return next;
			}
			this.publishing = false;
			missed = this.dropped;
			this.dropped = 0;
		}
		if (missed > 0) {
			logger.warn("{} events of locks and nodes were dropped before the application was ready for them", missed);
		}
		return null;
	}

	/**
	 * Not even the failure of a listener could be logged. The next event goes on.
	 */
	private synchronized void stopPublishing() {
		this.publishing = false;
	}

	/**
	 * The oldest one that the caller hears of anyway, or that a quorum made harmless.
	 */
	private Object leastImportant() {
		return this.waiting.stream()
			.filter((event) -> event instanceof NodeErrorEvent || event instanceof LockNotAcquiredEvent)
			.findFirst()
			.orElseGet(this.waiting::element);
	}

	@Override
	public void quorumLost(int voting, int quorum) {
		publish(new QuorumLostEvent(voting, quorum));
	}

	@Override
	public void quorumRegained(int voting, int quorum) {
		publish(new QuorumRegainedEvent(voting, quorum));
	}

	@Override
	public void acquireFailed(List<String> resources, LockNotAcquiredException error) {
		publish(new LockNotAcquiredEvent(resources, error));
	}

	@Override
	public void lost(LockHandle lock, LockLostException error) {
		publish(new LockLostEvent(lock, error));
	}

	@Override
	public void releaseFailed(LockHandle lock, LockReleaseException error) {
		publish(new LockReleaseFailedEvent(lock, error));
	}

	@Override
	public void nodeError(String node, Throwable error) {
		publish(new NodeErrorEvent(node, error));
	}

	@Override
	public void nodeDown(String node, Throwable error) {
		publish(new NodeDownEvent(node, error));
	}

	@Override
	public void nodeUp(String node) {
		publish(new NodeUpEvent(node));
	}

}
