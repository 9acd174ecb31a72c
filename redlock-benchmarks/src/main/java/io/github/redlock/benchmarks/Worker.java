package io.github.redlock.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

import com.sun.management.OperatingSystemMXBean;

/**
 * A process with one contender that does what it reads from its input, and says when it
 * is done: {@code RUN} lets threads compete for a resource, {@code KEEP} takes many locks
 * and holds them, {@code CPU} tells the processor time so far.
 */
final class Worker {

	private final Contender contender;

	private final PrintStream out;

	/** Held until the process ends. */
	private final List<Object> kept = new ArrayList<>();

	private Worker(Contender contender, PrintStream out) {
		this.contender = contender;
		this.out = out;
	}

	/**
	 * Begin.
	 * @param args the contender, the ports of the servers, the ttl in milliseconds
	 */
	public static void main(String[] args) throws Exception {
		PrintStream out = System.out;
		System.setOut(System.err);
		List<Integer> ports = Arrays.stream(args[1].split(",")).map(Integer::valueOf).toList();
		Duration ttl = Duration.ofMillis(Long.parseLong(args[2]));
		Worker worker = new Worker(Contender.create(args[0], ports, ttl), out);
		out.println(WorkerProcess.DONE);
		BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		for (String line = commands.readLine(); line != null; line = commands.readLine()) {
			worker.carryOut(line.split(" "));
			out.println(WorkerProcess.DONE);
			out.flush();
		}
		// Whoever has started it is gone, and what it holds does not matter any more.
		Runtime.getRuntime().halt(0);
	}

	private void carryOut(String[] command) throws Exception {
		switch (command[0]) {
			case "RUN" -> compete(command[1], Integer.parseInt(command[2]),
					Duration.ofMillis(Long.parseLong(command[3])), Duration.ofMillis(Long.parseLong(command[4])));
			case "KEEP" -> keep(command[1], Integer.parseInt(command[2]));
			case "CPU" -> this.out.println(cpuNanos());
			default -> throw new IOException("There is no command " + command[0]);
		}
	}

	private static long cpuNanos() {
		return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
	}

	private void compete(String resource, int threads, Duration time, Duration work) throws InterruptedException {
		List<List<Hold>> holds = new ArrayList<>();
		CountDownLatch go = new CountDownLatch(1);
		CountDownLatch done = new CountDownLatch(threads);
		long[] end = new long[1];
		for (int i = 0; i < threads; i++) {
			List<Hold> own = new ArrayList<>();
			holds.add(own);
			int number = i;
			new Thread(() -> {
				try {
					go.await();
					while (System.nanoTime() - end[0] < 0) {
						own.add(hold(resource, number, work));
					}
				}
				catch (Exception ex) {
					throw new IllegalStateException("A thread has failed", ex);
				}
				finally {
					done.countDown();
				}
			}).start();
		}
		end[0] = System.nanoTime() + time.toNanos();
		go.countDown();
		done.await();
		holds.forEach((own) -> own.forEach(this.out::println));
	}

	private Hold hold(String resource, int thread, Duration work) throws Exception {
		long asked = System.nanoTime();
		Object lock = this.contender.lock(resource);
		if (lock == null) {
			return new Hold(thread, asked, 0, 0);
		}
		long granted = System.nanoTime();
		if (!work.isZero()) {
			Thread.sleep(work.toMillis());
		}
		long releasing = System.nanoTime();
		this.contender.unlock(lock);
		return new Hold(thread, asked, granted, releasing);
	}

	/**
	 * Answers with the milliseconds that it took, and the bytes of heap for each lock.
	 */
	private void keep(String prefix, int count) throws InterruptedException {
		long before = usedHeap();
		long start = System.nanoTime();
		int threads = 16;
		CountDownLatch done = new CountDownLatch(threads);
		Semaphore left = new Semaphore(count);
		for (int i = 0; i < threads; i++) {
			String own = prefix + i + "-";
			new Thread(() -> {
				try {
					for (int n = 0; left.tryAcquire(); n++) {
						Object lock = this.contender.lock(own + n);
						synchronized (this.kept) {
							this.kept.add(lock);
						}
					}
				}
				catch (Exception ex) {
					throw new IllegalStateException("A thread has failed", ex);
				}
				finally {
					done.countDown();
				}
			}).start();
		}
		done.await();
		long millis = Duration.ofNanos(System.nanoTime() - start).toMillis();
		this.out.println(millis);
		this.out.println((usedHeap() - before) / count);
	}

	private static long usedHeap() {
		for (int i = 0; i < 3; i++) {
			System.gc();
		}
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

	/**
	 * One lock held, or not: then it was granted at zero. Times are those of the
	 * monotonic clock that the processes of a machine share on Linux and macOS.
	 *
	 * @param thread which thread of its process
	 * @param asked when the lock was asked for
	 * @param granted when it was granted
	 * @param releasing when its release began
	 */
	record Hold(int thread, long asked, long granted, long releasing) {

		static Hold parse(String line) {
			Scanner parts = new Scanner(line);
			return new Hold(parts.nextInt(), parts.nextLong(), parts.nextLong(), parts.nextLong());
		}

		boolean isGranted() {
			return this.granted != 0;
		}

		@Override
		public String toString() {
			return this.thread + " " + this.asked + " " + this.granted + " " + this.releasing;
		}

	}

}
