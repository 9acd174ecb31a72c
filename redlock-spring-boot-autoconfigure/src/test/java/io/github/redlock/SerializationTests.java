package io.github.redlock;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import org.junit.jupiter.api.Test;

import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Exceptions travel between processes, as in the store of a job scheduler or a session,
 * and arrive with what they carry.
 */
class SerializationTests {

	private static final Duration TTL = Duration.ofSeconds(10);

	private static final LockOptions NO_WAIT = LockOptions.builder().retryCount(0).build();

	private final FakeCluster cluster = new FakeCluster(3);

	private final DefaultRedlock redlock = this.cluster.client();

	@SuppressWarnings("unchecked")
	private static <T> T roundTrip(T original) throws IOException, ClassNotFoundException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
			out.writeObject(original);
		}
		try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
			return (T) in.readObject();
		}
	}

	private static List<List<String>> votes(List<ExecutionStats> attempts) {
		return attempts.stream().map((attempt) -> attempt.votes().stream().map(NodeVote::toString).toList()).toList();
	}

	private LockNotAcquiredException notAcquired() {
		return catchThrowableOfType(LockNotAcquiredException.class,
				() -> this.redlock.acquire(List.of("b", "a"), TTL, NO_WAIT));
	}

	private LockReleaseException notReleased(Supplier<RuntimeException> error) {
		LockHandle lock = this.redlock.acquire("a", TTL);
		this.cluster.nodes().forEach((node) -> node.failWith(error.get()));
		return catchThrowableOfType(LockReleaseException.class, lock::release);
	}

	@Test
	void lossKeepsItsResources() throws Exception {
		LockHandle lock = this.redlock.acquire(List.of("b", "a"), TTL);
		this.cluster.time().advance(TTL);
		LockLostException lost = catchThrowableOfType(LockLostException.class, lock::close);
		LockLostException copy = roundTrip(lost);
		assertThat(copy.getResources()).containsExactly("b", "a");
		assertThat(copy).hasMessage(lost.getMessage()).hasCauseInstanceOf(LockLostException.class);
		assertThat(((LockLostException) copy.getCause()).getResources()).containsExactly("b", "a");
	}

	@Test
	void failedAcquisitionKeepsResourcesReasonAndAttempts() throws Exception {
		this.cluster.node(0).hold("a", "stranger", TTL);
		this.cluster.node(1).fence("a", 1L << 52);
		this.cluster.node(2).failWith(new IllegalStateException("LOADING"));
		LockNotAcquiredException failure = notAcquired();
		LockNotAcquiredException copy = roundTrip(failure);
		assertThat(copy.getResources()).containsExactly("b", "a");
		assertThat(copy.getReason()).isEqualTo(failure.getReason());
		assertThat(copy.getStackTrace()).isEqualTo(failure.getStackTrace());
		assertThat(votes(copy.getAttempts())).isEqualTo(votes(failure.getAttempts())).isNotEmpty();
		assertThat(copy.getAttempts().get(0)).hasToString(failure.getAttempts().get(0).toString())
			.satisfies((attempt) -> {
				assertThat(attempt.membershipSize()).isEqualTo(3);
				assertThat(attempt.quorumSize()).isEqualTo(2);
				assertThat(attempt.isComplete()).isTrue();
				assertThat(((Vote.Failed) attempt.votes().get(2).vote()).error())
					.isExactlyInstanceOf(IllegalStateException.class)
					.hasMessage("LOADING");
			});
		assertThat(votes(roundTrip(copy).getAttempts())).isEqualTo(votes(failure.getAttempts()));
	}

	/** Votes that come late still count: the copy is made when it is needed. */
	@Test
	void attemptIsSerializedAsItIsAtThatMoment() throws Exception {
		this.cluster.node(0).hold("a", "stranger", TTL);
		this.cluster.node(1).hold("a", "stranger", TTL);
		this.cluster.node(2).latency(Duration.ofMillis(50), Duration.ofMillis(50));
		LockNotAcquiredException failure = notAcquired();
		LockNotAcquiredException early = roundTrip(failure);
		this.cluster.time().advance(Duration.ofMillis(100));
		assertThat(early.getAttempts().get(0).votes()).hasSize(2);
		assertThat(early.getAttempts().get(0).isComplete()).isFalse();
		assertThat(roundTrip(failure).getAttempts().get(0).votes()).hasSize(3);
	}

	@Test
	void failedReleaseKeepsResourcesAndAttempt() throws Exception {
		LockReleaseException failure = notReleased(() -> new IllegalStateException("LOADING"));
		LockReleaseException copy = roundTrip(failure);
		assertThat(copy.getResources()).containsExactly("a");
		assertThat(copy.getAttempt()).hasToString(failure.getAttempt().toString());
		assertThat(copy.getAttempt().votes()).hasSize(failure.getAttempt().votes().size()).isNotEmpty();
	}

	@Test
	void remedyOfAMistakeIsKept() throws Exception {
		RedlockConfigurationException copy = roundTrip(
				new RedlockConfigurationException("ttl is 0", "make it 1", new Unserializable("why")));
		assertThat(copy).hasMessage("ttl is 0").hasRootCauseMessage(Unserializable.class.getName() + ": why");
		assertThat(copy.getAction()).isEqualTo("make it 1");
	}

	@Test
	void textRemainsOfAnErrorThatCannotBeSerialized() throws Exception {
		String text = Unserializable.class.getName() + ": gone";
		this.cluster.nodes().forEach((node) -> node.failWith(new Unserializable("gone")));
		LockNotAcquiredException failure = notAcquired();
		failure.addSuppressed(new Unserializable("besides"));
		LockNotAcquiredException copy = roundTrip(failure);
		assertThat(copy.getReason()).isEqualTo(Reason.NO_QUORUM);
		assertThat(copy.getResources()).containsExactly("b", "a");
		assertThat(copy).hasMessage(failure.getMessage());
		assertThat(copy.getStackTrace()).isEqualTo(failure.getStackTrace());
		assertThat(copy.getCause()).hasMessage(text);
		assertThat(copy.getCause().getStackTrace()).isEqualTo(failure.getCause().getStackTrace());
		assertThat(copy.getSuppressed()).singleElement()
			.extracting(Throwable::getMessage)
			.asString()
			.endsWith("besides");
		assertThat(copy.getAttempts().get(0).votes())
			.allSatisfy((vote) -> assertThat(((Vote.Failed) vote.vote()).error()).hasMessage(text));
		assertThat(failure.getCause()).as("the original is left alone").isInstanceOf(Unserializable.class);
		this.cluster.nodes().forEach((node) -> node.failWith(null));
		this.cluster.time().advance(Duration.ofMinutes(1));
		LockReleaseException release = roundTrip(notReleased(() -> new Unserializable("gone")));
		assertThat(release.getResources()).containsExactly("a");
		assertThat(release.getCause()).hasMessageContaining(LockReleaseException.class.getName());
		assertThat(release.getAttempt().votes())
			.anySatisfy((vote) -> assertThat(((Vote.Failed) vote.vote()).error()).hasMessage(text));
		LockLostException lost = roundTrip(new LockLostException(List.of("a"), "lost", new Unserializable("gone")));
		assertThat(lost.getResources()).containsExactly("a");
		assertThat(lost.getCause()).hasMessage(text);
	}

	@Test
	void errorsThatReferToEachOtherAreSerialized() throws Exception {
		IllegalStateException loading = new IllegalStateException("LOADING");
		this.cluster.nodes().forEach((node) -> node.failWith(loading));
		LockNotAcquiredException failure = notAcquired();
		loading.addSuppressed(failure);
		LockNotAcquiredException copy = roundTrip(failure);
		assertThat(copy.getResources()).containsExactly("b", "a");
		assertThat(copy.getCause()).hasMessage("LOADING").isInstanceOf(IllegalStateException.class);
		assertThat(copy.getCause().getSuppressed()).containsExactly(copy);
		assertThat(copy.getAttempts()).hasSize(1);
	}

	@Test
	void exceptionOfAnApplicationKeepsThemToo() throws Exception {
		this.cluster.node(0).hold("a", "stranger", TTL);
		this.cluster.node(1).hold("a", "stranger", TTL);
		LockNotAcquiredException failure = notAcquired();
		OrderIsBusy copy = roundTrip(new OrderIsBusy(failure));
		assertThat(copy.getResources()).containsExactly("b", "a");
		assertThat(votes(copy.getAttempts())).isEqualTo(votes(failure.getAttempts())).isNotEmpty();
	}

	@Test
	void voteOfEveryKindIsSerialized() throws Exception {
		for (Vote vote : List.of(new Vote.Granted(3), new Vote.Held(TTL), new Vote.Stale(7), Vote.Missing.INSTANCE)) {
			NodeVote original = new NodeVote("node", vote, Duration.ofMillis(3));
			assertThat(roundTrip(original)).isEqualTo(original);
		}
	}

	/** An error that cannot be serialized. */
	static final class Unserializable extends RuntimeException {

		private static final long serialVersionUID = 1L;

		Unserializable(String message) {
			super(message);
		}

		private void writeObject(ObjectOutputStream stream) throws IOException {
			throw new NotSerializableException(getClass().getName());
		}

	}

	/** An exception of an application. */
	static class OrderIsBusy extends LockNotAcquiredException {

		private static final long serialVersionUID = 1L;

		OrderIsBusy(LockNotAcquiredException failure) {
			super(failure.getResources(), failure.getReason(), failure.getAttempts(), "busy", failure);
		}

	}

}
