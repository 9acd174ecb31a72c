package io.github.redlock.memory;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * A node that keeps its keys in a map, and otherwise does what the scripts of a real one
 * do.
 */
final class InMemoryLockNode implements LockNode {

	/** How many requests pass between two looks for keys that have expired. */
	private static final int SWEEP_EVERY = 1000;

	private static final int FENCES = 1 << 14;

	private final String name;

	private final LongSupplier nanoTime;

	private final Map<String, Key<String>> locks = new HashMap<>();

	/** By a part of the hash code: as on a real node, resources share fences. */
	private final Map<Integer, Long> fences = new HashMap<>();

	private int requests;

	private boolean down;

	InMemoryLockNode(String name, LongSupplier nanoTime) {
		this.name = name;
		this.nanoTime = nanoTime;
	}

	@Override
	public String name() {
		return this.name;
	}

	@Override
	public CompletionStage<Vote> acquire(LockRequest request) {
		return answer(() -> {
			Vote held = held(request);
			if (held != null) {
				return held;
			}
			long highest = 0;
			for (String resource : request.resources()) {
				Long fence = request.isFenced() ? this.fences.get(slot(resource)) : null;
				boolean repeated = request.value().equals(live(this.locks, resource))
						&& Objects.equals(fence, request.token());
				if (fence != null && fence >= request.firstToken() && !repeated) {
					highest = Math.max(highest, fence);
				}
			}
			if (highest > 0) {
				return new Vote.Stale(highest);
			}
			for (String resource : request.resources()) {
				prolong(this.locks, resource, request.value(), request.ttl());
				raiseFence(resource, request);
			}
			return Vote.Granted.INSTANCE;
		});
	}

	@Override
	public CompletionStage<Vote> extend(LockRequest request) {
		return answer(() -> {
			Vote held = held(request);
			if (held != null) {
				return held;
			}
			if (isAnyMissing(request)) {
				return Vote.Missing.INSTANCE;
			}
			return set(request);
		});
	}

	@Override
	public CompletionStage<Vote> heal(LockRequest request) {
		return answer(() -> {
			Vote held = held(request);
			return (held != null) ? held : set(request);
		});
	}

	private Vote set(LockRequest request) {
		for (String resource : request.resources()) {
			prolong(this.locks, resource, request.value(), request.ttl());
			raiseFence(resource, request);
		}
		return Vote.Granted.INSTANCE;
	}

	@Override
	public CompletionStage<Vote> release(LockRequest request) {
		return answer(() -> release(request, this.locks::remove));
	}

	@Override
	public CompletionStage<Vote> releaseLater(LockRequest request) {
		return answer(() -> release(request,
				(resource) -> this.locks.put(resource, new Key<>(request.value(), now() + request.ttl().toNanos()))));
	}

	@Override
	public CompletionStage<Vote> transfer(LockRequest request, String before) {
		return answer(() -> {
			Vote held = held(request, before);
			if (held != null) {
				return held;
			}
			if (isAnyMissing(request)) {
				return Vote.Missing.INSTANCE;
			}
			long fence = highestFence(request, before);
			if (fence > 0 && fence >= request.firstToken()) {
				return new Vote.Stale(fence);
			}
			for (String resource : request.resources()) {
				if (before.equals(live(this.locks, resource))) {
					this.locks.remove(resource);
				}
			}
			return set(request);
		});
	}

	private Vote release(LockRequest request, Consumer<String> action) {
		boolean gone = false;
		for (String resource : request.resources()) {
			if (request.value().equals(live(this.locks, resource))) {
				action.accept(resource);
			}
			else {
				gone = true;
			}
		}
		return gone ? Vote.Missing.INSTANCE : Vote.Granted.INSTANCE;
	}

	@Override
	public CompletionStage<Vote> probe() {
		return answer(() -> Vote.Granted.INSTANCE);
	}

	@Override
	public void close() {
	}

	/**
	 * Answer no more, or again.
	 */
	synchronized void setDown(boolean down) {
		this.down = down;
	}

	/**
	 * Lock a resource for somebody who is not there.
	 */
	synchronized void hold(String resource, String value, Duration ttl) {
		this.locks.put(resource, new Key<>(value, now() + ttl.toNanos()));
	}

	synchronized void delete(String resource) {
		this.locks.remove(resource);
	}

	synchronized @Nullable String valueOf(String resource) {
		return live(this.locks, resource);
	}

	synchronized Duration ttlOf(String resource) {
		return ttl(this.locks.get(resource));
	}

	synchronized long fenceOf(String resource) {
		return this.fences.getOrDefault(slot(resource), 0L);
	}

	synchronized void deleteFence(String resource) {
		this.fences.remove(slot(resource));
	}

	private Duration ttl(@Nullable Key<?> key) {
		return (key != null) ? Duration.ofNanos(Math.max(key.expiry - now(), 0)) : Duration.ZERO;
	}

	private synchronized CompletionStage<Vote> answer(Supplier<Vote> request) {
		if (this.down) {
			// It goes on being asked, so that it votes as soon as the test lets it.
			return CompletableFuture.completedStage(new Vote.Failed(Vote.Failed.Reason.REFUSED,
					new IllegalStateException("an outage that a test has asked for")));
		}
		if (++this.requests % SWEEP_EVERY == 0) {
			long now = now();
			this.locks.values().removeIf((key) -> key.expiry - now <= 0);
		}
		return CompletableFuture.completedStage(request.get());
	}

	private long now() {
		return this.nanoTime.getAsLong();
	}

	private <T> @Nullable T live(Map<String, Key<T>> keys, String name) {
		Key<T> key = keys.get(name);
		return (key != null && key.expiry - now() > 0) ? key.value : null;
	}

	/**
	 * {@link Vote.Held} if any of the resources has another value.
	 */
	private @Nullable Vote held(LockRequest request) {
		return held(request, request.value());
	}

	/**
	 * The same, where another value counts as ours too.
	 */
	private @Nullable Vote held(LockRequest request, String before) {
		Duration longest = null;
		for (String resource : request.resources()) {
			String value = live(this.locks, resource);
			Duration left = ttl(this.locks.get(resource));
			if (value != null && !value.equals(request.value()) && !value.equals(before)
					&& (longest == null || left.compareTo(longest) > 0)) {
				longest = left;
			}
		}
		return (longest != null) ? new Vote.Held(longest) : null;
	}

	/**
	 * The highest fence of those resources that the holder before has, 0 without fencing.
	 */
	private long highestFence(LockRequest request, String before) {
		return request.isFenced() ? request.resources()
			.stream()
			.filter((resource) -> before.equals(live(this.locks, resource)))
			.mapToLong((resource) -> this.fences.getOrDefault(slot(resource), 0L))
			.max()
			.orElse(0) : 0;
	}

	private boolean isAnyMissing(LockRequest request) {
		return request.resources().stream().anyMatch((resource) -> live(this.locks, resource) == null);
	}

	/**
	 * A time to live only grows.
	 */
	private <T> void prolong(Map<String, Key<T>> keys, String name, T value, Duration ttl) {
		long expiry = now() + ttl.toNanos();
		Key<T> before = (live(keys, name) != null) ? keys.get(name) : null;
		keys.put(name, new Key<>(value, (before != null && before.expiry - expiry > 0) ? before.expiry : expiry));
	}

	private void raiseFence(String resource, LockRequest request) {
		if (request.isFenced()) {
			this.fences.merge(slot(resource), request.token(), Math::max);
		}
	}

	private static int slot(String resource) {
		return Math.floorMod(resource.hashCode(), FENCES);
	}

	/**
	 * A key with its end.
	 *
	 * @param value what it holds
	 * @param expiry the monotonic time at which it is gone
	 */
	private record Key<T>(T value, long expiry) {
	}

}
