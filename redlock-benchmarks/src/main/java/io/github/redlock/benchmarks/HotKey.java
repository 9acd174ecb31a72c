package io.github.redlock.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.redlock.benchmarks.Worker.Hold;

/**
 * Everybody wants the same lock: threads of one process, or of several.
 */
final class HotKey {

	private static final Duration WARM_UP = Duration.ofSeconds(15);

	private final int processes;

	private final int threads;

	private final Duration work;

	private final Duration slice;

	/**
	 * A workload.
	 * @param threads in each process
	 * @param work how long the lock is held
	 * @param slice how long to measure at a time
	 */
	HotKey(int processes, int threads, Duration work, Duration slice) {
		this.processes = processes;
		this.threads = threads;
		this.work = work;
		this.slice = slice;
	}

	/**
	 * Let the contenders run by turns, each on servers of its own.
	 */
	void run(Report report, String title, List<String> contenders, int rounds) {
		Map<String, Field> fields = new LinkedHashMap<>();
		try {
			contenders.forEach((name) -> fields.put(name, new Field(name)));
			fields.values().forEach((field) -> field.slice(WARM_UP));
			for (int round = 0; round < rounds; round++) {
				fields.values().forEach((field) -> field.results.add(field.slice(this.slice)));
			}
		}
		finally {
			fields.values().forEach(Field::close);
		}
		Report.Table table = report.table(title, "hand-overs/s", "p50 of waiting, ms", "p99, ms", "longest, ms",
				"a thread's share of the mean, least..most", "gap p50, ms", "gap p99, ms", "commands/s on all nodes",
				"not granted", "two holders");
		fields.forEach((name, field) -> table.add(name, field.results.stream().map(Result::perSecond).toList(),
				field.columns()));
	}

	private static double millis(double nanos) {
		return nanos / 1e6;
	}

	/**
	 * One contender with its processes and servers.
	 */
	private final class Field implements AutoCloseable {

		private final Nodes nodes = new Nodes(3);

		private final List<WorkerProcess> workers = new ArrayList<>();

		private final List<Result> results = new ArrayList<>();

		private int slices;

		private Field(String contender) {
			for (int i = 0; i < HotKey.this.processes; i++) {
				this.workers.add(new WorkerProcess(contender, this.nodes, Contender.TTL, "-Xmx384m"));
			}
		}

		private Result slice(Duration time) {
			String command = "RUN hot-" + this.slices++ + " " + HotKey.this.threads + " " + time.toMillis() + " "
					+ HotKey.this.work.toMillis();
			long before = this.nodes.commandsProcessed();
			this.workers.forEach((worker) -> worker.tell(command));
			Map<String, List<Hold>> holds = new HashMap<>();
			for (int i = 0; i < this.workers.size(); i++) {
				int process = i;
				this.workers.get(i)
					.answer()
					.stream()
					.map(Hold::parse)
					.forEach((hold) -> holds.computeIfAbsent(process + "-" + hold.thread(), (key) -> new ArrayList<>())
						.add(hold));
			}
			return new Result(holds, time, this.nodes.commandsProcessed() - before);
		}

		private List<String> columns() {
			Samples waits = new Samples();
			Samples gaps = new Samples();
			Samples shares = new Samples();
			this.results.forEach((result) -> result.collect(waits, gaps, shares));
			double commands = this.results.stream().mapToDouble(Result::commandsPerSecond).average().orElse(0);
			return List.of(Report.number(millis(waits.quantile(0.5))), Report.number(millis(waits.quantile(0.99))),
					Report.number(millis(waits.quantile(1))),
					Report.number(shares.quantile(0)) + ".." + Report.number(shares.quantile(1)),
					Report.number(millis(gaps.quantile(0.5))), Report.number(millis(gaps.quantile(0.99))),
					Report.number(commands), String.valueOf(this.results.stream().mapToLong(Result::refused).sum()),
					String.valueOf(this.results.stream().mapToLong(Result::overlaps).sum()));
		}

		@Override
		public void close() {
			this.workers.forEach(WorkerProcess::close);
			this.nodes.close();
		}

	}

	/**
	 * What has happened in a slice.
	 *
	 * @param holds by thread
	 * @param time how long it lasted
	 * @param commands that the servers have carried out
	 */
	private record Result(Map<String, List<Hold>> holds, Duration time, long commands) {

		private List<Hold> inOrder() {
			return this.holds.values()
				.stream()
				.flatMap(List::stream)
				.filter(Hold::isGranted)
				.sorted(Comparator.comparingLong(Hold::granted))
				.toList();
		}

		private double perSecond() {
			List<Hold> all = inOrder();
			if (all.size() < 2) {
				return 0;
			}
			return (all.size() - 1) * 1e9 / (all.get(all.size() - 1).granted() - all.get(0).granted());
		}

		private double commandsPerSecond() {
			return this.commands * 1e9 / this.time.toNanos();
		}

		private long refused() {
			return this.holds.values().stream().flatMap(List::stream).filter((hold) -> !hold.isGranted()).count();
		}

		/**
		 * How often one was granted before the one before began to release.
		 */
		private long overlaps() {
			List<Hold> all = inOrder();
			long overlaps = 0;
			for (int i = 1; i < all.size(); i++) {
				overlaps += (all.get(i).granted() - all.get(i - 1).releasing() < 0) ? 1 : 0;
			}
			return overlaps;
		}

		private void collect(Samples waits, Samples gaps, Samples shares) {
			List<Hold> all = inOrder();
			all.forEach((hold) -> waits.add((double) (hold.granted() - hold.asked())));
			// After that, processes end one after the other.
			long end = all.stream().mapToLong(Hold::asked).min().orElse(0) + this.time.toNanos();
			for (int i = 1; i < all.size(); i++) {
				long releasing = all.get(i - 1).releasing();
				if (all.get(i).asked() - releasing < 0 && releasing - end < 0) {
					gaps.add((double) (all.get(i).granted() - releasing));
				}
			}
			double mean = (double) all.size() / this.holds.size();
			this.holds.values().forEach((own) -> shares.add(own.stream().filter(Hold::isGranted).count() / mean));
		}

	}

}
