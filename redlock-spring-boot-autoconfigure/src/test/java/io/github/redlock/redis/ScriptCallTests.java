package io.github.redlock.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

import org.junit.jupiter.api.Test;
import redis.clients.jedis.exceptions.JedisDataException;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An acquisition without its script: what is sent, and what two answers mean.
 */
class ScriptCallTests {

	private static final LockRequest REQUEST = new LockRequest(List.of("a"), "v1", Duration.ofSeconds(10), 100);

	private static final LockRequest WITHOUT_TOKEN = new LockRequest(List.of("a"), "v1", Duration.ofSeconds(10),
			LockRequest.NO_TOKEN);

	private final ScriptCommands commands = new ScriptCommands("p:");

	private ScriptCall free(LockRequest request) {
		return ScriptCall.ofFree(this.commands.of(LockScript.ACQUIRE, request), request.token());
	}

	private Vote vote(LockRequest request, Object... answers) {
		ScriptCall call = free(request);
		call.encodedFor(false);
		ScriptPipeline pipeline = new ScriptPipeline();
		pipeline.sent(call);
		Queue<ScriptCall> answered = new ArrayDeque<>();
		for (Object answer : answers) {
			assertThat(answered).as("before the last answer").isEmpty();
			assertThat(pipeline.answered(answer, answered)).isNull();
		}
		assertThat(answered).containsExactly(call);
		assertThat(pipeline.size()).isZero();
		call.deliver();
		return call.vote().join();
	}

	@Test
	void keyIsTakenBeforeTheFenceIsRaised() {
		assertThat(new String(free(REQUEST).encodedFor(false), StandardCharsets.UTF_8).split("\r\n")).containsExactly(
				"*6", "$3", "SET", "$3", "p:a", "$2", "v1", "$2", "PX", "$5", "10000", "$2", "NX", "*6", "$4", "ZADD",
				"$" + new LockKeys("p:").fenceKey("a").length(), new LockKeys("p:").fenceKey("a"), "$2", "GT", "$2",
				"CH", "$3", "100", "$1", "t");
		assertThat(new String(free(WITHOUT_TOKEN).encodedFor(false), StandardCharsets.UTF_8))
			.startsWith("*6\r\n$3\r\nSET")
			.doesNotContain("ZADD");
	}

	/** Old servers, and those that do not tell their version. */
	@Test
	void scriptIsSentWhereItMustNotBeLeftOut() {
		assertThat(new String(free(REQUEST).encodedFor(true), StandardCharsets.UTF_8)).contains("EVALSHA")
			.doesNotContain("ZADD");
	}

	@Test
	void nodeVotesForTheLockOnlyIfBothCommandsDo() {
		assertThat(vote(REQUEST, "OK", 1L)).isInstanceOf(Vote.Granted.class);
		assertThat(vote(REQUEST, "OK", 0L)).isEqualTo(new Vote.Stale(100));
		assertThat(vote(REQUEST, ReplyReader.NULL, 1L)).isEqualTo(Vote.Held.FOR_UNKNOWN_TIME);
		assertThat(vote(REQUEST, ReplyReader.NULL, 0L)).isEqualTo(Vote.Held.FOR_UNKNOWN_TIME);
		assertThat(vote(WITHOUT_TOKEN, "OK")).isInstanceOf(Vote.Granted.class);
		assertThat(vote(WITHOUT_TOKEN, ReplyReader.NULL)).isEqualTo(Vote.Held.FOR_UNKNOWN_TIME);
	}

	@Test
	void errorOfEitherCommandIsAFailure() {
		JedisDataException error = new JedisDataException("OOM command not allowed when used memory > 'maxmemory'.");
		assertThat(vote(REQUEST, error, 1L)).isInstanceOf(Vote.Failed.class);
		assertThat(vote(REQUEST, "OK", error)).isInstanceOf(Vote.Failed.class);
		assertThat(vote(REQUEST, error, error)).isInstanceOf(Vote.Failed.class);
		assertThat(vote(WITHOUT_TOKEN, error)).isInstanceOf(Vote.Failed.class);
		assertThat(vote(REQUEST, "OK", "QUEUED")).as("no answer to ZADD").isInstanceOf(Vote.Failed.class);
		assertThat(vote(REQUEST, 1L, 1L)).as("no answer to SET").isInstanceOf(Vote.Failed.class);
	}

	/** What is left behind is for the release to clear. */
	@Test
	void connectionThatBreaksBetweenTheAnswersLeavesNoVote() {
		ScriptCall call = free(REQUEST);
		call.encodedFor(false);
		ScriptPipeline pipeline = new ScriptPipeline();
		pipeline.sent(call);
		Queue<ScriptCall> answered = new ArrayDeque<>();
		pipeline.answered("OK", answered);
		pipeline.lost(new IllegalStateException("gone"), answered);
		answered.remove().deliver();
		assertThat(((Vote.Failed) call.vote().join()).reason()).isEqualTo(Vote.Failed.Reason.UNREACHABLE);
	}

}
