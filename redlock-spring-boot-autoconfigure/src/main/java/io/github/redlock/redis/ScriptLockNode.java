package io.github.redlock.redis;

import java.util.concurrent.CompletionStage;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * A node that is asked by scripts. How a call gets there is left to the transport.
 */
abstract class ScriptLockNode implements LockNode {

	private final String name;

	private final ScriptCommands commands;

	ScriptLockNode(String name, ScriptCommands commands) {
		this.name = name;
		this.commands = commands;
	}

	/**
	 * Send a call, after those that were handed over before.
	 * @return its vote
	 */
	abstract CompletionStage<Vote> send(ScriptCall call);

	@Override
	public String name() {
		return this.name;
	}

	@Override
	public CompletionStage<Vote> acquire(LockRequest request) {
		return send(LockScript.ACQUIRE, request);
	}

	@Override
	public CompletionStage<Vote> extend(LockRequest request) {
		return send(LockScript.EXTEND, request);
	}

	@Override
	public CompletionStage<Vote> heal(LockRequest request) {
		return send(LockScript.HEAL, request);
	}

	@Override
	public CompletionStage<Vote> release(LockRequest request) {
		return send(LockScript.RELEASE, request);
	}

	@Override
	public CompletionStage<Vote> releaseLater(LockRequest request) {
		return send(LockScript.RELEASE_LATER, request);
	}

	@Override
	public CompletionStage<Vote> ping() {
		return send(new ScriptCall(ScriptCommand.PING));
	}

	private CompletionStage<Vote> send(LockScript script, LockRequest request) {
		return send(new ScriptCall(this.commands.of(script, request)));
	}

}
