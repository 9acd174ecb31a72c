package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * One script call to a node and the vote it will become.
 */
final class ScriptCall {

	/** See release.lua; far from any number that is an answer by accident. */
	private static final int TOLD = 1 << 20;

	private static final int NOBODY_CAN_BE_TOLD = 1 << 21;

	private final ScriptCommand command;

	/** Whether the script may be left out. */
	private final boolean free;

	private final long token;

	/** Whether the script was left out. */
	private boolean withoutScript;

	/** Of two answers the one that is there. */
	private @Nullable Object first;

	private final CompletableFuture<Vote> vote = new CompletableFuture<>();

	/** Whether the background thread must read the answer, because no caller will. */
	private boolean prompt;

	private @Nullable Object answer;

	private List<Vote> votes = List.of();

	private @Nullable Vote firstAnswer;

	private boolean sentWithText;

	/** Of a release: whether it has to be sent once more when it has been answered. */
	private boolean repeated;

	/** It has waited for the connection that it is written to. */
	private boolean onFreshConnection;

	ScriptCall(ScriptCommand command) {
		this(command, false, LockRequest.NO_TOKEN);
	}

	private ScriptCall(ScriptCommand command, boolean free, long token) {
		this.command = command;
		this.free = free;
		this.token = token;
	}

	/**
	 * An acquisition that may be sent without its script.
	 * @param token what it proposes
	 */
	static ScriptCall ofFree(ScriptCommand acquisition, long token) {
		return new ScriptCall(acquisition, true, token);
	}

	ScriptCommand command() {
		return this.command;
	}

	CompletableFuture<Vote> vote() {
		return this.vote;
	}

	void setPrompt(boolean prompt) {
		this.prompt = prompt;
	}

	boolean isPrompt() {
		return this.prompt;
	}

	/**
	 * This command as it travels to a server.
	 * @param scriptsOnly whether that has to be the script
	 */
	byte[] encodedFor(boolean scriptsOnly) {
		this.withoutScript = this.free && !scriptsOnly;
		return this.withoutScript ? this.command.encodedWithoutScript() : this.command.encoded();
	}

	/**
	 * Keep the answer if another one belongs to it.
	 */
	boolean takeFirstOfTwo(Object answer) {
		boolean taken = this.withoutScript && this.token != LockRequest.NO_TOKEN && this.first == null;
		if (taken) {
			this.first = answer;
		}
		return taken;
	}

	/**
	 * Remember the answer, or the vote that stands for it, for {@link #deliver}:
	 * completing a vote runs code of the core, which does not belong into the middle of
	 * reading.
	 */
	void take(Object answer) {
		this.answer = (this.first instanceof Throwable) ? this.first : answer;
	}

	/**
	 * Complete the vote with the answer that was taken.
	 */
	void deliver() {
		if (this.answer instanceof Vote.Failed failed) {
			this.vote.complete(failed);
		}
		else {
			complete(this.answer);
		}
	}

	/**
	 * Whether a server in quarantine must not be asked this: everything but releases, and
	 * what only keeps a connection alive.
	 */
	boolean isVote() {
		return !isRelease() && this.command.script() != LockScript.PING;
	}

	boolean isProbe() {
		return this.command.script() == LockScript.PROBE;
	}

	/**
	 * Whether its answer shows that the connection is gone, or leads to the wrong server.
	 */
	boolean isConnectionLost() {
		return (this.answer instanceof Vote.Failed failed) ? failed.reason() == Vote.Failed.Reason.UNREACHABLE
				: this.answer instanceof Throwable error
						&& (NodeErrors.isConnectionLost(error) || NodeErrors.isMisplaced(error));
	}

	void setOnFreshConnection() {
		this.onFreshConnection = true;
	}

	boolean isOnFreshConnection() {
		return this.onFreshConnection;
	}

	boolean isRelease() {
		return this.command.script() == LockScript.RELEASE || this.command.script() == LockScript.RELEASE_LATER;
	}

	/**
	 * This command as it travels, with the text of its script.
	 */
	byte[] encodedWithText() {
		setSentWithText();
		return this.command.encodedWithText();
	}

	void setSentWithText() {
		this.sentWithText = true;
	}

	boolean isSentWithText() {
		return this.sentWithText;
	}

	/**
	 * Of a release: send it once more, after the command that is sent again now.
	 */
	void repeat() {
		this.repeated = true;
	}

	/**
	 * Whether {@link #repeat} was asked for since the last time.
	 */
	boolean takeRepeat() {
		boolean taken = this.repeated;
		this.repeated = false;
		return taken;
	}

	/**
	 * Remember the answer of a release that will be sent once more: deleted the first
	 * time and gone the second time means deleted.
	 */
	void keep(@Nullable Object answer) {
		if (!(this.firstAnswer instanceof Vote.Granted)) {
			this.firstAnswer = toVote(answer);
		}
	}

	void complete(@Nullable Object answer) {
		Vote answered = toVote(answer);
		this.vote.complete((this.firstAnswer instanceof Vote.Granted granted) ? granted : answered);
	}

	void fail(Vote.Failed.Reason reason, Throwable error) {
		this.vote.complete(new Vote.Failed(reason, error));
	}

	/**
	 * Where the answer is a list: the votes, once {@link #vote} is granted.
	 */
	List<Vote> votes() {
		return this.votes;
	}

	private Vote toVote(@Nullable Object answer) {
		Vote vote = this.withoutScript ? toVote((this.first != null) ? this.first : answer, answer)
				: (answer instanceof Long code) ? toVote((long) code)
						: (answer instanceof List<?> codes && this.command.script().answersWithList()) ? toVotes(codes)
								: null;
		if (vote != null) {
			return vote;
		}
		return NodeErrors.toVote((answer instanceof Throwable error) ? error
				: new IllegalStateException("the node answered with something that is no vote: " + answer));
	}

	/**
	 * The vote of a node that was asked without a script.
	 * @param taken whether the key was free, the answer to SET
	 * @param raised whether the fence was below the token, the answer to ZADD, if there
	 * is a token
	 */
	private @Nullable Vote toVote(@Nullable Object taken, @Nullable Object raised) {
		if (ReplyReader.NULL.equals(taken)) {
			return Vote.Held.FOR_UNKNOWN_TIME;
		}
		if (!"OK".equals(taken)) {
			return null;
		}
		if (this.token == LockRequest.NO_TOKEN || Long.valueOf(1).equals(raised)) {
			return Vote.Granted.INSTANCE;
		}
		return Long.valueOf(0).equals(raised) ? new Vote.Stale(this.token) : null;
	}

	private @Nullable Vote toVotes(List<?> codes) {
		List<Vote> votes = new ArrayList<>(codes.size());
		for (Object code : codes) {
			Vote vote = (code instanceof Long number) ? toExtendVote(number) : null;
			if (vote == null) {
				return null;
			}
			votes.add(vote);
		}
		this.votes = votes;
		return Vote.Granted.INSTANCE;
	}

	private static @Nullable Vote toExtendVote(long code) {
		return (code == 0) ? Vote.Granted.INSTANCE
				: (code < 0) ? held(code) : (code == 1) ? Vote.Missing.INSTANCE : null;
	}

	/**
	 * The codes are explained at the head of each script. What a script cannot answer is
	 * no vote: a release that was not carried out must not count as confirmed.
	 */
	private @Nullable Vote toVote(long code) {
		if (code == 0 && !this.command.script().answersWithList()) {
			return Vote.Granted.INSTANCE;
		}
		return switch (this.command.script()) {
			case ACQUIRE -> (code < 0) ? held(code) : new Vote.Stale(code);
			case EXTEND -> toExtendVote(code);
			case TRANSFER -> (code > 1) ? new Vote.Stale(code) : toExtendVote(code);
			case HEAL -> (code < 0) ? held(code) : null;
			case RELEASE -> (code == 1) ? Vote.Missing.INSTANCE
					: (code == NOBODY_CAN_BE_TOLD) ? new Vote.Granted(Vote.Granted.UNKNOWN)
							: (code > TOLD && code < NOBODY_CAN_BE_TOLD) ? new Vote.Granted((int) (code - TOLD)) : null;
			case RELEASE_LATER -> (code == 1) ? Vote.Missing.INSTANCE : null;
			case PING, PROBE, EXTEND_ALL -> null;
		};
	}

	private static Vote held(long code) {
		return new Vote.Held(Duration.ofMillis(-(code + 1)));
	}

}
