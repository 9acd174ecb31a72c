package io.github.redlock.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisScriptingCommands;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * The end of a node whose driver minds interrupts, as Lettuce does, which then forgets
 * what it has not sent yet.
 */
@Timeout(60)
class ClosingNodeTests {

	private static final LockRequest REQUEST = new LockRequest(List.of("a"), "v", Duration.ofSeconds(1), 1);

	private final CountDownLatch begun = new CountDownLatch(1);

	private final CountDownLatch goOn = new CountDownLatch(1);

	private final RedisLockNode node = new RedisLockNode("node", this::connection, new ScriptCommands(""), null,
			Duration.ofSeconds(1));

	private RedisConnection connection() {
		RedisScriptingCommands scripts = mock(RedisScriptingCommands.class, (invocation) -> answer());
		RedisConnection connection = mock(RedisConnection.class);
		given(connection.scriptingCommands()).willReturn(scripts);
		return connection;
	}

	private Object answer() {
		this.begun.countDown();
		try {
			return this.goOn.await(20, TimeUnit.SECONDS) ? 0L : null;
		}
		catch (InterruptedException ex) {
			throw new QueryTimeoutException("interrupted before it was sent", ex);
		}
	}

	@Test
	void closingLetsWhatItWasGivenEnd() throws Exception {
		CompletionStage<Vote> underWay = this.node.release(REQUEST);
		assertThat(this.begun.await(20, TimeUnit.SECONDS)).isTrue();
		CompletionStage<Vote> queued = this.node.release(REQUEST);
		CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> this.node.close(Duration.ofSeconds(20)));
		await().until(() -> this.node.release(REQUEST).toCompletableFuture().isDone());
		this.goOn.countDown();
		closing.get(20, TimeUnit.SECONDS);
		assertThat(underWay.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(20))
			.isInstanceOf(Vote.Granted.class);
		assertThat(queued.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(20))
			.isInstanceOf(Vote.Granted.class);
	}

	/** The server has answered, and the thread that reads the answer has stood still. */
	@Test
	void answerThatIsBeingDeliveredIsNotGivenUp() throws Exception {
		CompletionStage<Void> before = this.node.catchUp();
		assertThat(before.toCompletableFuture()).isDone();
		CompletionStage<Vote> underWay = this.node.release(REQUEST);
		assertThat(this.begun.await(20, TimeUnit.SECONDS)).isTrue();
		CompletionStage<Vote> queued = this.node.release(REQUEST);
		CompletableFuture<Boolean> delivered = this.node.catchUp()
			.thenApply((ignored) -> underWay.toCompletableFuture().isDone() && queued.toCompletableFuture().isDone())
			.toCompletableFuture();
		assertThat(delivered).isNotDone();
		this.goOn.countDown();
		assertThat(delivered).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(true);
		this.node.close();
		assertThat(this.node.catchUp().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(20));
	}

	@Test
	void closingDoesNotWaitForANodeThatIsSilent() throws Exception {
		CompletionStage<Vote> underWay = this.node.release(REQUEST);
		assertThat(this.begun.await(20, TimeUnit.SECONDS)).isTrue();
		CompletableFuture.runAsync(this.node::close).get(10, TimeUnit.SECONDS);
		assertThat(underWay.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(10))
			.isInstanceOf(Vote.Failed.class);
	}

}
