package io.github.redlock.benchmarks;

import java.lang.reflect.InvocationTargetException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.github.redlock.LockHandle;
import io.github.redlock.core.DefaultRedlock;

/**
 * Many locks at once, without a platform thread for each: futures, or virtual threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class ManyInFlightBenchmark {

	private static final int LOCKS_PER_THREAD = 500;

	private static final int LOCKS_EACH = 10;

	/** {@code futures} or {@code virtual-threads}. */
	@Param({ "futures", "virtual-threads" })
	public String kind = "";

	private @Nullable Nodes servers;

	private @Nullable RedlockContender lock;

	private @Nullable ExecutorService executor;

	/** Start servers and connect. */
	@Setup
	public void start() {
		this.servers = new Nodes(3);
		this.lock = new RedlockContender(this.servers.ports(), Contender.TTL, true);
		this.executor = this.kind.equals("futures") ? null : virtualThreads();
	}

	/**
	 * This is compiled for a Java that has none.
	 */
	private static ExecutorService virtualThreads() {
		try {
			return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
		}
		catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException ex) {
			throw new IllegalStateException("There are no virtual threads before Java 21", ex);
		}
	}

	/** Disconnect and stop the servers. */
	@TearDown
	public void stop() {
		if (this.executor != null) {
			this.executor.shutdown();
		}
		Objects.requireNonNull(this.lock).close();
		Objects.requireNonNull(this.servers).close();
	}

	/** Each of two threads keeps half of a thousand locks in flight. */
	@Benchmark
	@OperationsPerInvocation(LOCKS_PER_THREAD * LOCKS_EACH)
	public void lockAndUnlockMany(LockBenchmark.Caller caller) {
		DefaultRedlock redlock = Objects.requireNonNull(this.lock).redlock();
		ExecutorService executor = this.executor;
		CompletableFuture<?>[] all = Stream.generate(caller::nextResource)
			.limit(LOCKS_PER_THREAD)
			.map((resource) -> (executor != null)
					? CompletableFuture.runAsync(() -> lockOneAfterTheOther(redlock, resource), executor)
					: lockOneAfterTheOther(redlock, resource, LOCKS_EACH))
			.toArray(CompletableFuture[]::new);
		CompletableFuture.allOf(all).join();
	}

	private static void lockOneAfterTheOther(DefaultRedlock redlock, String resource) {
		for (int i = 0; i < LOCKS_EACH; i++) {
			redlock.acquire(resource + "-" + i, Contender.TTL).release();
		}
	}

	private static CompletableFuture<Boolean> lockOneAfterTheOther(DefaultRedlock redlock, String resource, int count) {
		return redlock.acquireAsync(resource + "-" + count, Contender.TTL)
			.thenCompose(LockHandle::releaseAsync)
			.thenCompose((valid) -> (count > 1) ? lockOneAfterTheOther(redlock, resource, count - 1)
					: CompletableFuture.completedFuture(valid));
	}

}
