package io.github.redlock.redis;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.BatchExtension;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.ReleaseNotices;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * A node that is asked by scripts. How a call gets there is left to the transport.
 */
abstract class ScriptLockNode implements LockNode, BatchExtension, ReleaseNotices {

	private static final Vote UNHEARD = new Vote.Granted(Vote.Granted.UNKNOWN);

	private final String name;

	private final ScriptCommands commands;

	private final boolean singleServer;

	private final @Nullable ReleaseSubscription notices;

	/**
	 * Create a node.
	 * @param singleServer whether all keys lie on one server, so that one command may
	 * name keys of different locks
	 * @param notices hears of releases
	 */
	ScriptLockNode(String name, ScriptCommands commands, boolean singleServer, @Nullable ReleaseSubscription notices) {
		this.name = name;
		this.commands = commands;
		this.singleServer = singleServer;
		this.notices = notices;
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

	/**
	 * The command that {@link #acquire} sends.
	 */
	ScriptCommand acquisition(LockRequest request) {
		return this.commands.of(LockScript.ACQUIRE, request);
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
		if (!canBeHeard()) {
			// Nobody can listen, so nobody is told.
			return send(new ScriptCall(this.commands.withdraw(request)))
				.thenApply((vote) -> (vote instanceof Vote.Granted) ? UNHEARD : vote);
		}
		CompletionStage<Vote> vote = send(LockScript.RELEASE, request);
		ReleaseSubscription notices = this.notices;
		if (notices == null) {
			return vote;
		}
		if (notices.isBroken()) {
			return vote.thenApply((answer) -> Vote.Granted.INSTANCE.equals(answer) ? UNHEARD : answer);
		}
		return notices.isListening() && isListeningTo(request.resources(), notices)
				? vote.thenApply(ScriptLockNode::withoutOurselves) : vote;
	}

	/**
	 * Whether other clients that use the same node the same way can hear of releases.
	 */
	boolean canBeHeard() {
		return this.notices != null;
	}

	@Override
	public CompletionStage<Vote> withdraw(LockRequest request) {
		return send(new ScriptCall(this.commands.withdraw(request)));
	}

	private boolean isListeningTo(List<String> resources, ReleaseSubscription notices) {
		return resources.stream().map(this.commands::channel).allMatch(notices::isListeningTo);
	}

	private static Vote withoutOurselves(Vote vote) {
		return (vote instanceof Vote.Granted granted && granted.listeners() > 0)
				? new Vote.Granted(granted.listeners() - 1) : vote;
	}

	@Override
	public Cancellable onRelease(String resource, Runnable listener) {
		return (this.notices != null) ? this.notices.add(this.commands.channel(resource), listener) : () -> {
		};
	}

	@Override
	public boolean isTelling(String resource) {
		return this.notices != null && this.notices.isListeningTo(this.commands.channel(resource));
	}

	/**
	 * End all subscriptions.
	 */
	void closeNotices() {
		if (this.notices != null) {
			this.notices.close();
		}
	}

	@Override
	public CompletionStage<Vote> releaseLater(LockRequest request) {
		return send(LockScript.RELEASE_LATER, request);
	}

	@Override
	public CompletionStage<Vote> transfer(LockRequest request, String before) {
		return send(new ScriptCall(this.commands.transfer(request, before)));
	}

	@Override
	public CompletionStage<Vote> probe() {
		return send(new ScriptCall(this.commands.probe()));
	}

	private CompletionStage<Vote> send(LockScript script, LockRequest request) {
		return send(new ScriptCall(this.commands.of(script, request)));
	}

}
