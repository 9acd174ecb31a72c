package com.example;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * A node of an application's own, as small as the contract allows: two maps behind one
 * monitor.
 */
class MapLockNode implements LockNode {

	private final String name;

	private final Map<String, Key> keys = new HashMap<>();

	private final Map<String, Long> fences = new HashMap<>();

	MapLockNode(String name) {
		this.name = name;
	}

	@Override
	public String name() {
		return this.name;
	}

	@Override
	public CompletionStage<Vote> acquire(LockRequest request) {
		return answer(() -> {
			Vote refusal = held(request, List.of(request.value()));
			refusal = (refusal != null) ? refusal : stale(request);
			return (refusal != null) ? refusal : set(request);
		});
	}

	@Override
	public CompletionStage<Vote> extend(LockRequest request) {
		return answer(() -> {
			Vote refusal = held(request, List.of(request.value()));
			refusal = (refusal != null) ? refusal : missing(request);
			return (refusal != null) ? refusal : set(request);
		});
	}

	@Override
	public CompletionStage<Vote> heal(LockRequest request) {
		return answer(() -> {
			Vote refusal = held(request, List.of(request.value()));
			return (refusal != null) ? refusal : set(request);
		});
	}

	@Override
	public CompletionStage<Vote> release(LockRequest request) {
		return answer(() -> change(request, this.keys::remove));
	}

	@Override
	public CompletionStage<Vote> releaseLater(LockRequest request) {
		return answer(() -> change(request, (resource) -> hold(resource, request.value(), request.ttl())));
	}

	@Override
	public CompletionStage<Vote> transfer(LockRequest request, String before) {
		return answer(() -> {
			Vote refusal = held(request, List.of(before, request.value()));
			refusal = (refusal != null) ? refusal : missing(request);
			refusal = (refusal != null) ? refusal : stale(request);
			if (refusal != null) {
				return refusal;
			}
			request.resources().forEach(this.keys::remove);
			return set(request);
		});
	}

	@Override
	public CompletionStage<Vote> probe() {
		return answer(() -> Vote.Granted.INSTANCE);
	}

	@Override
	public void close() {
	}

	private synchronized CompletionStage<Vote> answer(Supplier<Vote> command) {
		return CompletableFuture.completedFuture(command.get());
	}

	private Vote held(LockRequest request, List<String> own) {
		return request.resources()
			.stream()
			.filter((resource) -> valueOf(resource) != null && !own.contains(valueOf(resource)))
			.map(this::ttlOf)
			.max(Duration::compareTo)
			.map(Vote.Held::new)
			.orElse(null);
	}

	private Vote missing(LockRequest request) {
		return request.resources().stream().allMatch((resource) -> valueOf(resource) != null) ? null
				: Vote.Missing.INSTANCE;
	}

	/** A repeated request has left its own token in the fence. */
	private Vote stale(LockRequest request) {
		long highest = request.resources()
			.stream()
			.filter((resource) -> !request.value().equals(valueOf(resource)))
			.mapToLong(this::fenceOf)
			.max()
			.orElse(0);
		return (request.isFenced() && highest >= request.firstToken()) ? new Vote.Stale(highest) : null;
	}

	private Vote set(LockRequest request) {
		for (String resource : request.resources()) {
			if (valueOf(resource) == null || ttlOf(resource).compareTo(request.ttl()) < 0) {
				hold(resource, request.value(), request.ttl());
			}
			if (request.isFenced()) {
				this.fences.merge(resource, request.token(), Math::max);
			}
		}
		return Vote.Granted.INSTANCE;
	}

	private Vote change(LockRequest request, Consumer<String> change) {
		List<String> own = request.resources()
			.stream()
			.filter((resource) -> request.value().equals(valueOf(resource)))
			.toList();
		own.forEach(change);
		return (own.size() == request.resources().size()) ? Vote.Granted.INSTANCE : Vote.Missing.INSTANCE;
	}

	synchronized void hold(String resource, String value, Duration ttl) {
		this.keys.put(resource, new Key(value, System.nanoTime() + ttl.toNanos()));
	}

	synchronized void delete(String resource) {
		this.keys.remove(resource);
	}

	synchronized String valueOf(String resource) {
		Key key = this.keys.get(resource);
		return (key != null && key.end - System.nanoTime() > 0) ? key.value : null;
	}

	synchronized Duration ttlOf(String resource) {
		return Duration.ofNanos(this.keys.get(resource).end - System.nanoTime());
	}

	synchronized long fenceOf(String resource) {
		return this.fences.getOrDefault(resource, 0L);
	}

	synchronized void deleteFence(String resource) {
		this.fences.remove(resource);
	}

	private record Key(String value, long end) {
	}

}
