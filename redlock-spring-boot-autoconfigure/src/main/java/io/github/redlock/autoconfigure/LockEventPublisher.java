package io.github.redlock.autoconfigure;

import org.springframework.context.ApplicationEventPublisher;

import io.github.redlock.LockHandle;
import io.github.redlock.RedlockListener;
import io.github.redlock.event.LockAcquiredEvent;
import io.github.redlock.event.LockReleasedEvent;

/**
 * Publishes what goes right as application events: every lock, where
 * {@code redlock.lock-events} is on.
 */
final class LockEventPublisher implements RedlockListener {

	private final ApplicationEventPublisher publisher;

	LockEventPublisher(ApplicationEventPublisher publisher) {
		this.publisher = publisher;
	}

	@Override
	public void acquired(LockHandle lock) {
		this.publisher.publishEvent(new LockAcquiredEvent(lock));
	}

	@Override
	public void released(LockHandle lock, boolean wasValid) {
		this.publisher.publishEvent(new LockReleasedEvent(lock, wasValid));
	}

}
