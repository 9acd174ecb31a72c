package io.github.redlock.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * A node in virtual time that does what the Lua scripts do, and fails as told. The
 * contract test holds it to the behaviour of a real Redis.
 */
public class FakeLockNode implements LockNode {

	private final String name;

	private final VirtualTime time;

	private final Duration retention;

	private final Map<String, Entry> locks = new HashMap<>();

	private final Map<String, Entry> fences = new HashMap<>();

	private final List<String> log = new ArrayList<>();

	private final List<Runnable> frozen = new ArrayList<>();

	private Duration requestLatency = Duration.ZERO;

	private Duration replyLatency = Duration.ZERO;

	private long lastArrival = Long.MIN_VALUE;

	private boolean anyArrival;

	private boolean refusing;

	private boolean freezing;

	private boolean losingReplies;

	private boolean losingRequests;

	private RuntimeException error;

	public FakeLockNode(String name, VirtualTime time, Duration retention) {
		this.name = name;
		this.time = time;
		this.retention = retention;
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

	/** Every request is answered with an error. */
	public FakeLockNode failWith(RuntimeException error) {
		this.error = error;
		return this;
	}

	/** All data is lost. */
	public FakeLockNode wipe() {
		this.locks.clear();
		this.fences.clear();
		return this;
	}

	/** Somebody else sets the key. */
	public FakeLockNode hold(String resource, String value, Duration ttl) {
		this.locks.put(resource, new Entry(value, this.time.nanoTime() + ttl.toNanos()));
		return this;
	}

	/** Somebody deletes the key. */
	public void delete(String resource) {
		this.locks.remove(resource);
	}

	/** The fence is lost. */
	public void deleteFence(String resource) {
		this.fences.remove(resource);
	}

	/** The time to live of the fence, or zero. */
	public Duration fenceTtlOf(String resource) {
		Entry entry = live(this.fences, resource);
		return (entry != null) ? Duration.ofNanos(entry.expiry - this.time.nanoTime()) : Duration.ZERO;
	}

	/** Somebody has stored a fence. */
	public FakeLockNode fence(String resource, long token) {
		this.fences.put(resource, new Entry(Long.toString(token), this.time.nanoTime() + this.retention.toNanos()));
		return this;
	}

	/** The value under the lock key, or {@code null}. */
	public String valueOf(String resource) {
		Entry entry = live(this.locks, resource);
		return (entry != null) ? entry.value : null;
	}

	/** The time to live of the lock key, or zero. */
	public Duration ttlOf(String resource) {
		Entry entry = live(this.locks, resource);
		return (entry != null) ? Duration.ofNanos(entry.expiry - this.time.nanoTime()) : Duration.ZERO;
	}

	/** The stored fence, or zero. */
	public long fenceOf(String resource) {
		Entry entry = live(this.fences, resource);
		return (entry != null) ? Long.parseLong(entry.value) : 0;
	}

	/** What was carried out, such as {@code acquire [a]}. */
	public List<String> log() {
		return this.log;
	}

	@Override
	public String name() {
		return this.name;
	}

	@Override
	public CompletionStage<Vote> acquire(LockRequest request) {
		return submit("acquire " + request.resources(), () -> doAcquire(request));
	}

	@Override
	public CompletionStage<Vote> extend(LockRequest request) {
		return submit("extend " + request.resources(), () -> doExtend(request));
	}

	@Override
	public CompletionStage<Vote> heal(LockRequest request) {
		return submit("heal " + request.resources(), () -> doHeal(request));
	}

	@Override
	public CompletionStage<Vote> release(LockRequest request) {
		return submit("release " + request.resources(), () -> doRelease(request));
	}

	@Override
	public CompletionStage<Vote> ping() {
		return submit("ping", () -> Vote.Granted.INSTANCE);
	}

	@Override
	public void close() {
	}

	private CompletionStage<Vote> submit(String what, Supplier<Vote> command) {
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

	private void execute(String what, Supplier<Vote> command, CompletableFuture<Vote> reply) {
		this.log.add(what);
		if (this.error != null) {
			deliver(reply, new Vote.Failed(Vote.Failed.Reason.ERROR_REPLY, this.error));
			return;
		}
		Vote vote = command.get();
		deliver(reply, this.losingReplies ? unreachable("connection reset") : vote);
	}

	private void deliver(CompletableFuture<Vote> reply, Vote vote) {
		this.time.schedule(this.replyLatency.toNanos(), () -> reply.complete(vote));
	}

	private static Vote unreachable(String message) {
		return new Vote.Failed(Vote.Failed.Reason.UNREACHABLE, new IllegalStateException(message));
	}

	private Vote doAcquire(LockRequest request) {
		Vote held = heldByOthers(request);
		if (held != null) {
			return held;
		}
		if (request.isFenced()) {
			long fence = request.resources().stream().mapToLong(this::fenceOf).max().orElse(0);
			boolean repeated = request.resources()
				.stream()
				.allMatch((resource) -> request.value().equals(valueOf(resource)));
			if (fence > request.token() || (fence == request.token() && !repeated)) {
				return new Vote.Stale(fence);
			}
		}
		set(request, request.resources());
		return Vote.Granted.INSTANCE;
	}

	private Vote doExtend(LockRequest request) {
		Vote held = heldByOthers(request);
		if (held != null) {
			return held;
		}
		if (request.resources().stream().anyMatch((resource) -> valueOf(resource) == null)) {
			return Vote.Missing.INSTANCE;
		}
		Map<String, Long> fencesBefore = new HashMap<>();
		request.resources().forEach((resource) -> fencesBefore.put(resource, fenceOf(resource)));
		set(request, request.resources());
		fencesBefore.forEach((resource, fence) -> raise(request, resource, fence));
		return Vote.Granted.INSTANCE;
	}

	private Vote doHeal(LockRequest request) {
		Vote held = heldByOthers(request);
		if (held != null) {
			return held;
		}
		Map<String, Long> fencesBefore = new HashMap<>();
		request.resources().forEach((resource) -> fencesBefore.put(resource, fenceOf(resource)));
		set(request, request.resources().stream().filter((resource) -> valueOf(resource) == null).toList());
		fencesBefore.forEach((resource, fence) -> raise(request, resource, Math.max(fence, request.token())));
		return Vote.Granted.INSTANCE;
	}

	private void raise(LockRequest request, String resource, long fence) {
		if (request.isFenced() && fence > 0) {
			this.fences.put(resource, new Entry(Long.toString(fence), fenceExpiry(request)));
		}
	}

	private Vote doRelease(LockRequest request) {
		boolean all = true;
		for (String resource : request.resources()) {
			if (request.value().equals(valueOf(resource))) {
				this.locks.remove(resource);
			}
			else {
				all = false;
			}
		}
		return all ? Vote.Granted.INSTANCE : Vote.Missing.INSTANCE;
	}

	private Vote heldByOthers(LockRequest request) {
		Duration longest = null;
		for (String resource : request.resources()) {
			String value = valueOf(resource);
			if (value != null && !value.equals(request.value())) {
				Duration left = ttlOf(resource);
				longest = (longest == null || left.compareTo(longest) > 0) ? left : longest;
			}
		}
		return (longest != null) ? new Vote.Held(longest) : null;
	}

	private void set(LockRequest request, List<String> resources) {
		for (String resource : resources) {
			this.locks.put(resource, new Entry(request.value(), this.time.nanoTime() + request.ttl().toNanos()));
			if (request.isFenced()) {
				this.fences.put(resource, new Entry(Long.toString(request.token()), fenceExpiry(request)));
			}
		}
	}

	private long fenceExpiry(LockRequest request) {
		return this.time.nanoTime() + request.ttl().plus(this.retention).toNanos();
	}

	private Entry live(Map<String, Entry> entries, String key) {
		Entry entry = entries.get(key);
		return (entry != null && entry.expiry - this.time.nanoTime() > 0) ? entry : null;
	}

	private record Entry(String value, long expiry) {
	}

}
