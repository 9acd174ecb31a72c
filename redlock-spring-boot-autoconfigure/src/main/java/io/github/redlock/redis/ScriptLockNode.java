package io.github.redlock.redis;

import java.util.Collections;
import java.util.List;
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

	private final boolean singleServer;

	/**
	 * Create a node.
	 * @param singleServer whether all keys lie on one server, so that one command may
	 * name keys of different locks
	 */
	ScriptLockNode(String name, ScriptCommands commands, boolean singleServer) {
		this.name = name;
		this.commands = commands;
		this.singleServer = singleServer;
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
	public boolean extendsTogether() {
		return this.singleServer;
	}

	@Override
	public CompletionStage<List<Vote>> extendAll(List<LockRequest> requests) {
		if (!this.singleServer) {
			return LockNode.super.extendAll(requests);
		}
		ScriptCall call = new ScriptCall(this.commands.ofAll(requests));
		return send(call).thenApply(
				(vote) -> (vote instanceof Vote.Granted) ? call.votes() : Collections.nCopies(requests.size(), vote));
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
