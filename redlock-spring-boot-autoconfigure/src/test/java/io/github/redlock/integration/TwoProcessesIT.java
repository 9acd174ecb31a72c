package io.github.redlock.integration;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two JVMs want the same lock: they never have it together, and both have it often. The
 * rows of holders inside each of them end, and each leaves it to the other.
 */
@Timeout(120)
class TwoProcessesIT {

	private static final int THREADS = 12;

	private static final int HOLDS = 300;

	@Test
	void neverTogetherAndBothOften() throws Exception {
		List<Process> processes = new ArrayList<>();
		try (RedisServers servers = new RedisServers(3)) {
			processes.add(start(servers));
			processes.add(start(servers));
			for (Process process : processes) {
				awaitReady(process.inputReader());
			}
			for (Process process : processes) {
				process.outputWriter().append("go\n").flush();
			}
			List<List<Hold>> holds = new ArrayList<>();
			for (Process process : processes) {
				holds.add(read(process));
			}
			check(holds);
		}
		finally {
			processes.forEach(Process::destroyForcibly);
		}
	}

	private static Process start(RedisServers servers) throws IOException {
		String ports = servers.servers()
			.stream()
			.map((server) -> String.valueOf(server.port()))
			.collect(Collectors.joining(","));
		return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
				System.getProperty("java.class.path"), Competitor.class.getName(), ports)
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
	}

	private static void awaitReady(BufferedReader output) throws IOException {
		String line = output.readLine();
		while (!"ready".equals(line)) {
			assertThat(line).as("a line of the log, at most").isNotNull();
			line = output.readLine();
		}
	}

	private static List<Hold> read(Process process) {
		return process.inputReader().lines().filter((line) -> line.matches("\\d+ \\d+ \\d+")).map(Hold::parse).toList();
	}

	private static void check(List<List<Hold>> holds) {
		List<Hold> inOrder = holds.stream()
			.flatMap(List::stream)
			.sorted(Comparator.comparingLong(Hold::granted))
			.toList();
		assertThat(inOrder).hasSize(2 * THREADS * HOLDS);
		for (int i = 1; i < inOrder.size(); i++) {
			assertThat(inOrder.get(i).granted()).as("granted before the one before was released")
				.isGreaterThan(inOrder.get(i - 1).releasing());
			assertThat(inOrder.get(i).token()).isGreaterThan(inOrder.get(i - 1).token());
		}
		// Until the first of them is done, both compete all the time.
		long end = holds.stream()
			.mapToLong((own) -> own.stream().mapToLong(Hold::granted).max().orElseThrow())
			.min()
			.orElseThrow();
		long competed = inOrder.stream().filter((hold) -> hold.granted() - end <= 0).count();
		assertThat(holds).allSatisfy((own) -> assertThat(own.stream().filter((hold) -> hold.granted() - end <= 0))
			.as("its part of %s", competed)
			.hasSizeGreaterThan((int) (competed / 4)));
	}

	/**
	 * One hold, by the monotonic clock that the processes of a machine share on Linux and
	 * macOS.
	 */
	private record Hold(long token, long granted, long releasing) {

		private static Hold parse(String line) {
			long[] numbers = Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray();
			return new Hold(numbers[0], numbers[1], numbers[2]);
		}

		@Override
		public String toString() {
			return this.token + " " + this.granted + " " + this.releasing;
		}

	}

	/**
	 * What each of the processes does.
	 */
	static final class Competitor {

		private static final LockOptions OPTIONS = LockOptions.builder()
			.autoExtend(true)
			.waitTime(Duration.ofMinutes(1))
			.build();

		public static void main(String[] args) throws Exception {
			RedisLockNodes nodes = new RedisLockNodes("redlock:");
			for (String port : args[0].split(",")) {
				nodes.add(new RedisNodeSettings("127.0.0.1:" + port, "127.0.0.1", Integer.parseInt(port), null, null, 0,
						null), Duration.ofSeconds(1), Duration.ofMillis(200));
			}
			Queue<Hold> holds = new ConcurrentLinkedQueue<>();
			try (DefaultRedlock redlock = new RedlockBuilder().nodes(nodes.nodes()).build()) {
				redlock.acquire("ready-" + ProcessHandle.current().pid()).release();
				System.out.println("ready");
				new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
				CountDownLatch done = new CountDownLatch(THREADS);
				for (int i = 0; i < THREADS; i++) {
					new Thread(() -> {
						for (int n = 0; n < HOLDS; n++) {
							holds.add(hold(redlock));
						}
						done.countDown();
					}).start();
				}
				done.await();
			}
			holds.forEach(System.out::println);
		}

		private static Hold hold(DefaultRedlock redlock) {
			LockHandle lock = redlock.acquire("wanted", Duration.ofSeconds(30), OPTIONS);
			long granted = System.nanoTime();
			long releasing = System.nanoTime();
			lock.release();
			return new Hold(lock.fencingToken(), granted, releasing);
		}

	}

}
