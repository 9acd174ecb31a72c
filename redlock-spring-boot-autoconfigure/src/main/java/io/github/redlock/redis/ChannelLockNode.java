package io.github.redlock.redis;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.Awaiter;
import io.github.redlock.spi.Connecting;
import io.github.redlock.spi.DescribedServer;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.NodeIo;
import io.github.redlock.spi.Vote;

/**
 * A node reached over a channel of ours, in clear text or by TLS, whose input and output
 * are done by the threads that wait for answers. It connects with its first request.
 */
final class ChannelLockNode extends ScriptLockNode implements NodeIo, Connecting, DescribedServer {

	private final IoLoop io;

	private final NodeChannel channel;

	private final ServerIdentities identities;

	private final Duration connectTime;

	/**
	 * Create a node.
	 * @param io shared with the other nodes of the lock
	 * @param opener opens a connection to it
	 * @param notices hears of releases
	 * @param identities know which server it leads to
	 * @param connectTime how long opening a connection may take
	 */
	ChannelLockNode(String name, ScriptCommands commands, IoLoop io, Connectors.Opener opener,
			@Nullable ReleaseSubscription notices, ServerIdentities identities, Duration connectTime) {
		super(name, commands, true, notices);
		this.io = io;
		this.channel = io.add(name, opener);
		this.identities = identities;
		this.connectTime = connectTime;
	}

	@Override
	public Optional<String> server() {
		return this.identities.server(name());
	}

	@Override
	public CompletionStage<Vote> acquireFree(LockRequest request) {
		return send(ScriptCall.ofFree(acquisition(request), request.token()));
	}

	@Override
	CompletionStage<Vote> send(ScriptCall call) {
		if (!this.channel.isOpen()) {
			call.fail(Vote.Failed.Reason.UNREACHABLE, new IllegalStateException("node " + name() + " is closed"));
		}
		else {
			this.io.send(this.channel, call);
		}
		return call.vote();
	}

	@Override
	public Awaiter awaiter() {
		return this.io;
	}

	@Override
	public boolean isConnecting() {
		return this.channel.isConnecting();
	}

	@Override
	public void onConnectingEnded(Runnable listener) {
		this.channel.onConnectingEnded(listener);
	}

	@Override
	public Duration connectTime() {
		return this.connectTime;
	}

	@Override
	public CompletionStage<Void> catchUp() {
		return this.io.catchUp();
	}

	@Override
	public void reset() {
		this.io.reset(this.channel);
	}

	/**
	 * Send what was handed over, wait a short time for the answers, and close the
	 * connection.
	 */
	@Override
	public void close() {
		closeNotices();
		this.io.close(this.channel);
	}

}
