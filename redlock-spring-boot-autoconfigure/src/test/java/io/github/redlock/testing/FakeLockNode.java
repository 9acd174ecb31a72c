package io.github.redlock.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import io.github.redlock.redis.ImmediateLockNode;
import io.github.redlock.redis.ScriptedRedis;
import io.github.redlock.spi.Awaiter;
import io.github.redlock.spi.BatchExtension;
import io.github.redlock.spi.Connecting;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.NodeIo;
import io.github.redlock.spi.ReleaseNotices;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * A node in virtual time that runs the scripts of real nodes, and fails as told. The
 * contract test holds it to the behaviour of a real Redis.
 */
public class FakeLockNode implements LockNode, BatchExtension, Connecting, ReleaseNotices, NodeIo {

	private boolean connecting;

	private final List<Runnable> connectingEnded = new ArrayList<>();

	private final String name;

	private final VirtualTime time;

	private final ScriptedRedis redis;

	private final LockNode scripts;

	private final List<String> log = new ArrayList<>();

	private final List<Runnable> frozen = new ArrayList<>();

	private final List<Runnable> listeners = new ArrayList<>();

	private boolean telling;

	private Duration requestLatency = Duration.ZERO;

	private Duration replyLatency = Duration.ZERO;

	private long lastArrival = Long.MIN_VALUE;

	private boolean anyArrival;

	private boolean refusing;

	private boolean freezing;

	private boolean losingReplies;

	private boolean losingRequests;

	private boolean leavingUnread;

	private boolean hidingTimes;

	private final List<Runnable> unread = new ArrayList<>();

	private CompletableFuture<Void> caughtUp = CompletableFuture.completedFuture(null);

	private Vote.Failed error;

	private Duration ahead = Duration.ZERO;

	public FakeLockNode(String name, VirtualTime time) {
		this.name = name;
		this.time = time;
		this.redis = new ScriptedRedis(() -> time.elapsed().plus(this.ahead).toMillis());
		this.scripts = new ImmediateLockNode(name, this.redis);
	}

	/** Every request and every reply takes this long. */
	public FakeLockNode latency(Duration request, Duration reply) {
		this.requestLatency = request;
		this.replyLatency = reply;
		return this;
	}

	/** Connections are refused. */
	public FakeLockNode refuse(boolean refuse) {
		this.refusing = refuse;
		return this;
	}

	/** The process is stopped; what arrives is carried out when it goes on. */
	public FakeLockNode freeze() {
		this.freezing = true;
		return this;
	}

	/** The process goes on. */
	public FakeLockNode thaw() {
		this.freezing = false;
		List<Runnable> arrived = List.copyOf(this.frozen);
		this.frozen.clear();
		arrived.forEach(Runnable::run);
		return this;
	}

	/** Requests are carried out, but the connection breaks before the reply. */
	public FakeLockNode loseReplies(boolean lose) {
		this.losingReplies = lose;
		return this;
	}

	/** The connection breaks before the request arrives. */
	public FakeLockNode loseRequests(boolean lose) {
		this.losingRequests = lose;
		return this;
	}

	/** Replies arrive, and nobody reads them before {@link #catchUp}. */
	public FakeLockNode leaveUnread() {
		this.leavingUnread = true;
		return this;
	}

	/** Nobody ever reads again. */
	public FakeLockNode neverCatchUp() {
		this.caughtUp = new CompletableFuture<>();
		return this;
	}

	@Override
	public CompletionStage<Void> catchUp() {
		if (this.caughtUp.isDone()) {
			this.unread.forEach(Runnable::run);
			this.unread.clear();
		}
		return this.caughtUp;
	}

	/** Every request is answered with an error. */
	public FakeLockNode failWith(RuntimeException error) {
		return failWith(Vote.Failed.Reason.ERROR_REPLY, error);
	}

	/** Every request is answered with an error of this kind. */
	public FakeLockNode failWith(Vote.Failed.Reason reason, RuntimeException error) {
		this.error = (error != null) ? new Vote.Failed(reason, error) : null;
		return this;
	}

	/** Whether a connection is being opened; what happens to requests is up to others. */
	public FakeLockNode connecting(boolean connecting) {
		boolean ends = this.connecting && !connecting;
		this.connecting = connecting;
		if (ends) {
			this.connectingEnded.forEach(Runnable::run);
		}
		return this;
	}

	@Override
	public boolean isConnecting() {
		return this.connecting;
	}

	@Override
	public void onConnectingEnded(Runnable listener) {
		this.connectingEnded.add(listener);
	}

	@Override
	public Duration connectTime() {
		return Duration.ofSeconds(1);
	}

	@Override
	public Awaiter awaiter() {
		return this.time;
	}

	/** Somebody sets the clock of the node. */
	public FakeLockNode setClock(Duration ahead) {
		this.ahead = ahead;
		return this;
	}

	/** All data is lost. */
	public FakeLockNode wipe() {
		this.redis.wipe();
		return this;
	}

	/** Somebody else sets the key. */
	public FakeLockNode hold(String resource, String value, Duration ttl) {
		this.redis.set(resource, value, ttl.toMillis());
		return this;
	}

	/** Say that it tells of releases. */
	public FakeLockNode telling() {
		this.telling = true;
		return this;
	}

	/** Tell all who listen, whatever they listen to, that something was released. */
	public void tellOfRelease() {
		List.copyOf(this.listeners).forEach(Runnable::run);
	}

	/** Somebody deletes the key. */
	public void delete(String resource) {
		this.redis.delete(resource);
	}

	/** The fence is lost. */
	public void deleteFence(String resource) {
		this.redis.delete(ImmediateLockNode.fenceKey(resource));
	}

	/** Somebody has stored a fence. */
	public FakeLockNode fence(String resource, long token) {
		this.redis.setFence(ImmediateLockNode.fenceKey(resource), token);
		return this;
	}

	/** The value under the lock key, or {@code null}. */
	public String valueOf(String resource) {
		return this.redis.get(resource);
	}

	/** The time to live of the lock key, or zero. */
	public Duration ttlOf(String resource) {
		return Duration.ofMillis(Math.max(this.redis.pttl(resource), 0));
	}

	/** The stored fence, or zero. */
	public long fenceOf(String resource) {
		String fence = this.redis.get(ImmediateLockNode.fenceKey(resource));
		return (fence != null) ? Long.parseLong(fence) : 0;
	}

	/** What was carried out, such as {@code acquire [a]}. */
	public List<String> log() {
		return this.log;
	}

	private boolean together = true;

	private Error extensionError;

	private Error acquisitionError;

	@Override
	public String name() {
		return this.name;
	}

	/** The next request to lock ends in an error, on our side. */
	public FakeLockNode breakNextAcquisition(Error error) {
		this.acquisitionError = error;
		return this;
	}

	private static void throwIfAny(Error error) {
		if (error != null) {
			throw error;
		}
	}

	@Override
	public CompletionStage<Vote> acquire(LockRequest request) {
		Error error = this.acquisitionError;
		this.acquisitionError = null;
		throwIfAny(error);
		return submit("acquire " + request.resources(), () -> this.scripts.acquire(request));
	}

	/** A first attempt does not learn for how long somebody else holds the resource. */
	public FakeLockNode hideTimes() {
		this.hidingTimes = true;
		return this;
	}

	@Override
	public CompletionStage<Vote> acquireFree(LockRequest request) {
		return acquire(request)
			.thenApply((vote) -> (this.hidingTimes && vote instanceof Vote.Held) ? Vote.Held.FOR_UNKNOWN_TIME : vote);
	}

	@Override
	public CompletionStage<Vote> extend(LockRequest request) {
		return submit("extend " + request.resources(), () -> this.scripts.extend(request));
	}

	/** It takes one request for each lock. */
	public FakeLockNode extendOneByOne() {
		this.together = false;
		return this;
	}

	/** The next request for many locks ends in an error, on our side. */
	public FakeLockNode breakNextExtension(Error error) {
		this.extensionError = error;
		return this;
	}

	@Override
	public boolean extendsTogether() {
		return this.together;
	}

	@Override
	public CompletionStage<List<Vote>> extendAll(List<LockRequest> requests) {
		Error error = this.extensionError;
		this.extensionError = null;
		throwIfAny(error);
		AtomicReference<List<Vote>> votes = new AtomicReference<>();
		CompletionStage<Vote> all = submit("extend " + requests.size() + " locks", () -> {
			votes.set(((BatchExtension) this.scripts).extendAll(requests).toCompletableFuture().join());
			return CompletableFuture.completedFuture(Vote.Granted.INSTANCE);
		});
		return all.thenApply(
				(vote) -> (vote instanceof Vote.Granted) ? votes.get() : Collections.nCopies(requests.size(), vote));
	}

	@Override
	public CompletionStage<Vote> heal(LockRequest request) {
		return submit("heal " + request.resources(), () -> this.scripts.heal(request));
	}

	@Override
	public CompletionStage<Vote> release(LockRequest request) {
		return submit("release " + request.resources(), () -> this.scripts.release(request));
	}

	@Override
	public CompletionStage<Vote> releaseLater(LockRequest request) {
		return submit("releaseLater " + request.resources() + " " + request.ttl(),
				() -> this.scripts.releaseLater(request));
	}

	@Override
	public CompletionStage<Vote> transfer(LockRequest request, String before) {
		return submit("transfer " + request.resources(), () -> this.scripts.transfer(request, before));
	}

	@Override
	public boolean isTelling(String resource) {
		return this.telling && !this.listeners.isEmpty();
	}

	@Override
	public Cancellable onRelease(String resource, Runnable listener) {
		this.listeners.add(listener);
		return () -> this.listeners.remove(listener);
	}

	@Override
	public CompletionStage<Vote> probe() {
		return submit("probe", this.scripts::probe);
	}

	@Override
	public void reset() {
		this.log.add("reset");
	}

	@Override
	public void close() {
	}

	private CompletionStage<Vote> submit(String what, Supplier<CompletionStage<Vote>> command) {
		CompletableFuture<Vote> reply = new CompletableFuture<>();
		if (this.refusing || this.losingRequests) {
			deliver(reply, unreachable("connection refused"));
			return reply;
		}
		long arrival = this.time.nanoTime() + this.requestLatency.toNanos();
		if (this.anyArrival && arrival - this.lastArrival < 0) {
			arrival = this.lastArrival;
		}
		this.lastArrival = arrival;
		this.anyArrival = true;
		Runnable execution = () -> execute(what, command, reply);
		this.time.schedule(arrival - this.time.nanoTime(), () -> {
			if (this.freezing) {
				this.frozen.add(execution);
			}
			else {
				execution.run();
			}
		});
		return reply;
	}

	private void execute(String what, Supplier<CompletionStage<Vote>> command, CompletableFuture<Vote> reply) {
		this.log.add(what);
		if (this.error != null) {
			deliver(reply, this.error);
			return;
		}
		Vote vote = command.get().toCompletableFuture().join();
		deliver(reply, this.losingReplies ? unreachable("connection reset") : vote);
	}

	private void deliver(CompletableFuture<Vote> reply, Vote vote) {
		this.time.schedule(this.replyLatency.toNanos(), () -> {
			if (this.leavingUnread) {
				this.unread.add(() -> reply.complete(vote));
			}
			else {
				reply.complete(vote);
			}
		});
	}

	private static Vote unreachable(String message) {
		return new Vote.Failed(Vote.Failed.Reason.UNREACHABLE, new IllegalStateException(message));
	}

}
