package io.github.redlock.redis;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisScriptingCommands;
import org.springframework.data.redis.connection.ReturnType;

import io.github.redlock.spi.Vote;

/**
 * One script call to a node and the vote it will become.
 */
final class ScriptCall {

	private final LockScript script;

	private final int keyCount;

	private final byte[][] keysAndArgs;

	private final CompletableFuture<Vote> vote = new CompletableFuture<>();

	private @Nullable Vote firstAnswer;

	ScriptCall(LockScript script, byte[][] keys, byte[]... args) {
		this.script = script;
		this.keyCount = keys.length;
		this.keysAndArgs = new byte[keys.length + args.length][];
		System.arraycopy(keys, 0, this.keysAndArgs, 0, keys.length);
		System.arraycopy(args, 0, this.keysAndArgs, keys.length, args.length);
	}

	static ScriptCall ping() {
		return new ScriptCall(LockScript.PING, new byte[0][]);
	}

	CompletableFuture<Vote> vote() {
		return this.vote;
	}

	boolean isRelease() {
		return this.script == LockScript.RELEASE || this.script == LockScript.RELEASE_LATER;
	}

	/**
	 * Send this command.
	 * @param bySha whether to name the script or to send its text
	 * @return the answer, or nothing if the connection collects it for later
	 */
	@Nullable Object send(RedisConnection connection, boolean bySha) {
		RedisScriptingCommands scripting = connection.scriptingCommands();
		return bySha ? scripting.evalSha(this.script.sha(), ReturnType.INTEGER, this.keyCount, this.keysAndArgs)
				: scripting.eval(this.script.text(), ReturnType.INTEGER, this.keyCount, this.keysAndArgs);
	}

	/**
	 * Remember the answer of a release that will be sent once more: deleted the first
	 * time and gone the second time means deleted.
	 */
	void keep(@Nullable Object answer) {
		this.firstAnswer = toVote(answer);
	}

	void complete(@Nullable Object answer) {
		Vote answered = toVote(answer);
		this.vote.complete((this.firstAnswer instanceof Vote.Granted granted) ? granted : answered);
	}

	void fail(Vote.Failed.Reason reason, Throwable error) {
		this.vote.complete(new Vote.Failed(reason, error));
	}

	boolean isConnectionLost() {
		return this.vote.getNow(Vote.Granted.INSTANCE) instanceof Vote.Failed failed
				&& failed.reason() == Vote.Failed.Reason.UNREACHABLE;
	}

	private Vote toVote(@Nullable Object answer) {
		Vote vote = (answer instanceof Long code) ? toVote((long) code) : null;
		if (vote != null) {
			return vote;
		}
		Throwable error = (answer instanceof Throwable thrown) ? NodeErrors.explain(thrown)
				: new IllegalStateException("the node answered with something that is no vote: " + answer);
		return new Vote.Failed(
				NodeErrors.isConnectionLost(error) ? Vote.Failed.Reason.UNREACHABLE : Vote.Failed.Reason.ERROR_REPLY,
				error);
	}

	/**
	 * The codes are explained at the head of each script. What a script cannot answer is
	 * no vote: a release that was not carried out must not count as confirmed.
	 */
	private @Nullable Vote toVote(long code) {
		if (code == 0) {
			return Vote.Granted.INSTANCE;
		}
		return switch (this.script) {
			case ACQUIRE -> (code < 0) ? held(code) : new Vote.Stale(code);
			case EXTEND -> (code < 0) ? held(code) : (code == 1) ? Vote.Missing.INSTANCE : null;
			case HEAL -> (code < 0) ? held(code) : null;
			case RELEASE, RELEASE_LATER -> (code == 1) ? Vote.Missing.INSTANCE : null;
			case PING -> null;
		};
	}

	private static Vote held(long code) {
		return new Vote.Held(Duration.ofMillis(-(code + 1)));
	}

}
