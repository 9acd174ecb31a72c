package io.github.redlock.redis;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.Awaiter;
import io.github.redlock.spi.Vote;

/**
 * A node reached over a connection in clear text, whose input and output are done by the
 * threads that wait for answers. It connects with its first request.
 */
final class ChannelLockNode extends ScriptLockNode {

	private final NodeChannels channels;

	private final NodeChannel channel;

	/**
	 * Create a node.
	 * @param channels shared with the other nodes of the lock
	 * @param opener opens a connection to it
	 * @param notices hears of releases
	 */
	ChannelLockNode(String name, ScriptCommands commands, NodeChannels channels, NodeChannels.Opener opener,
			@Nullable ReleaseSubscription notices) {
		super(name, commands, true, notices);
		this.channels = channels;
		this.channel = channels.add(name, opener);
	}

	@Override
	CompletionStage<Vote> send(ScriptCall call) {
		if (!this.channel.isOpen()) {
			call.fail(Vote.Failed.Reason.UNREACHABLE, new IllegalStateException("node " + name() + " is closed"));
		}
		else {
			this.channels.send(this.channel, call);
		}
		return call.vote();
	}

	@Override
	public Optional<Awaiter> awaiter() {
		return Optional.of(this.channels);
	}

	@Override
	public CompletionStage<Void> catchUp() {
		return this.channels.catchUp();
	}

	@Override
	public void reset() {
		this.channels.reset(this.channel);
	}

	/**
	 * Send what was handed over, wait a short time for the answers, and close the
	 * connection.
	 */
	@Override
	public void close() {
		closeNotices();
		this.channels.close(this.channel);
	}

}
