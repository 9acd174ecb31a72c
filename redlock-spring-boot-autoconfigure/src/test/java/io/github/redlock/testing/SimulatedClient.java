package io.github.redlock.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.Function;

import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.TimeSource;
import io.github.redlock.spi.Vote;

/**
 * One process of a simulation: a clock that runs a little fast or slow, pauses at any
 * point, and a connection of its own to every node, which is slow, breaks, and delivers
 * what was sent before it broke sometimes never and sometimes late.
 */
public final class SimulatedClient implements TimeSource, Executor {

	private final VirtualTime time;

	private final Random random;

	private final double rate;

	private final List<Link> links = new ArrayList<>();

	private final List<Runnable> postponed = new ArrayList<>();

	private final DefaultRedlock redlock;

	private boolean paused;

	public SimulatedClient(FakeCluster cluster, Random random, double rate) {
		this.time = cluster.time();
		this.random = random;
		this.rate = rate;
		cluster.nodes().forEach((node) -> this.links.add(new Link(node)));
		this.redlock = DefaultRedlock.builder()
			.nodes(this.links)
			.time(this)
			.callbackExecutor(this)
			.random(random)
			.values(() -> Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong()))
			.commandTimeout(FakeCluster.COMMAND_TIMEOUT)
			.build();
	}

	public DefaultRedlock redlock() {
		return this.redlock;
	}

	/** Stop executing anything; time goes on. */
	public void pause() {
		this.paused = true;
	}

	/** Go on with what has fallen due, in order. */
	public void resume() {
		this.paused = false;
		List<Runnable> due = List.copyOf(this.postponed);
		this.postponed.clear();
		due.forEach(this::run);
	}

	/** Break the connection to a node. */
	public void breakConnection(int node) {
		this.links.get(node).breakConnection();
	}

	/** Whether connections to a node can be opened. */
	public void setReachable(int node, boolean reachable) {
		this.links.get(node).reachable = reachable;
		if (!reachable) {
			this.links.get(node).breakConnection();
		}
	}

	/** The longest that a message takes from now on. */
	public void setLatency(int node, Duration latency) {
		this.links.get(node).latencyNanos = latency.toNanos();
	}

	private void run(Runnable action) {
		if (this.paused) {
			this.postponed.add(action);
		}
		else {
			action.run();
		}
	}

	@Override
	public long nanoTime() {
		return (long) (this.time.elapsed().toNanos() * this.rate);
	}

	@Override
	public long wallClockMicros() {
		return this.time.wallClockMicros();
	}

	@Override
	public Cancellable schedule(long delayNanos, Runnable task) {
		boolean[] cancelled = new boolean[1];
		Cancellable scheduled = this.time.schedule((long) Math.ceil(Math.max(delayNanos, 0) / this.rate),
				() -> run(() -> {
					if (!cancelled[0]) {
						task.run();
					}
				}));
		return () -> {
			cancelled[0] = true;
			scheduled.cancel();
		};
	}

	@Override
	public void execute(Runnable task) {
		schedule(0, task);
	}

	@Override
	public <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
		return this.time.await(stage);
	}

	/**
	 * The connection of this process to one node.
	 */
	private final class Link implements LockNode {

		private final FakeLockNode node;

		private long latencyNanos = Duration.ofMillis(2).toNanos();

		private boolean reachable = true;

		private Connection connection = new Connection();

		private Link(FakeLockNode node) {
			this.node = node;
		}

		private void breakConnection() {
			Connection broken = this.connection;
			this.connection = new Connection();
			broken.breakNow();
		}

		private long latency() {
			return (long) (SimulatedClient.this.random.nextDouble() * this.latencyNanos);
		}

		private CompletionStage<Vote> send(Function<LockNode, CompletionStage<Vote>> command) {
			CompletableFuture<Vote> reply = new CompletableFuture<>();
			if (this.reachable) {
				this.connection.send(command, reply);
			}
			else {
				SimulatedClient.this.execute(() -> reply.complete(unreachable()));
			}
			return reply;
		}

		private Vote unreachable() {
			return new Vote.Failed(Vote.Failed.Reason.UNREACHABLE, new IllegalStateException("connection lost"));
		}

		@Override
		public String name() {
			return this.node.name();
		}

		@Override
		public CompletionStage<Vote> acquire(LockRequest request) {
			return send((target) -> target.acquire(request));
		}

		@Override
		public CompletionStage<Vote> extend(LockRequest request) {
			return send((target) -> target.extend(request));
		}

		@Override
		public CompletionStage<Vote> heal(LockRequest request) {
			return send((target) -> target.heal(request));
		}

		@Override
		public CompletionStage<Vote> release(LockRequest request) {
			return send((target) -> target.release(request));
		}

		@Override
		public CompletionStage<Vote> ping() {
			return send(LockNode::ping);
		}

		@Override
		public void close() {
			breakConnection();
		}

		/**
		 * Messages on one connection keep their order; across connections they do not.
		 */
		private final class Connection {

			private final List<CompletableFuture<Vote>> unanswered = new ArrayList<>();

			private long lastArrival;

			private boolean broken;

			private void send(Function<LockNode, CompletionStage<Vote>> command, CompletableFuture<Vote> reply) {
				VirtualTime time = SimulatedClient.this.time;
				this.unanswered.add(reply);
				long now = time.elapsed().toNanos();
				this.lastArrival = Math.max(this.lastArrival, now + latency());
				time.schedule(this.lastArrival - now, () -> arrive(command, reply));
			}

			private void arrive(Function<LockNode, CompletionStage<Vote>> command, CompletableFuture<Vote> reply) {
				if (this.broken) {
					// Sent before the connection broke: lost, or still in a buffer
					// somewhere.
					if (SimulatedClient.this.random.nextBoolean()) {
						long late = SimulatedClient.this.random.nextLong(Duration.ofSeconds(1).toNanos());
						SimulatedClient.this.time.schedule(late, () -> command.apply(Link.this.node));
					}
					return;
				}
				command.apply(Link.this.node)
					.thenAccept((vote) -> SimulatedClient.this.time.schedule(latency(), () -> answer(reply, vote)));
			}

			private void answer(CompletableFuture<Vote> reply, Vote vote) {
				if (this.unanswered.remove(reply)) {
					run(() -> reply.complete(vote));
				}
			}

			private void breakNow() {
				this.broken = true;
				List<CompletableFuture<Vote>> lost = List.copyOf(this.unanswered);
				this.unanswered.clear();
				lost.forEach((reply) -> run(() -> reply.complete(unreachable())));
			}

		}

	}

}
