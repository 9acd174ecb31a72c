package io.github.redlock.memory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.spi.LockNode;

/**
 * Nodes inside this JVM, for tests of applications ({@code redlock.mode=in-memory}). The
 * lock on them is the real one, with ttl, waiting, extension and fencing tokens; only
 * Redis is not there. This bean makes happen what a test wants to see handled.
 * <pre class="code">
 * &#64;SpringBootTest(properties = "redlock.mode=in-memory")
 * class OrderTests {
 *
 *     &#64;Autowired InMemoryLocks locks;
 *
 *     &#64;Test
 *     void busyOrderIsRefused() {
 *         this.locks.hold("order:42", Duration.ofMinutes(1));
 *         assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -&gt; this.orders.pay(42));
 *     }
 *
 * }
 * </pre>
 * <p>
 * Thread-safe. It excludes nobody outside the JVM, and each application context has its
 * own; it is not for production.
 *
 * @since 0.1.0
 */
public final class InMemoryLocks {

	/** A quorum has to be one of several here too. */
	private static final int NODES = 3;

	private static final String SOMEBODY_ELSE = "somebody else";

	private final LongSupplier nanoTime;

	private final List<InMemoryLockNode> nodes = new CopyOnWriteArrayList<>();

	private final List<DefaultRedlock> redlocks = new CopyOnWriteArrayList<>();

	/**
	 * Begin without nodes.
	 * @param nanoTime the monotonic clock of the nodes
	 */
	public InMemoryLocks(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
	}

	/**
	 * Make the nodes of one lock.
	 * @return three nodes that nobody else uses
	 */
	public List<LockNode> newNodes() {
		List<InMemoryLockNode> made = IntStream.rangeClosed(1, NODES)
			.mapToObj((number) -> new InMemoryLockNode("memory-" + number, this.nanoTime))
			.toList();
		this.nodes.addAll(made);
		return new ArrayList<>(made);
	}

	/**
	 * Remember a lock on these nodes, for {@link #lose}.
	 * @param redlock the lock
	 */
	public void register(DefaultRedlock redlock) {
		this.redlocks.add(redlock);
	}

	/**
	 * Let somebody else hold a resource. A holder in this application loses it with his
	 * next extension; see {@link #lose}.
	 * @param resource what is held, in the form of the annotation {@code name:key}
	 * @param ttl for how long, unless {@link #free freed}
	 */
	public void hold(String resource, Duration ttl) {
		each((node) -> node.hold(resource, SOMEBODY_ELSE, ttl));
	}

	/**
	 * Free a resource, whoever holds it.
	 * @param resource what is freed
	 */
	public void free(String resource) {
		each((node) -> node.delete(resource));
	}

	/**
	 * Let no node answer: there is no quorum, until {@link #recover}.
	 */
	public void fail() {
		each((node) -> node.setDown(true));
	}

	/**
	 * Let the nodes answer again, with the keys they had.
	 */
	public void recover() {
		each((node) -> node.setDown(false));
	}

	/**
	 * Let the holder of a resource in this application lose it, now. When this returns,
	 * his lock is not valid any more.
	 * @param resource what is lost
	 * @throws IllegalStateException if nobody here holds it
	 */
	public void lose(String resource) {
		List<LockHandle> held = this.redlocks.stream()
			.flatMap((redlock) -> redlock.held().stream())
			.filter((lock) -> lock.resources().contains(resource))
			.toList();
		if (held.isEmpty()) {
			throw new IllegalStateException("Nobody here holds '" + resource + "', so it cannot be lost");
		}
		free(resource);
		for (LockHandle lock : held) {
			try {
				lock.extend();
			}
			catch (LockLostException ex) {
				// As wanted.
			}
			catch (IllegalStateException ex) {
				throw new IllegalStateException("'" + resource + "' was released before it could be lost", ex);
			}
		}
	}

	/**
	 * Whether anybody holds a resource.
	 * @param resource the resource
	 * @return {@code true} if it is locked on a quorum of nodes
	 */
	public boolean isHeld(String resource) {
		return this.nodes.stream().filter((node) -> node.valueOf(resource) != null).count() > NODES / 2;
	}

	private void each(Consumer<InMemoryLockNode> action) {
		this.nodes.forEach(action);
	}

}
