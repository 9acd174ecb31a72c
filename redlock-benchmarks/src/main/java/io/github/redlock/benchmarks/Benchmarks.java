package io.github.redlock.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.springframework.boot.SpringBootVersion;

/**
 * Runs the parts and writes the report.
 * <p>
 * The machine is never the same for long, so what is compared runs by turns: in each
 * round every contender once, and ratios are those of a round.
 */
final class Benchmarks {

	private static final List<String> UNCONTENDED = List.of("redlock", "redlock-without-tokens", "redisson-redlock",
			"redisson-rlock", "spring-integration-spin", "shedlock", "jedis");

	private static final List<String> ENCRYPTED = List.of("redlock", "redlock-tls", "redlock-tls-driver");

	private static final List<String> CONTENDED = List.of("redlock", "redisson-redlock", "redisson-rlock",
			"spring-integration-spin", "spring-integration-pubsub");

	private final Path directory;

	private final int rounds;

	private final List<String> only;

	private final Report report;

	private Benchmarks(Path directory, int rounds, List<String> only) {
		this.directory = directory;
		this.rounds = rounds;
		this.only = only;
		this.report = new Report(head());
	}

	/**
	 * Begin.
	 * @param args where to write the report, how many rounds, and the names of the parts
	 * to run, by commas; all if there are none
	 */
	public static void main(String[] args) throws Exception {
		List<String> only = (args.length > 2 && !args[2].isBlank()) ? Arrays.asList(args[2].split(",")) : List.of();
		new Benchmarks(Path.of(args[0]), Integer.parseInt(args[1]), only).run();
	}

	private static String head() {
		String redis;
		try (Nodes nodes = new Nodes(1)) {
			redis = nodes.version();
		}
		return "# Benchmarks\n\n" + LocalDate.now(ZoneOffset.UTC) + ", " + Runtime.getRuntime().availableProcessors()
				+ " processors for clients and servers together, " + System.getProperty("os.name") + " "
				+ System.getProperty("os.arch") + ", Java " + Runtime.version() + ", Redis " + redis + " on loopback, "
				+ "Spring Boot " + SpringBootVersion.getVersion() + ", Redisson "
				+ org.redisson.Version.class.getPackage().getImplementationVersion()
				+ ".\n\nMedian [least..most] of the rounds. Only what stands in one table can be compared.\n";
	}

	private void run() throws Exception {
		if (isWanted("uncontended")) {
			lock("1 thread, 3 nodes, distinct resources", 1, 3, UNCONTENDED);
		}
		if (isWanted("five-nodes")) {
			lock("1 thread, 5 nodes, distinct resources", 1, 5, UNCONTENDED.subList(0, 3));
		}
		if (isWanted("threads")) {
			lock("64 threads, 3 nodes, distinct resources", 64, 3, UNCONTENDED);
		}
		if (isWanted("tls")) {
			lock("Clear text and TLS, 1 thread, 3 nodes, distinct resources", 1, 3, ENCRYPTED);
			lock("Clear text and TLS, 64 threads, 3 nodes, distinct resources", 64, 3, ENCRYPTED);
		}
		if (isWanted("ill")) {
			sampled("1 thread, 3 nodes, one of them ill",
					rounds(new OptionsBuilder().include(LockBenchmark.class.getName()).threads(1), "ill",
							List.of("no", "frozen", "killed")),
					1);
		}
		if (isWanted("annotation")) {
			sampled("Annotation and API, 1 thread, 3 nodes",
					rounds(new OptionsBuilder().include(AnnotationBenchmark.class.getName()).threads(1), "way",
							List.of("api", "annotation")),
					1);
		}
		if (isWanted("observed")) {
			ObservedCalls.run(this.report, this.rounds);
			write();
		}
		if (isWanted("many")) {
			many();
		}
		if (isWanted("hot")) {
			Duration slice = Duration.ofSeconds(2);
			new HotKey(1, 16, Duration.ZERO, slice).run(this.report, "One lock, 16 threads of one process", CONTENDED,
					this.rounds);
			new HotKey(4, 4, Duration.ZERO, slice).run(this.report, "One lock, 4 threads in each of 4 processes",
					CONTENDED, this.rounds);
			write();
		}
		if (isWanted("long")) {
			new HotKey(4, 13, Duration.ofMillis(100), Duration.ofSeconds(20)).run(this.report,
					"One lock, held for 100 ms, 13 threads in each of 4 processes", List.of("redlock"), this.rounds);
			write();
		}
		if (isWanted("keep-alive")) {
			new KeepAlive(20_000, Duration.ofSeconds(6), Duration.ofSeconds(30)).run(this.report,
					"20 000 locks kept alive, ttl 6 s", List.of("redlock", "redisson-rlock"), 1);
			new KeepAlive(100_000, Duration.ofSeconds(30), Duration.ofSeconds(60)).run(this.report,
					"100 000 locks kept alive, ttl 30 s", List.of("redlock"), 1);
			write();
		}
		if (isWanted("start-up")) {
			StartUp.run(this.report);
		}
		write();
	}

	private boolean isWanted(String part) {
		return this.only.isEmpty() || this.only.contains(part);
	}

	/**
	 * After each table, so that a run that is broken off leaves what it has.
	 */
	private void write() throws IOException {
		this.report.write(this.directory);
		System.out.println("Report in " + this.directory);
	}

	private void lock(String title, int threads, int nodes, List<String> contenders)
			throws RunnerException, IOException {
		Map<String, List<RunResult>> results = rounds(new OptionsBuilder().include(LockBenchmark.class.getName())
			.threads(threads)
			.param("nodes", String.valueOf(nodes)), "contender", contenders);
		sampled(title, results, threads);
	}

	private void sampled(String title, Map<String, List<RunResult>> results, int threads) throws IOException {
		Report.Table table = this.report.table(title, "locks/s", "p50, us", "p99, us", "p99.99, us",
				"bytes allocated for a lock");
		results.forEach((name, runs) -> table.add(name,
				runs.stream().map((run) -> threads * 1e6 / run.getPrimaryResult().getScore()).toList(),
				List.of(percentile(runs, 50), percentile(runs, 99), percentile(runs, 99.99), allocation(runs))));
		write();
	}

	private static String percentile(List<RunResult> runs, double percent) {
		return Report
			.spread(runs.stream().map((run) -> run.getPrimaryResult().getStatistics().getPercentile(percent)).toList());
	}

	private static String allocation(List<RunResult> runs) {
		return Report.spread(runs.stream().map((run) -> {
			Result<?> allocated = run.getSecondaryResults().get("gc.alloc.rate.norm");
			return (allocated != null) ? allocated.getScore() : Double.NaN;
		}).toList());
	}

	private void many() throws RunnerException, IOException {
		List<String> kinds = (Runtime.version().feature() >= 21) ? List.of("futures", "virtual-threads")
				: List.of("futures");
		Map<String, List<Double>> rates = new LinkedHashMap<>();
		for (int round = 0; round < this.rounds; round++) {
			run(new OptionsBuilder().include(LockBenchmark.class.getName()).threads(64), "contender",
					List.of("redlock"))
				.forEach((name, result) -> rates.computeIfAbsent("64 platform threads", (key) -> new ArrayList<>())
					.add(64 * 1e6 / result.getPrimaryResult().getScore()));
			run(new OptionsBuilder().include(ManyInFlightBenchmark.class.getName()).threads(2), "kind", kinds)
				.forEach((name, result) -> rates.computeIfAbsent("1000 " + name, (key) -> new ArrayList<>())
					.add(result.getPrimaryResult().getScore()));
		}
		Report.Table table = this.report.table("Many locks in flight, 3 nodes, distinct resources", "locks/s");
		rates.forEach((name, all) -> table.add(name, all, List.of()));
		write();
	}

	private Map<String, List<RunResult>> rounds(ChainedOptionsBuilder options, String parameter, List<String> values)
			throws RunnerException {
		Map<String, List<RunResult>> results = new LinkedHashMap<>();
		for (int round = 0; round < this.rounds; round++) {
			run(options, parameter, values)
				.forEach((value, result) -> results.computeIfAbsent(value, (key) -> new ArrayList<>()).add(result));
		}
		return results;
	}

	private static Map<String, RunResult> run(ChainedOptionsBuilder options, String parameter, List<String> values)
			throws RunnerException {
		ChainedOptionsBuilder complete = new OptionsBuilder().parent(options.build())
			.param(parameter, values.toArray(String[]::new))
			.forks(1)
			.jvmArgsAppend("-Xmx512m")
			.warmupIterations(2)
			.warmupTime(TimeValue.seconds(5))
			.measurementIterations(2)
			.measurementTime(new TimeValue(2, TimeUnit.SECONDS))
			.addProfiler(GCProfiler.class)
			.shouldFailOnError(true);
		Collection<RunResult> runs = new Runner(complete.build()).run();
		Map<String, RunResult> results = new LinkedHashMap<>();
		for (RunResult run : runs) {
			BenchmarkParams params = run.getParams();
			results.put(params.getParam(parameter), run);
		}
		return results;
	}

}
