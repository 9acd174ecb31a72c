package io.github.redlock.autoconfigure;

import java.util.ArrayList;
import java.util.List;

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

/**
 * Publishes everything that goes wrong as application events. What goes right happens too
 * often for that; a {@link RedlockListener} is told of it.
 */
final class RedlockEventPublisher implements RedlockListener {

	private final ApplicationEventPublisher publisher;

	private final List<Object> early = new ArrayList<>();

	private boolean started;

	RedlockEventPublisher(ApplicationEventPublisher publisher) {
		this.publisher = publisher;
	}

	/**
	 * All listeners exist now: publish the events so far, such as that of a node that
	 * could not be reached, and from now on each event at once.
	 */
	synchronized void start() {
		this.started = true;
		this.early.forEach(this.publisher::publishEvent);
		this.early.clear();
	}

	private synchronized void publish(Object event) {
		if (this.started) {
			this.publisher.publishEvent(event);
		}
		else {
			this.early.add(event);
		}
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
