package io.github.redlock.core;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.RedlockObserver;

/**
 * Those who measure. What one of them throws harms neither a lock nor the others.
 * Thread-safe.
 */
final class Observers {

	private static final Logger logger = LoggerFactory.getLogger(Observers.class);

	private final List<RedlockObserver> observers;

	private final AtomicBoolean warned = new AtomicBoolean();

	Observers(List<RedlockObserver> observers) {
		this.observers = List.copyOf(observers);
	}

	/**
	 * Whether nobody measures, so that nothing has to be prepared.
	 */
	boolean isEmpty() {
		return this.observers.isEmpty();
	}

	void tell(Consumer<RedlockObserver> observation) {
		for (int i = 0; i < this.observers.size(); i++) {
			try {
				observation.accept(this.observers.get(i));
			}
			catch (RuntimeException | Error ex) {
				if (this.warned.compareAndSet(false, true)) {
					logger.warn("An observer failed; no lock is affected. This is said once", ex);
				}
			}
		}
	}

}
