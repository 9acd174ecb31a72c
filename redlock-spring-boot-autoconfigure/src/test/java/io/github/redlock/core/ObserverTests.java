package io.github.redlock.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.RedlockObserver;
import io.github.redlock.RedlockStatus;
import io.github.redlock.RedlockStatus.LockStatus;
import io.github.redlock.RedlockStatus.NodeStatus;
import io.github.redlock.RedlockStatus.WaiterStatus;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * What can be measured of a lock client, and what its status says.
 */
class ObserverTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	private static final LockOptions PAY = LockOptions.builder().name("pay").build();

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final List<String> seen = new ArrayList<>();

	private final DefaultRedlock redlock = this.cluster.client((builder) -> builder.name("orders")
		.listener(this.recorder)
		.observer(new Throwing())
		.observer(new Seeing("nobody")));

	/** Writes down what it is told. */
	private final class Seeing implements RedlockObserver {

		private final String client;

		private Seeing(String client) {
			this.client = client;
		}

		@Override
		public RedlockObserver forClient(String name) {
			return new Seeing(name);
		}

		@Override
		public void acquired(String name, LockHandle lock, Duration took, Duration queued) {
			see("acquired " + name + " " + lock.resources() + " in " + took.toMillis() + " queued "
					+ queued.toMillis());
		}

		@Override
		public void notAcquired(String name, LockNotAcquiredException.Reason reason, Duration took, Duration queued) {
			see("not acquired " + name + " " + reason + " in " + took.toMillis() + " queued " + queued.toMillis());
		}

		@Override
		public void extensionFailed(String name) {
			see("not extended " + name);
		}

		@Override
		public void ended(String name, End end, Duration held) {
			see("ended " + name + " " + end + " after " + held.toMillis());
		}

		@Override
		public void nodeFailed(String node, Vote.Failed.Reason reason) {
			see(node + " " + reason);
		}

		private void see(String what) {
			ObserverTests.this.seen.add(this.client + ": " + what);
		}

	}

	/** It must harm nobody. */
	private static final class Throwing implements RedlockObserver {

		@Override
		public void acquired(String name, LockHandle lock, Duration took, Duration queued) {
			throw new StackOverflowError();
		}

		@Override
		public void ended(String name, End end, Duration held) {
			throw new IllegalStateException("broken");
		}

	}

	private void pass(Duration time) {
		this.cluster.time().advance(time);
	}

	@Test
	void lockIsMeasuredFromItsCallToItsEnd() {
		this.cluster.nodes().forEach((node) -> node.latency(Duration.ofMillis(2), Duration.ofMillis(3)));
		LockHandle lock = this.redlock.acquire(List.of("a"), TTL, PAY);
		assertThat(this.seen).containsExactly("orders: acquired pay [a] in 5 queued 0");
		pass(Duration.ofSeconds(1));
		lock.release();
		assertThat(this.seen).element(1).asString().startsWith("orders: ended pay RELEASED after 10");
	}

	@Test
	void timeInTheQueueAndTheReasonOfAFailureAreMeasured() {
		LockHandle lock = this.redlock.acquire(List.of("a"), TTL, LockOptions.builder().autoExtend(true).build());
		CompletableFuture<LockHandle> waiting = this.redlock.acquireAsync(List.of("a"), TTL,
				PAY.toBuilder().waitTime(Duration.ofSeconds(1)).build());
		pass(Duration.ofSeconds(2));
		assertThat(waiting).isCompletedExceptionally();
		assertThat(this.seen).contains("orders: not acquired pay HELD in 1000 queued 1000");
		lock.release();
		assertThat(this.seen).anyMatch((each) -> each.startsWith("orders: ended  RELEASED"));
	}

	@Test
	void lossAndFailedExtensionsAndUnconfirmedReleasesAreMeasured() {
		LockHandle lock = this.redlock.acquire(List.of("a"), TTL, PAY.toBuilder().autoExtend(true).build());
		LockHandle another = this.redlock.acquire(List.of("b"), TTL.multipliedBy(10), PAY);
		this.cluster.nodes().subList(0, 2).forEach((node) -> node.refuse(true));
		pass(TTL);
		assertThat(lock.isValid()).isFalse();
		assertThat(this.seen).contains("orders: not extended pay", "orders: node0 UNREACHABLE")
			.anyMatch((each) -> each.startsWith("orders: ended pay LOST after 98"));
		assertThatExceptionOfType(RuntimeException.class).isThrownBy(another::release);
		assertThat(this.seen).anyMatch((each) -> each.startsWith("orders: ended pay UNCONFIRMED"));
	}

	@Test
	void statusShowsNodesLocksAndWaiters() {
		LockHandle lock = this.redlock.acquire(List.of("a"), TTL, PAY.toBuilder().autoExtend(true).build());
		this.redlock.acquireAsync(List.of("a"), TTL, PAY.toBuilder().waitTime(Duration.ofMinutes(1)).build());
		this.cluster.node(2).refuse(true);
		pass(Duration.ofSeconds(4));
		RedlockStatus status = this.redlock.status();
		assertThat(status.name()).isEqualTo("orders");
		assertThat(status.voting()).isEqualTo(2);
		assertThat(status.margin()).isZero();
		assertThat(status.nodes()).element(2).satisfies((node) -> {
			assertThat(node.isVoting()).isFalse();
			assertThat(node.reason()).contains(Vote.Failed.Reason.UNREACHABLE);
			assertThat(node.error()).hasValueSatisfying((error) -> assertThat(error).contains("connection refused"));
		});
		assertThat(status.held()).singleElement().satisfies((held) -> {
			assertThat(held).extracting(LockStatus::name, LockStatus::resources, LockStatus::extensions)
				.containsExactly("pay", List.of("a"), 1);
			assertThat(held.heldFor()).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(5));
			assertThat(held.token()).hasValue(lock.fencingToken());
			assertThat(held.thread()).isEqualTo(Thread.currentThread().getName());
		});
		assertThat(status.waiting()).singleElement()
			.extracting(WaiterStatus::name, WaiterStatus::waitingFor)
			.containsExactly("pay", Duration.ofSeconds(4));
		assertThat(status.toString()).doesNotContain(lock.value());
		assertThat(this.redlock.countHeld()).isEqualTo(1);
		assertThat(this.redlock.countWaiting()).isEqualTo(1);
	}

	@Test
	void probeMeasuresTheRoundTripAndFindsWhoIsSilent() {
		this.cluster.nodes().forEach((node) -> node.latency(Duration.ofMillis(1), Duration.ofMillis(2)));
		this.cluster.node(1).freeze();
		CompletableFuture<RedlockStatus> first = this.redlock.probe();
		pass(FakeCluster.COMMAND_TIMEOUT.multipliedBy(2));
		assertThat(first).isCompleted();
		assertThat(first.join().nodes()).extracting(NodeStatus::roundTrip)
			.extracting((time) -> time.map(Duration::toMillis).orElse(-1L))
			.containsExactly(3L, -1L, 3L);
		CompletableFuture<RedlockStatus> second = this.redlock.probe();
		pass(FakeCluster.COMMAND_TIMEOUT.multipliedBy(2));
		assertThat(second.join().nodes()).extracting(NodeStatus::isVoting).containsExactly(true, false, true);
	}

	@Test
	void quorumThatIsLostAndRegainedIsAnEvent() {
		this.cluster.nodes().subList(0, 2).forEach((node) -> node.refuse(true));
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> this.redlock.acquire("a", TTL));
		assertThat(this.recorder.events("quorum")).containsExactly("quorumLost 1 of 2");
		this.cluster.nodes().forEach((node) -> node.refuse(false));
		pass(Duration.ofSeconds(5));
		assertThat(this.recorder.events("quorum")).containsExactly("quorumLost 1 of 2", "quorumRegained 2 of 2");
	}

	@Test
	void valueNamesItsOwner() {
		DefaultRedlock named = this.cluster.client((builder) -> builder.owner("shop\u00e9 1:42"));
		assertThat(named.acquire("b", TTL).value()).matches("shop--1:42:[0-9a-f]{32}");
		assertThat(this.redlock.acquire("c", TTL).value()).matches("[0-9a-f]{32}");
		DefaultRedlock longName = this.cluster.client((builder) -> builder.owner("x".repeat(1000)));
		assertThat(longName.acquire("d", TTL).value()).hasSize(100 + 1 + 32);
	}

	@Test
	void startIsOneLine() {
		assertThat(new StartMessage(this.redlock.status()))
			.hasToString("orders: 3 nodes, quorum 2, all answer (node0, node1, node2)");
		this.cluster.node(0).refuse(true);
		this.redlock.acquire("a", TTL);
		assertThat(new StartMessage(this.redlock.status()))
			.hasToString("orders: 3 nodes, quorum 2, 2 answer (node0 does not vote, node1, node2)");
	}

	@Test
	void nameIsNotBlank() {
		assertThatIllegalArgumentException().isThrownBy(() -> LockOptions.builder().name(" "))
			.withMessageContaining("name \" \" is blank");
	}

}
