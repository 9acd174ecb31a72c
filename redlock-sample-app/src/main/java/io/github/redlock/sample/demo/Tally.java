package io.github.redlock.sample.demo;

import java.util.concurrent.atomic.AtomicInteger;

import io.github.redlock.sample.demo.DemoRepository.Share;

/**
 * How the buyers of this instance fare.
 * <p>
 * Thread-safe.
 */
final class Tally {

	private final AtomicInteger late = new AtomicInteger();

	private final AtomicInteger refused = new AtomicInteger();

	private final AtomicInteger failed = new AtomicInteger();

	void late() {
		this.late.incrementAndGet();
	}

	void refused() {
		this.refused.incrementAndGet();
	}

	void failed() {
		this.failed.incrementAndGet();
	}

	Share share(String instance, int buyers, boolean ended) {
		return new Share(instance, buyers, this.late.get(), this.refused.get(), this.failed.get(), ended);
	}

}
