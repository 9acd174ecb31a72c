package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Callers that come in a crowd: the nodes are not asked for all of them at once.
 */
class AdmissionTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final Duration WAY = Duration.ofMillis(5);

	private static final int CROWD = Admission.MAX_UNANSWERED * 5 / 2;

	private final FakeCluster cluster = new FakeCluster(3);

	private final DefaultRedlock redlock = this.cluster.client();

	private CompletableFuture<LockHandle> ask(String resource) {
		LockOptions options = LockOptions.builder().waitTime(Duration.ofSeconds(5)).autoExtend(false).build();
		return this.redlock.acquireAsync(List.of(resource), TTL, options);
	}

	private List<CompletableFuture<LockHandle>> askAll() {
		this.cluster.nodes().forEach((node) -> node.latency(WAY, WAY));
		List<CompletableFuture<LockHandle>> crowd = new ArrayList<>();
		for (int i = 0; i < CROWD; i++) {
			crowd.add(ask("a" + i));
		}
		return crowd;
	}

	private void pass(Duration time) {
		this.cluster.time().advance(time);
	}

	@Test
	void nodeIsAskedForSoManyAtOnceAndForTheOthersWhenItHasAnswered() {
		List<CompletableFuture<LockHandle>> crowd = askAll();
		CompletableFuture<LockHandle> late = ask("late");
		this.cluster.clearLogs();
		pass(WAY);
		assertThat(this.cluster.node(0).log()).hasSize(Admission.MAX_UNANSWERED);
		pass(Duration.ofSeconds(1));
		assertThat(crowd).allMatch(CompletableFuture::isDone).allMatch((lock) -> lock.join().isValid());
		assertThat(late).isDone();
		assertThat(this.cluster.node(0).log()).as("in the order of their arrival").endsWith("acquire [late]");
	}

	@Test
	void holderIsNotHeldUp() {
		CompletableFuture<LockHandle> holder = ask("held");
		pass(Duration.ofMillis(1));
		LockHandle lock = holder.join();
		askAll();
		CompletableFuture<Boolean> released = lock.releaseAsync();
		pass(WAY);
		assertThat(this.cluster.node(0).log()).endsWith("release [held]");
		pass(WAY);
		assertThat(released).isCompletedWithValue(true);
	}

	@Test
	void whoGivesUpMeanwhileIsNotAskedFor() {
		List<CompletableFuture<LockHandle>> crowd = askAll();
		crowd.get(CROWD - 1).cancel(true);
		pass(Duration.ofSeconds(1));
		assertThat(this.cluster.node(0).log()).doesNotContain("acquire [a" + (CROWD - 1) + "]")
			.contains("acquire [a" + (CROWD - 2) + "]");
	}

	@Tag("scale")
	@Test
	void silentNodesDoNotKeepTheOthersWaitingForEver() {
		this.cluster.nodes().forEach((node) -> node.freeze());
		List<CompletableFuture<LockHandle>> crowd = askAll();
		pass(Duration.ofSeconds(6));
		assertThat(crowd).allMatch(CompletableFuture::isCompletedExceptionally);
	}

}
