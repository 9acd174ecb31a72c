package io.github.redlock.redis;

import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is waited for is delivered by then.
 */
class DeliveriesTests {

	private final Deliveries deliveries = new Deliveries();

	private CompletableFuture<Void> soFar() {
		return this.deliveries.soFar().toCompletableFuture();
	}

	@Test
	void nothingHandedOverIsNothingToWaitFor() {
		assertThat(soFar()).isDone();
	}

	@Test
	void whatIsHandedOverLaterIsNotWaitedFor() {
		this.deliveries.handOver();
		this.deliveries.handOver();
		CompletableFuture<Void> both = soFar();
		this.deliveries.handOver();
		CompletableFuture<Void> all = soFar();
		this.deliveries.delivered(1);
		assertThat(both).isNotDone();
		this.deliveries.delivered(1);
		assertThat(both).isDone();
		assertThat(all).isNotDone();
		this.deliveries.delivered(1);
		assertThat(all).isDone();
		assertThat(soFar()).isDone();
	}

	@Test
	void nobodyWaitsAfterTheEnd() {
		this.deliveries.handOver();
		CompletableFuture<Void> last = soFar();
		this.deliveries.end();
		assertThat(last).isDone();
		assertThat(soFar()).isDone();
	}

}
