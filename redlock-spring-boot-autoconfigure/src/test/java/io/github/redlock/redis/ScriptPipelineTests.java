package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

import org.junit.jupiter.api.Test;
import redis.clients.jedis.exceptions.JedisDataException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

class ScriptPipelineTests {

	private static final JedisDataException UNKNOWN = new JedisDataException("NOSCRIPT No matching script.");

	private final ScriptPipeline pipeline = new ScriptPipeline();

	private final Queue<ScriptCall> answered = new ArrayDeque<>();

	private final ScriptCommands commands = new ScriptCommands("");

	private ScriptCall sent(LockScript script) {
		ScriptCall call = new ScriptCall(
				this.commands.of(script, new LockRequest(List.of("a"), "v", Duration.ofSeconds(1), 1)));
		this.pipeline.sent(call);
		return call;
	}

	private ScriptCall answer(Object answer) {
		ScriptCall again = this.pipeline.answered(answer, this.answered);
		if (again != null) {
			again.encodedWithText();
			this.pipeline.sent(again);
		}
		return again;
	}

	private Vote voteOf(ScriptCall call) {
		this.answered.forEach(ScriptCall::deliver);
		this.answered.clear();
		return call.vote().getNow(null);
	}

	@Test
	void answersBelongToCommandsInTheirOrder() {
		ScriptCall first = sent(LockScript.ACQUIRE);
		ScriptCall second = sent(LockScript.RELEASE);
		answer(0L);
		assertThat(voteOf(first)).isInstanceOf(Vote.Granted.class);
		assertThat(voteOf(second)).isNull();
		answer(1L);
		assertThat(voteOf(second)).isInstanceOf(Vote.Missing.class);
	}

	@Test
	void errorInTheMiddleConcernsItsCommandOnly() {
		ScriptCall first = sent(LockScript.ACQUIRE);
		ScriptCall second = sent(LockScript.ACQUIRE);
		ScriptCall third = sent(LockScript.ACQUIRE);
		answer(0L);
		answer(new JedisDataException("OOM command not allowed"));
		answer(0L);
		assertThat(voteOf(first)).isInstanceOf(Vote.Granted.class);
		assertThat(((Vote.Failed) voteOf(second)).reason()).isEqualTo(Vote.Failed.Reason.UNABLE);
		assertThat(voteOf(third)).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void unknownScriptIsSentAgainWithItsReleaseBehindIt() {
		ScriptCall acquisition = sent(LockScript.ACQUIRE);
		ScriptCall other = sent(LockScript.EXTEND);
		ScriptCall release = sent(LockScript.RELEASE);
		assertThat(answer(UNKNOWN)).isSameAs(acquisition);
		assertThat(answer(1L)).isNull();
		assertThat(voteOf(other)).isInstanceOf(Vote.Missing.class);
		assertThat(answer(1L)).as("gone, because it came first").isSameAs(release);
		assertThat(voteOf(release)).isNull();
		assertThat(answer(0L)).isNull();
		assertThat(voteOf(acquisition)).isInstanceOf(Vote.Granted.class);
		assertThat(answer(0L)).isNull();
		assertThat(voteOf(release)).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void releaseThatWasDoneTheFirstTimeIsDone() {
		sent(LockScript.EXTEND);
		ScriptCall release = sent(LockScript.RELEASE);
		answer(UNKNOWN);
		answer(0L);
		answer(1L);
		answer(1L);
		assertThat(voteOf(release)).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void everyScriptIsUnknown() {
		ScriptCall acquisition = sent(LockScript.ACQUIRE);
		ScriptCall release = sent(LockScript.RELEASE);
		answer(UNKNOWN);
		answer(UNKNOWN);
		answer(0L);
		answer(0L);
		assertThat(voteOf(acquisition)).isInstanceOf(Vote.Granted.class);
		assertThat(voteOf(release)).isInstanceOf(Vote.Granted.class);
		assertThat(this.pipeline.size()).isZero();
	}

	@Test
	void scriptThatIsUnknownEvenWithItsTextIsAnError() {
		ScriptCall acquisition = sent(LockScript.ACQUIRE);
		answer(UNKNOWN);
		assertThat(answer(UNKNOWN)).isNull();
		assertThat(((Vote.Failed) voteOf(acquisition)).reason()).isEqualTo(Vote.Failed.Reason.ERROR_REPLY);
	}

	@Test
	void lostConnectionFailsWhatIsUnanswered() {
		ScriptCall first = sent(LockScript.ACQUIRE);
		ScriptCall second = sent(LockScript.RELEASE);
		answer(0L);
		this.pipeline.lost(new IllegalStateException("cut"), this.answered);
		assertThat(voteOf(first)).isInstanceOf(Vote.Granted.class);
		assertThat(((Vote.Failed) voteOf(second)).reason()).isEqualTo(Vote.Failed.Reason.UNREACHABLE);
		assertThat(this.pipeline.size()).isZero();
	}

	@Test
	void answerWithoutAQuestionIsAnError() {
		assertThatIllegalStateException().isThrownBy(() -> answer(0L))
			.withMessageContaining("without having been asked");
	}

}
