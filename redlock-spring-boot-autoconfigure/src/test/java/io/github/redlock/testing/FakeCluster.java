package io.github.redlock.testing;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.IntStream;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.RedlockListener;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;

/**
 * N fake nodes in virtual time, and clients on them.
 */
public final class FakeCluster {

	public static final Duration COMMAND_TIMEOUT = Duration.ofMillis(200);

	private final VirtualTime time = new VirtualTime();

	private final List<FakeLockNode> nodes;

	public FakeCluster(int size) {
		this.nodes = IntStream.range(0, size).mapToObj((i) -> new FakeLockNode("node" + i, this.time)).toList();
	}

	public VirtualTime time() {
		return this.time;
	}

	public FakeLockNode node(int index) {
		return this.nodes.get(index);
	}

	public List<FakeLockNode> nodes() {
		return this.nodes;
	}

	/** A client with its own guards, on the same nodes and the same clock. */
	public DefaultRedlock client() {
		return client((builder) -> {
		});
	}

	public DefaultRedlock client(Consumer<RedlockBuilder> customizer) {
		RedlockBuilder builder = new RedlockBuilder().nodes(this.nodes)
			.time(this.time)
			.callbackExecutor(this.time)
			.random(new Random(42))
			.commandTimeout(COMMAND_TIMEOUT);
		customizer.accept(builder);
		DefaultRedlock redlock = builder.build();
		this.time.advance(Duration.ZERO);
		return redlock;
	}

	/** How many nodes hold the resource with this value. */
	public long holding(String resource, String value) {
		return this.nodes.stream().filter((node) -> value.equals(node.valueOf(resource))).count();
	}

	/** How many nodes hold the resource. */
	public long holding(String resource) {
		return this.nodes.stream().filter((node) -> node.valueOf(resource) != null).count();
	}

	/** Forget what the nodes have carried out so far. */
	public void clearLogs() {
		this.nodes.forEach((node) -> node.log().clear());
	}

	/** Writes every event down. */
	public static class Recorder implements RedlockListener {

		private final List<String> events = new CopyOnWriteArrayList<>();

		public List<String> events() {
			return this.events;
		}

		/** The events of this kind. */
		public List<String> events(String kind) {
			return this.events.stream().filter((event) -> event.startsWith(kind)).toList();
		}

		@Override
		public void acquired(LockHandle lock) {
			this.events.add("acquired " + lock.resources());
		}

		@Override
		public void acquireFailed(List<String> resources, LockNotAcquiredException error) {
			this.events.add("acquireFailed " + resources + " " + error.getReason());
		}

		@Override
		public void extended(LockHandle lock, Duration remaining) {
			this.events.add("extended " + lock.resources());
		}

		@Override
		public void lost(LockHandle lock, LockLostException error) {
			this.events.add("lost " + lock.resources());
		}

		@Override
		public void released(LockHandle lock, boolean wasValid) {
			this.events.add("released " + lock.resources() + " " + wasValid);
		}

		@Override
		public void releaseFailed(LockHandle lock, LockReleaseException error) {
			this.events.add("releaseFailed " + lock.resources());
		}

		@Override
		public void nodeError(String node, Throwable error) {
			this.events.add("nodeError " + node);
		}

		@Override
		public void nodeDown(String node, Throwable error) {
			this.events.add("nodeDown " + node);
		}

		@Override
		public void quorumLost(int voting, int quorum) {
			this.events.add("quorumLost " + voting + " of " + quorum);
		}

		@Override
		public void quorumRegained(int voting, int quorum) {
			this.events.add("quorumRegained " + voting + " of " + quorum);
		}

		@Override
		public void nodeUp(String node) {
			this.events.add("nodeUp " + node);
		}

	}

}
