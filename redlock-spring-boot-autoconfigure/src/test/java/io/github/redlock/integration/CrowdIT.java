package io.github.redlock.integration;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.testing.FakeCluster.Recorder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Very many waiters of one process, on real servers. Numbers in brackets: see
 * docs/traps.md.
 */
@Timeout(120)
class CrowdIT extends AbstractQuorumIT {

	private static final int MANY = 10_000;

	private static final Duration TTL = Duration.ofSeconds(3);

	private static final LockOptions EXTENDED = LockOptions.builder().autoExtend(true).build();

	private final Recorder recorder = new Recorder();

	/** [85] */
	@Test
	void waitersThatGiveUpTogetherDoNotLoseAnotherLock() {
		start(3);
		DefaultRedlock redlock = client((builder) -> builder.listener(this.recorder));
		LockHandle other = redlock.acquire(List.of("other"), TTL, EXTENDED);
		LockHandle wanted = redlock.acquire(List.of("wanted"), TTL, EXTENDED);
		LockOptions patient = LockOptions.builder().waitTime(Duration.ofSeconds(2)).build();
		List<CompletableFuture<LockHandle>> waiters = IntStream.range(0, MANY)
			.mapToObj((i) -> redlock.acquireAsync(List.of("wanted"), TTL, patient))
			.toList();
		await().atMost(Duration.ofSeconds(60))
			.until(() -> waiters.stream().allMatch(CompletableFuture::isCompletedExceptionally));
		await().during(TTL).atMost(TTL.multipliedBy(3)).until(() -> other.isValid() && wanted.isValid());
		assertThat(other.release()).isTrue();
		assertThat(wanted.release()).isTrue();
		assertThat(this.recorder.events("lost")).isEmpty();
	}

}
