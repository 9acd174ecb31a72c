package io.github.redlock.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Many locks that nobody releases: what it costs to keep them, and whether all are kept.
 */
final class KeepAlive {

	private final int locks;

	private final Duration ttl;

	private final Duration hold;

	/**
	 * A workload.
	 * @param hold for how long to measure, several times the ttl
	 */
	KeepAlive(int locks, Duration ttl, Duration hold) {
		this.locks = locks;
		this.ttl = ttl;
		this.hold = hold;
	}

	/**
	 * One contender after the other, because each of them needs its time.
	 */
	void run(Report report, String title, List<String> contenders, int rounds) throws InterruptedException {
		Report.Table table = report.table(title, "locks kept in a second of processor time", "% of a core",
				"taken in, s", "heap for each lock, bytes", "keys lost on all nodes");
		for (String contender : contenders) {
			List<Double> perSecond = new ArrayList<>();
			List<Double> load = new ArrayList<>();
			List<Double> taken = new ArrayList<>();
			List<Double> heap = new ArrayList<>();
			long lost = 0;
			for (int round = 0; round < rounds; round++) {
				try (Nodes nodes = new Nodes(3);
						WorkerProcess worker = new WorkerProcess(contender, nodes, this.ttl, "-Xmx1g")) {
					worker.tell("KEEP kept- " + this.locks);
					List<String> answer = worker.answer();
					taken.add(Long.parseLong(answer.get(0)) / 1e3);
					heap.add((double) Long.parseLong(answer.get(1)));
					// The first extensions are not what it costs in the long run.
					Thread.sleep(this.ttl.toMillis());
					long keys = nodes.keys();
					double before = cpuSeconds(worker);
					Thread.sleep(this.hold.toMillis());
					double used = cpuSeconds(worker) - before;
					load.add(100 * used / this.hold.toSeconds());
					perSecond.add(this.locks * this.hold.toSeconds() / used);
					lost += keys - nodes.keys();
				}
			}
			table.add(contender, perSecond,
					List.of(Report.spread(load), Report.spread(taken), Report.spread(heap), String.valueOf(lost)));
		}
	}

	private static double cpuSeconds(WorkerProcess worker) {
		worker.tell("CPU");
		return Long.parseLong(worker.answer().get(0)) / 1e9;
	}

}
