package io.github.redlock.autoconfigure;

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
 * often for that; a {@link RedlockListener} hears it.
 */
final class RedlockEventPublisher implements RedlockListener {

	private final ApplicationEventPublisher publisher;

	RedlockEventPublisher(ApplicationEventPublisher publisher) {
		this.publisher = publisher;
	}

	@Override
	public void acquireFailed(List<String> resources, LockNotAcquiredException error) {
		this.publisher.publishEvent(new LockNotAcquiredEvent(resources, error));
	}

	@Override
	public void lost(LockHandle lock, LockLostException error) {
		this.publisher.publishEvent(new LockLostEvent(lock, error));
	}

	@Override
	public void releaseFailed(LockHandle lock, LockReleaseException error) {
		this.publisher.publishEvent(new LockReleaseFailedEvent(lock, error));
	}

	@Override
	public void nodeError(String node, Throwable error) {
		this.publisher.publishEvent(new NodeErrorEvent(node, error));
	}

	@Override
	public void nodeDown(String node, Throwable error) {
		this.publisher.publishEvent(new NodeDownEvent(node, error));
	}

	@Override
	public void nodeUp(String node) {
		this.publisher.publishEvent(new NodeUpEvent(node));
	}

}
