package io.github.redlock.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.springframework.data.redis.RedisConnectionFailureException;

import io.github.redlock.redis.BatchingLockNode;
import io.github.redlock.spi.Awaiter;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.NodeIo;
import io.github.redlock.spi.TimeSource.Cancellable;
import io.github.redlock.spi.Vote;

/**
 * What one process has of one server: connections, one after the other. A connection
 * keeps the order of its messages; what was sent on one that broke may be lost, or arrive
 * while its successor is in use.
 */
final class Link extends BatchingLockNode implements NodeIo {

	private static final long MAX_LATE_NANOS = Duration.ofSeconds(3).toNanos();

	private final World world;

	private final Oracle oracle;

	private final SimulatedProcess process;

	private final SimulatedServer server;

	private final Random random;

	private final long readTimeoutNanos;

	private final double duplicates;

	private final double lateness;

	private final List<Runnable> stuck = new ArrayList<>();

	/** Zero where answers are read as soon as they arrive. */
	private final long longestUnreadNanos;

	private final Queue<Runnable> unread = new ArrayDeque<>();

	private final Set<String> released = new HashSet<>();

	private final Map<String, SimulatedServer.Subscriber> subscribed = new HashMap<>();

	private final long usualLatencyNanos;

	private long latencyNanos;

	private boolean blocked;

	private boolean closed;

	private boolean repeating;

	private Connection connection;

	/**
	 * Connect nothing yet.
	 * @param duplicates how probable it is that the driver sends again what was
	 * unanswered when the connection broke
	 * @param pipelining whether many messages are on their way at once; nothing is sent
	 * again then by a driver
	 * @param lateness how probable it is that a message in transit on a broken connection
	 * arrives nevertheless
	 * @param longestUnread how long an answer may lie there until somebody reads it
	 */
	Link(World world, Oracle oracle, SimulatedProcess process, SimulatedServer server, Random random, long latencyNanos,
			Duration readTimeout, boolean pipelining, double duplicates, double lateness, Duration longestUnread) {
		super(server.toString(), "", pipelining);
		this.world = world;
		this.oracle = oracle;
		this.process = process;
		this.server = server;
		this.random = random;
		this.usualLatencyNanos = latencyNanos;
		this.latencyNanos = latencyNanos;
		this.readTimeoutNanos = readTimeout.toNanos();
		this.duplicates = pipelining ? 0 : duplicates;
		this.lateness = lateness;
		this.longestUnreadNanos = longestUnread.toNanos();
	}

	@Override
	public CompletionStage<Vote> acquire(LockRequest request) {
		this.oracle.asksFor(request.value(), request.ttl());
		checkNotReleased("acquire", request);
		return super.acquire(request);
	}

	@Override
	public CompletionStage<Vote> acquireFree(LockRequest request) {
		this.oracle.asksFor(request.value(), request.ttl());
		checkNotReleased("acquire", request);
		return super.acquireFree(request);
	}

	@Override
	public CompletionStage<Vote> extend(LockRequest request) {
		this.oracle.asksFor(request.value(), request.ttl());
		checkNotReleased("extend", request);
		return super.extend(request);
	}

	@Override
	public CompletionStage<List<Vote>> extendAll(List<LockRequest> requests) {
		for (LockRequest request : requests) {
			this.oracle.asksFor(request.value(), request.ttl());
			checkNotReleased("extend", request);
		}
		return super.extendAll(requests);
	}

	@Override
	public CompletionStage<Vote> heal(LockRequest request) {
		checkNotReleased("heal", request);
		return super.heal(request);
	}

	@Override
	public CompletionStage<Vote> release(LockRequest request) {
		this.released.add(request.value());
		this.oracle.releaseSent(request.value());
		return super.release(request).thenApply((vote) -> withoutOurselves(vote, request));
	}

	@Override
	public CompletionStage<Vote> transfer(LockRequest request, String before) {
		checkNotReleased("transfer", request);
		this.released.add(before);
		this.oracle.transferSent(request, before);
		return super.transfer(request, before);
	}

	@Override
	public CompletionStage<Vote> withdraw(LockRequest request) {
		this.released.add(request.value());
		this.oracle.releaseSent(request.value());
		return super.withdraw(request);
	}

	/**
	 * One subscription: it takes a message each way, and ends with the server. What is
	 * told while nothing gets through is lost.
	 */
	@Override
	public Cancellable onRelease(String resource, Runnable listener) {
		String channel = "released:" + resource;
		boolean[] over = new boolean[1];
		SimulatedServer.Subscriber subscriber = () -> deliver(over, listener);
		this.subscribed.put(channel, subscriber);
		this.world.schedule(latency(), () -> {
			if (!over[0] && !this.blocked && !this.closed) {
				this.server.subscribe(channel, subscriber);
				// It is known then, and something may have been missed before.
				deliver(over, listener);
			}
		});
		return () -> {
			over[0] = true;
			this.subscribed.remove(channel, subscriber);
			this.server.unsubscribe(channel, subscriber);
		};
	}

	@Override
	public boolean isTelling(String resource) {
		SimulatedServer.Subscriber subscriber = this.subscribed.get("released:" + resource);
		return subscriber != null && this.server.isSubscribed("released:" + resource, subscriber);
	}

	private void deliver(boolean[] over, Runnable listener) {
		if (!this.blocked) {
			this.world.schedule(latency(), () -> this.process.run(() -> {
				if (!over[0] && !this.closed) {
					this.oracle.noticed();
					listener.run();
				}
			}));
		}
	}

	private Vote withoutOurselves(Vote vote, LockRequest request) {
		boolean ours = request.resources()
			.stream()
			.map((resource) -> "released:" + resource)
			.anyMatch((channel) -> this.subscribed.containsKey(channel)
					&& this.server.isSubscribed(channel, this.subscribed.get(channel)));
		return (ours && vote instanceof Vote.Granted granted && granted.listeners() > 0)
				? new Vote.Granted(granted.listeners() - 1) : vote;
	}

	private void checkNotReleased(String command, LockRequest request) {
		if (this.released.contains(request.value())) {
			this.world
				.fail("order: " + command + " of " + request.value() + " is sent to " + name() + " after its release");
		}
	}

	private long latency() {
		double share = this.random.nextDouble();
		return 1 + (long) (share * share * this.latencyNanos);
	}

	@Override
	protected void send(Flight flight) {
		this.process.maybePause();
		if (!flight.isWaiting()) {
			return;
		}
		if (this.closed || this.server.isDown()) {
			this.process.execute(() -> flight.lost(unreachable("connection refused")));
			return;
		}
		if (this.connection == null) {
			this.connection = new Connection();
			connectionOpened();
			this.server.opened(this.connection);
		}
		flight.written();
		this.connection.send(flight);
	}

	private static RuntimeException unreachable(String message) {
		return new RedisConnectionFailureException(message);
	}

	/**
	 * Some other thread of the process reads, or nobody for a while. A script that is not
	 * known has to be sent again in time.
	 */
	private void readSoon(List<Object> answers) {
		if (this.longestUnreadNanos > 0 && answers.stream().noneMatch(Throwable.class::isInstance)
				&& this.random.nextBoolean()) {
			this.process.schedule((long) (this.random.nextDouble() * this.longestUnreadNanos), this::read);
		}
		else {
			read();
		}
	}

	private void read() {
		for (Runnable next = this.unread.poll(); next != null; next = this.unread.poll()) {
			next.run();
		}
	}

	@Override
	public CompletionStage<Void> catchUp() {
		if (this.longestUnreadNanos == 0) {
			return CompletableFuture.completedFuture(null);
		}
		CompletableFuture<Void> caughtUp = new CompletableFuture<>();
		this.process.schedule(0, () -> {
			this.process.links().forEach(Link::read);
			caughtUp.complete(null);
		});
		return caughtUp;
	}

	@Override
	public Awaiter awaiter() {
		return this.process;
	}

	/** The connection breaks. */
	void breakConnection() {
		if (this.connection != null) {
			this.connection.reset("connection reset");
		}
	}

	@Override
	public void reset() {
		breakConnection();
	}

	/** Messages take longer for a while. */
	void slowDown(long latencyNanos, long nanos) {
		this.latencyNanos = latencyNanos;
		this.world.schedule(nanos, () -> this.latencyNanos = this.usualLatencyNanos);
	}

	/** Nothing gets through for a while; nobody is told. */
	void block(long nanos) {
		if (!this.blocked) {
			this.blocked = true;
			this.world.schedule(nanos, () -> {
				this.blocked = false;
				List<Runnable> through = List.copyOf(this.stuck);
				this.stuck.clear();
				through.forEach(Runnable::run);
			});
		}
	}

	private void pass(Runnable message) {
		if (this.blocked) {
			this.stuck.add(message);
		}
		else {
			message.run();
		}
	}

	/** The process is no more. */
	void processEnded() {
		this.closed = true;
		if (this.connection != null) {
			this.connection.leave();
		}
	}

	@Override
	public void close() {
		this.closed = true;
		breakConnection();
	}

	/**
	 * One connection.
	 */
	final class Connection {

		private boolean open = true;

		private long lastRequest;

		private long lastReply;

		/** What was sent first may have been done already. */
		private boolean repeating = Link.this.repeating;

		private Flight flight;

		private boolean strayAllowed;

		private long strayDelay;

		/** The first of two commands is done, the second is not. */
		private boolean halfDone;

		private final Queue<Runnable> behind = new ArrayDeque<>();

		private void send(Flight flight) {
			this.flight = flight;
			Message message = flight.message();
			World world = Link.this.world;
			this.lastRequest = Math.max(this.lastRequest, world.now() + latency());
			world.schedule(this.lastRequest - world.now(), () -> pass(() -> arrive(flight, message)));
			Link.this.process.schedule(Link.this.readTimeoutNanos, () -> {
				if (this.open && this.flight == flight && flight.isWaiting() && flight.message() == message) {
					reset("read timed out");
				}
			});
		}

		private void arrive(Flight flight, Message message) {
			if (this.open) {
				Link.this.server.receive(this, () -> execute(flight, message));
			}
			else if (this.strayAllowed) {
				// Sent before the connection broke, and still in a buffer somewhere.
				Link.this.world.schedule(this.strayDelay,
						() -> Link.this.server.receive(this, () -> execute(flight, message)));
			}
		}

		private void execute(Flight flight, Message message) {
			SimulatedServer server = Link.this.server;
			if (this.halfDone) {
				this.behind.add(() -> execute(flight, message));
				return;
			}
			if (!this.open) {
				if (this.strayAllowed) {
					server.executeOutOfOrder(() -> message.executeOn(server.redis()));
					if (message.isTwoCommands()) {
						server.executeOutOfOrder(() -> message.raiseFence(server.redis()));
					}
				}
				return;
			}
			List<Object> answers = new ArrayList<>();
			if (this.repeating) {
				this.repeating = false;
				server.executeOutOfOrder(() -> answers.addAll(message.executeOn(server.redis())));
			}
			else {
				answers.addAll(message.executeOn(server.redis()));
			}
			if (message.isTwoCommands()) {
				this.halfDone = true;
				// Commands of other connections may be carried out before the second one.
				Link.this.world.schedule(latency() / 2,
						() -> server.receive(this, () -> executeSecond(flight, message, answers)));
			}
			else {
				reply(flight, message, answers);
			}
		}

		private void executeSecond(Flight flight, Message message, List<Object> answers) {
			answers.add(message.raiseFence(Link.this.server.redis()));
			this.halfDone = false;
			reply(flight, message, answers);
			while (!this.halfDone && !this.behind.isEmpty()) {
				this.behind.remove().run();
			}
		}

		private void reply(Flight flight, Message message, List<Object> answers) {
			World world = Link.this.world;
			this.lastReply = Math.max(this.lastReply, world.now() + latency());
			world.schedule(this.lastReply - world.now(), () -> pass(() -> Link.this.process.run(() -> {
				if (this.open) {
					Link.this.unread.add(() -> {
						if (this.open) {
							flight.arrived(message, answers);
						}
					});
					readSoon(answers);
				}
			})));
		}

		/** The server is gone: what it had not read is lost. */
		void resetByServer() {
			close();
			this.strayAllowed = false;
			Link.this.process.execute(() -> lose("connection reset by peer"));
		}

		private void leave() {
			close();
		}

		private void close() {
			this.open = false;
			if (Link.this.connection == this) {
				Link.this.connection = null;
			}
			Link.this.server.closed(this);
			this.strayAllowed = Link.this.random.nextDouble() < Link.this.lateness;
			this.strayDelay = (long) (MAX_LATE_NANOS * Math.pow(Link.this.random.nextDouble(), 3));
		}

		private void reset(String message) {
			if (this.open) {
				close();
				Link.this.process.execute(() -> lose(message));
			}
		}

		private void lose(String message) {
			Flight lost = this.flight;
			if (lost == null || !lost.isWaiting()) {
				return;
			}
			if (!Link.this.closed && Link.this.random.nextDouble() < Link.this.duplicates) {
				// A driver that tries again by itself.
				Link.this.repeating = true;
				Link.this.send(lost);
				Link.this.repeating = false;
			}
			else {
				lost.lost(unreachable(message));
			}
		}

	}

}
