package io.github.redlock.core;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.testing.VirtualTime;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * When a lock takes part in a batch of extensions.
 */
class RenewalTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final LockSettings EXTENDED = new LockSettings("", null, 0,
			new RetrySchedule(Duration.ZERO, Duration.ZERO), 0.01, true, Duration.ZERO, null);

	private final VirtualTime time = new VirtualTime();

	private final NodeGroup nodes = new NodeGroup(List.of(), new Quorum(1), this.time, () -> 0,
			new EventDispatcher(List.of(), Runnable::run), this.time);

	private final ExtensionBatch batch = new ExtensionBatch(this.nodes, TTL.toNanos(), 0);

	private Renewal renewal(Held lock) {
		return new Renewal(lock, this.nodes, new KeepAlive(this.nodes, Duration.ofMillis(200), 0.3), EXTENDED,
				this.time.nanoTime(), TTL, this.time.nanoTime() + TTL.toNanos());
	}

	private static Held lock(String... resources) {
		return new Held(new LockRequest(List.of(resources), "v", TTL, LockRequest.NO_TOKEN), true, 1);
	}

	@Test
	void heldLockJoinsABatchOnce() {
		Held lock = lock("a");
		Renewal renewal = renewal(lock);
		assertThat(renewal.join(this.batch, TTL.toNanos(), 0)).isEqualTo(lock.request);
		assertThat(renewal.join(this.batch, TTL.toNanos(), 0)).isNull();
		assertThat(renewal.underWay()).isSameAs(this.batch.over());
	}

	@Test
	void lockWhoseTtlWasChangedDoesNotJoinABatchOfTheOldOne() {
		assertThat(renewal(lock("a")).join(this.batch, TTL.toNanos() + 1, 0)).isNull();
	}

	@Test
	void lockOfSeveralResourcesIsExtendedAlone() {
		assertThat(renewal(lock("a", "b")).join(this.batch, TTL.toNanos(), 0)).isNull();
	}

	@Test
	void lockThatIsOverDoesNotJoinABatch() {
		LockRequest request = lock("a").request;
		assertThat(renewal(new Held(request, false, 1)).join(this.batch, TTL.toNanos(), 0)).isNull();
		assertThat(renewal(new Held(request, true, 0)).join(this.batch, TTL.toNanos(), 0)).isNull();
	}

	private record Held(LockRequest request, boolean isHeld, long remainingNanos) implements ExtendableLock {

		@Override
		public String name() {
			return "";
		}

		@Override
		public boolean endIfExpired() {
			return this.remainingNanos <= 0;
		}

		@Override
		public boolean endsByMaxHold() {
			return false;
		}

		@Override
		public boolean extended(long start, LockRequest request) {
			return true;
		}

		@Override
		public void extensionEnded() {
		}

		@Override
		public void lose(String how, Throwable cause) {
		}

	}

}
