package io.github.redlock.benchmarks;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Lock and unlock what nobody else wants: every resource is a fresh one.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class LockBenchmark {

	/** Whose lock. */
	@Param("redlock")
	public String contender = "";

	/** How many servers. */
	@Param("3")
	public int nodes;

	/** Whether one of them is {@code frozen} or {@code killed}. */
	@Param("no")
	public String ill = "";

	private @Nullable Nodes servers;

	private @Nullable Contender lock;

	/** Start servers and connect. */
	@Setup
	public void start() throws Exception {
		boolean tls = this.contender.contains("-tls");
		Nodes servers = new Nodes(this.nodes, tls);
		Contender lock = Contender.create(this.contender, tls ? servers.tlsPorts() : servers.ports(), Contender.TTL);
		this.servers = servers;
		this.lock = lock;
		lock.unlock(Objects.requireNonNull(lock.lock("first")));
		switch (this.ill) {
			case "frozen" -> servers.freeze(1);
			case "killed" -> servers.kill(1);
			default -> {
			}
		}
	}

	/** Disconnect and stop the servers. */
	@TearDown
	public void stop() {
		Objects.requireNonNull(this.lock).close();
		Objects.requireNonNull(this.servers).close();
	}

	/** One lock and its release. */
	@Benchmark
	public void lockAndUnlock(Caller caller) throws Exception {
		Contender lock = Objects.requireNonNull(this.lock);
		lock.unlock(Objects.requireNonNull(lock.lock(caller.nextResource())));
	}

	/**
	 * A thread that locks.
	 */
	@State(Scope.Thread)
	public static class Caller {

		private static final AtomicInteger count = new AtomicInteger();

		private final String prefix = "resource-" + count.incrementAndGet() + "-";

		private int next;

		String nextResource() {
			return this.prefix + this.next++;
		}

	}

}
