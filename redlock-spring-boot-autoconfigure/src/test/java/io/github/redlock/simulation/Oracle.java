package io.github.redlock.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.RedlockListener;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * What must always hold, looked at after every step.
 */
final class Oracle {

	/** Wall clocks differ by less than this where fences may be lost. */
	static final long MAX_SKEW_NANOS = Duration.ofMillis(100).toNanos();

	/** How long after a trouble a lock must be safe again. */
	private static final long RECOVERY_NANOS = Duration.ofSeconds(5).toNanos();

	private static final long SLACK_NANOS = Duration.ofMillis(100).toNanos();

	private final World world;

	private final Scenario scenario;

	private final List<SimulatedServer> servers;

	private final Statistics statistics;

	private final List<Holder> holders = new ArrayList<>();

	private final List<Call> calls = new ArrayList<>();

	private final Map<String, Long> asked = new HashMap<>();

	private final Map<String, List<Grant>> grants = new HashMap<>();

	private final Map<String, SimulatedProcess> owners = new HashMap<>();

	/**
	 * Who has ever held a lock by this value: one after the other, if it was handed over.
	 */
	private final Map<String, List<Holder>> byValue = new HashMap<>();

	/** By value, which one it was to replace. */
	private final Map<String, String> transfers = new HashMap<>();

	private final Map<String, Long> longestTtl = new HashMap<>();

	/** By value, when a node was last asked to keep it. */
	private final Map<String, Long> lastAsked = new HashMap<>();

	private final Map<LockHandle, Events> events = new LinkedHashMap<>();

	private long troubleUntil;

	Oracle(World world, Scenario scenario, List<SimulatedServer> servers, Statistics statistics) {
		this.world = world;
		this.scenario = scenario;
		this.servers = servers;
		this.statistics = statistics;
		this.troubleUntil = scenario.isCalm() ? -RECOVERY_NANOS - 1 : 0;
	}

	/** An attempt with a fresh value begins. */
	void attempt(SimulatedProcess process, String value) {
		this.asked.put(value, this.world.now());
		this.owners.put(value, process);
	}

	/** A request asks for this ttl. */
	void asksFor(String value, Duration ttl) {
		this.longestTtl.merge(value, ttl.toMillis(), Math::max);
		this.lastAsked.put(value, this.world.now());
	}

	/** A key lives that long from now. */
	void lives(String value, long millis, String where) {
		if (millis > this.longestTtl.getOrDefault(value, 0L)) {
			this.world.fail("ttl: " + value + " lives for " + millis + " ms on " + where + ", which nobody asked for");
		}
	}

	/** Somebody starts to wait for something that must end within a bound. */
	Call waiting(SimulatedProcess process, String what, Duration bound) {
		Call call = new Call(process, what, bound.toNanos() + SLACK_NANOS, process.activeNanos());
		this.calls.add(call);
		return call;
	}

	/** The wait is over. */
	void waited(Call call) {
		if (this.calls.remove(call) && !call.process.hasEnded()) {
			this.statistics.waited(call.process.activeNanos() - call.since);
		}
	}

	List<Call> calls() {
		return this.calls.stream().filter((call) -> !call.process.hasEnded()).toList();
	}

	/**
	 * A caller has got a lock.
	 * @param caller whose critical section it is, or {@code null} for one of no thread
	 */
	Holder granted(SimulatedProcess process, Caller caller, LockHandle lock, boolean autoExtended) {
		this.statistics.granted();
		this.world.trace(() -> process + " has got " + lock.resources() + " with " + lock.value()
				+ (this.scenario.fencing() ? ", token " + lock.fencingToken() : ""));
		Holder holder = new Holder(process, caller, lock, autoExtended, this.world.now());
		this.holders.add(holder);
		this.byValue.computeIfAbsent(holder.value, (value) -> new ArrayList<>()).add(holder);
		checkInTime(lock);
		if (this.scenario.fencing()) {
			checkToken(lock);
		}
		return holder;
	}

	/** The vote that made the quorum came while there was validity left. */
	private void checkInTime(LockHandle lock) {
		List<ExecutionStats> attempts = lock.attempts();
		long[] latencies = attempts.get(attempts.size() - 1)
			.votes()
			.stream()
			.filter((vote) -> vote.vote() instanceof Vote.Granted)
			.mapToLong((vote) -> vote.latency().toNanos())
			.sorted()
			.toArray();
		if (latencies.length < this.scenario.quorum()) {
			this.world.fail("no quorum: " + lock.value() + " was granted by " + latencies.length + " of "
					+ this.scenario.nodes() + " nodes");
			return;
		}
		long decided = latencies[this.scenario.quorum() - 1];
		if (decided >= lock.ttl().toNanos()) {
			this.world.fail("late: " + lock.value() + " was granted " + Duration.ofNanos(decided)
					+ " after it was asked for, with a ttl of " + lock.ttl());
		}
	}

	private void checkToken(LockHandle lock) {
		long token = lock.fencingToken();
		long asked = this.asked.get(lock.value()) - (this.scenario.fencesMayBeLost() ? MAX_SKEW_NANOS : 0);
		for (String resource : lock.resources()) {
			List<Grant> earlier = this.grants.computeIfAbsent(resource, (key) -> new ArrayList<>());
			for (Grant grant : earlier) {
				if (grant.at <= asked && grant.token >= token) {
					this.world.fail("tokens: " + token + " of " + lock.value() + " for " + resource + " is not above "
							+ grant.token + " of " + grant.value + ", which was granted before it was asked for");
				}
				if (grant.token == token && !this.scenario.fencesMayBeLost()) {
					this.world.fail("tokens: " + token + " for " + resource + " was given to " + grant.value + " and "
							+ lock.value());
				}
				if (grant.value.equals(lock.value())) {
					this.statistics.handedOver();
					if (grant.token >= token) {
						this.world.fail("tokens: " + token + " of " + lock.value() + " for " + resource
								+ " is not above " + grant.token + " of its holder before");
					}
				}
			}
			earlier.add(new Grant(this.asked.get(lock.value()), this.world.now(), token, lock.value()));
		}
	}

	/** The holder begins to release. */
	void releasing(Holder holder) {
		this.holders.remove(holder);
		holder.releases++;
	}

	/**
	 * A request to release has left: the lock must not be valid for its holder any more.
	 */
	void releaseSent(String value) {
		for (Holder holder : this.byValue.getOrDefault(value, List.of())) {
			if (!holder.process.hasEnded()) {
				holder.process.observe(() -> {
					if (holder.lock.isValid()) {
						this.world.fail("order: the release of " + value + " is sent while it is valid");
					}
				});
			}
		}
	}

	/** A request to replace the value of one holder by that of the next has left. */
	void transferSent(LockRequest request, String before) {
		releaseSent(before);
		asksFor(request.value(), request.ttl());
		this.transfers.put(request.value(), before);
		this.statistics.transferred();
	}

	/** Somebody was told of a release. */
	void noticed() {
		this.statistics.noticed();
	}

	/** Whether one value may be replaced by the other. */
	boolean isTransferred(String before, String by) {
		return before.equals(this.transfers.get(by));
	}

	/** A release has ended. */
	void released(Holder holder, boolean wasValid, boolean validBefore) {
		if (holder.process.isClosed() || holder.releases > 1) {
			return;
		}
		if (wasValid && !validBefore) {
			this.world.fail("release: " + holder + " was lost, and its release says it was valid");
		}
		if (!wasValid && validBefore && this.scenario.isCalm()) {
			this.world.fail("release: " + holder + " was valid, and its release says it was lost");
		}
	}

	/** Whether a lock is valid for its holder now. */
	boolean isValid(Holder holder) {
		holder.look();
		return holder.valid;
	}

	List<Holder> holders() {
		return this.holders.stream().filter((holder) -> !holder.process.hasEnded()).toList();
	}

	/** After every step. */
	void check() {
		if (this.world.failed()) {
			return;
		}
		for (Call call : this.calls) {
			if (!call.process.hasEnded() && call.process.activeNanos() - call.since > call.bound) {
				this.world.fail("hang: " + call.what + " in " + call.process + " takes longer than "
						+ Duration.ofNanos(call.bound));
			}
		}
		for (Holder holder : this.holders) {
			holder.look();
		}
		for (int i = 0; i < this.holders.size(); i++) {
			check(this.holders.get(i), i);
		}
	}

	private void check(Holder holder, int index) {
		if (!holder.valid) {
			checkReported(holder);
			return;
		}
		if (holder.invalidSince != Long.MIN_VALUE) {
			this.world.fail("resurrection: " + holder + " was not valid any more, and now it is");
		}
		checkExtension(holder);
		if (!this.scenario.assumptionsHold()) {
			return;
		}
		for (int i = 0; i < index; i++) {
			Holder other = this.holders.get(i);
			if (other.valid && other.isRivalOf(holder)) {
				this.world.fail("mutual exclusion: " + other + " and " + holder);
			}
		}
		for (String resource : holder.lock.resources()) {
			long keys = this.servers.stream()
				.filter((server) -> holder.value.equals(server.redis().get(resource)))
				.count();
			if (keys < this.scenario.quorum()) {
				this.world
					.fail("no quorum behind it: " + holder + " is valid, but only " + keys + " nodes hold " + resource);
			}
		}
	}

	/**
	 * If it was extended, nobody else held it in the meantime, whatever has gone wrong. A
	 * request that arrives out of order can set a key again; where that is harmless,
	 * mutual exclusion says so.
	 */
	private void checkExtension(Holder holder) {
		long deadline = holder.deadline();
		if (deadline - holder.lastDeadline <= 1000) {
			return;
		}
		if (holder.lastDeadline != 0
				&& this.servers.stream().noneMatch((server) -> server.strays().contains(holder.value))) {
			long start = holder.extensionStart(deadline);
			if (start - this.lastAsked.getOrDefault(holder.value, start) > 1000) {
				this.world.fail("validity: " + holder + " counts from later than its request");
			}
			for (String resource : holder.lock.resources()) {
				for (Grant grant : this.grants.getOrDefault(resource, List.of())) {
					if (grant.asked > holder.grantedAt && grant.at < start && !grant.value.equals(holder.value)) {
						this.world.fail("resurrection: " + holder + " was extended although " + grant.value
								+ " was granted in the meantime");
					}
				}
			}
		}
		holder.lastDeadline = deadline;
		// Look again at the last moment.
		this.world.schedule(deadline - 1000 - this.world.now(), () -> {
		});
	}

	/** Something is wrong for a while. */
	void trouble(long nanos) {
		this.troubleUntil = Math.max(this.troubleUntil, this.world.now() + nanos);
	}

	private void checkReported(Holder holder) {
		SimulatedProcess process = holder.process;
		if (process.hasEnded()) {
			return;
		}
		if (holder.invalidSince == Long.MIN_VALUE) {
			holder.invalidSince = process.activeNanos();
			if (holder.autoExtended && this.scenario.assumptionsHold() && !process.isClosed()
					&& this.world.now() - this.troubleUntil > RECOVERY_NANOS) {
				this.world.fail("lost for nothing: " + holder + " is extended, nothing is wrong, and it is not valid");
			}
		}
		Events events = this.events.get(holder.lock);
		if (process.activeNanos() - holder.invalidSince > SLACK_NANOS && (events == null || events.lost == 0)) {
			this.world.fail("silent loss: " + holder + " is not valid, and nobody was told");
		}
	}

	/** Who writes down what a process is told. */
	RedlockListener listener(SimulatedProcess process) {
		return new RedlockListener() {

			@Override
			public void acquired(LockHandle lock) {
				eventsOf(lock).acquired++;
			}

			@Override
			public void extended(LockHandle lock, Duration remaining) {
				Oracle.this.statistics.extended();
				Oracle.this.world.trace(() -> process + " extended " + lock.value());
			}

			@Override
			public void lost(LockHandle lock, LockLostException error) {
				Oracle.this.statistics.lost();
				Oracle.this.world.trace(() -> process + " lost " + lock.value() + ": " + error.getMessage());
				eventsOf(lock).lost++;
				process.observe(() -> {
					if (lock.isValid()) {
						Oracle.this.world.fail("a lock that is reported lost is valid: " + lock.value());
					}
				});
			}

			@Override
			public void released(LockHandle lock, boolean wasValid) {
				Oracle.this.world.trace(() -> process + " released " + lock.value() + ", was valid: " + wasValid);
				Events events = eventsOf(lock);
				events.released++;
				if (!wasValid) {
					events.releasedLost++;
				}
			}

			@Override
			public void releaseFailed(LockHandle lock, LockReleaseException error) {
				Oracle.this.world.trace(() -> process + " could not release " + lock.value());
				eventsOf(lock).releaseFailed++;
			}

			@Override
			public void nodeDown(String node, Throwable error) {
				Oracle.this.world.trace(() -> process + " takes " + node + " for down: " + error.getMessage());
			}

			@Override
			public void nodeUp(String node) {
				Oracle.this.world.trace(() -> process + " takes " + node + " for up");
			}

			private Events eventsOf(LockHandle lock) {
				return Oracle.this.events.computeIfAbsent(lock, (key) -> new Events(process));
			}

		};
	}

	/**
	 * All is well again and nothing is in use: no key is left that its owner, who is
	 * still there, should have released.
	 */
	void checkNothingLeft() {
		for (SimulatedServer server : this.servers) {
			for (String key : lockKeys(server)) {
				String value = server.redis().get(key);
				SimulatedProcess owner = this.owners.get(value);
				if (!server.strays().contains(value) && !owner.hasEnded() && !owner.isClosed()) {
					this.world.fail("leftover: " + key + " of " + value + " is still on " + server);
				}
			}
		}
	}

	/** The longest ttl has passed since anybody did anything. */
	void checkNoKeys() {
		for (SimulatedServer server : this.servers) {
			List<String> keys = lockKeys(server);
			if (!keys.isEmpty()) {
				this.world.fail("a key outlives its ttl: " + keys + " on " + server);
			}
		}
	}

	private static List<String> lockKeys(SimulatedServer server) {
		return server.redis().keys().stream().filter((key) -> !key.startsWith("fence:")).toList();
	}

	/** Every lock that was acquired has ended once, and its owner was told how. */
	void checkEvents() {
		this.events.forEach((lock, events) -> {
			boolean lostIsDone = lock.lost().toCompletableFuture().isDone();
			if (!events.process.hasEnded() && !(events.areRight() && lostIsDone == (events.lost == 1))) {
				this.world.fail("events: " + lock.value() + " was reported " + events);
			}
		});
	}

	private record Grant(long asked, long at, long token, String value) {
	}

	/**
	 * Somebody who waits.
	 */
	static final class Call {

		private final SimulatedProcess process;

		private final String what;

		private final long bound;

		private final long since;

		private Call(SimulatedProcess process, String what, long bound, long since) {
			this.process = process;
			this.what = what;
			this.bound = bound;
			this.since = since;
		}

		@Override
		public String toString() {
			return this.what + " in " + this.process;
		}

	}

	/**
	 * Somebody in a critical section.
	 */
	static final class Holder {

		private final SimulatedProcess process;

		private final Caller caller;

		private final boolean autoExtended;

		private final LockHandle lock;

		private final String value;

		private final long grantedAt;

		private boolean valid;

		private int releases;

		private long remaining;

		private long lastDeadline;

		private long invalidSince = Long.MIN_VALUE;

		private Holder(SimulatedProcess process, Caller caller, LockHandle lock, boolean autoExtended, long now) {
			this.grantedAt = now;
			this.process = process;
			this.caller = caller;
			this.autoExtended = autoExtended;
			this.lock = lock;
			this.value = lock.value();
		}

		SimulatedProcess process() {
			return this.process;
		}

		LockHandle lock() {
			return this.lock;
		}

		private void look() {
			this.process.observe(() -> {
				this.valid = !this.process.hasEnded() && this.lock.isValid();
				this.remaining = this.lock.remainingValidity().toNanos();
			});
		}

		/** When the lock stops being valid, in the time of the world. */
		private long deadline() {
			return this.process.now() + (long) (this.remaining / this.process.rate());
		}

		/** When the extension began that led to this deadline. */
		private long extensionStart(long deadline) {
			double validity = this.lock.ttl().toNanos() * 0.99 - 2_000_000;
			return deadline - (long) (validity / this.process.rate());
		}

		private boolean isRivalOf(Holder other) {
			return (this.lock != other.lock || this.caller != other.caller)
					&& this.lock.resources().stream().anyMatch(other.lock.resources()::contains);
		}

		@Override
		public String toString() {
			return this.value + " of " + this.process;
		}

	}

	/**
	 * What was reported of one lock.
	 */
	private static final class Events {

		private final SimulatedProcess process;

		private int acquired;

		private int lost;

		private int released;

		private int releasedLost;

		private int releaseFailed;

		private Events(SimulatedProcess process) {
			this.process = process;
		}

		private boolean areRight() {
			if (this.acquired != 1 || this.lost > 1) {
				return false;
			}
			int ends = this.released + this.releaseFailed;
			return (ends == 0) ? this.lost == 1 : ends == 1 && this.lost == this.releasedLost;
		}

		@Override
		public String toString() {
			return "acquired " + this.acquired + ", lost " + this.lost + ", released " + this.released
					+ " (of which lost " + this.releasedLost + "), release failed " + this.releaseFailed + " times";
		}

	}

}
