package io.github.redlock.benchmarks;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationHandler.FirstMatchingCompositeObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * What meters and observations cost: calls of a method with the annotation, on distinct
 * resources, in an application without them and in one with them. Both are processes of
 * their own on the same servers, and run by turns, for a fraction of a second at a time:
 * what else the machine does then hits both slices of a pair alike, and who begins
 * changes with each pair. Each round has processes of its own, since two runs of one
 * program are not compiled alike.
 */
final class ObservedCalls {

	private static final String WITH = "with meters and observations";

	private static final String WITHOUT = "without";

	/**
	 * Calls at once, and how long they warm up; many first, because these warm faster.
	 */
	private static final Map<Integer, Duration> WARM_UP = new LinkedHashMap<>();

	static {
		WARM_UP.put(64, Duration.ofSeconds(10));
		WARM_UP.put(1, Duration.ofSeconds(4));
	}

	private static final Duration SLICE = Duration.ofMillis(250);

	private static final int PAIRS_PER_ROUND = 40;

	private final Map<Integer, Pairs> results = new LinkedHashMap<>();

	private ObservedCalls() {
	}

	static void run(Report report, int rounds) {
		ObservedCalls calls = new ObservedCalls();
		for (int i = 0; i < rounds; i++) {
			calls.round();
		}
		calls.results.forEach((threads, pairs) -> pairs.report(report,
				"Meters and observations, " + threads + ((threads == 1) ? " thread" : " threads") + ", 3 nodes"));
	}

	private void round() {
		try (Nodes nodes = new Nodes(3);
				WorkerProcess with = start(nodes, true);
				WorkerProcess without = start(nodes, false)) {
			WARM_UP.forEach((threads, warmUp) -> {
				slice(with, threads, warmUp);
				slice(without, threads, warmUp);
				Pairs pairs = this.results.computeIfAbsent(threads, (key) -> new Pairs());
				for (int i = 0; i < PAIRS_PER_ROUND; i++) {
					boolean first = i % 2 == 0;
					Slice one = slice(first ? with : without, threads, SLICE);
					Slice other = slice(first ? without : with, threads, SLICE);
					pairs.with.add(first ? one : other);
					pairs.without.add(first ? other : one);
				}
			});
		}
	}

	private static WorkerProcess start(Nodes nodes, boolean observed) {
		List<String> arguments = new ArrayList<>(nodes.properties());
		arguments.add("--observed=" + observed);
		return new WorkerProcess(Application.class, arguments, "-Xmx384m");
	}

	private static Slice slice(WorkerProcess process, int threads, Duration time) {
		process.tell(threads + " " + time.toMillis());
		String[] answer = process.answer().get(0).split(" ", 2);
		return new Slice(Double.parseDouble(answer[0]), Double.parseDouble(answer[1]));
	}

	/**
	 * What a process did for a while.
	 *
	 * @param rate locks in a second
	 * @param cpu microseconds of a processor that the process has used for a lock
	 */
	private record Slice(double rate, double cpu) {
	}

	/**
	 * Slices, as many of the one process as of the other.
	 */
	private static final class Pairs {

		private final List<Slice> with = new ArrayList<>();

		private final List<Slice> without = new ArrayList<>();

		private List<Double> ratios() {
			List<Double> ratios = new ArrayList<>();
			for (int i = 0; i < this.with.size(); i++) {
				ratios.add(this.with.get(i).rate() / this.without.get(i).rate());
			}
			return ratios;
		}

		/** The median of each round, which has processes of its own. */
		private String rounds() {
			List<String> rounds = new ArrayList<>();
			List<Double> ratios = ratios();
			for (int i = 0; i < ratios.size(); i += PAIRS_PER_ROUND) {
				rounds.add(Report.number(median(ratios.subList(i, i + PAIRS_PER_ROUND))));
			}
			return String.join(", ", rounds);
		}

		private void report(Report report, String title) {
			Report.Table table = report.table(title, "locks/s", "95 % of confidence in that median",
					"that in each round", "CPU of the client for a lock, us");
			table.add(WITH, rates(this.with), List.of("-", "-", cpu(this.with)));
			table.add(WITHOUT, rates(this.without), List.of(Report.confidence(ratios()), rounds(), cpu(this.without)));
		}

		private static List<Double> rates(List<Slice> slices) {
			return slices.stream().map(Slice::rate).toList();
		}

		private static String cpu(List<Slice> slices) {
			return Report.number(median(slices.stream().map(Slice::cpu).toList()));
		}

		private static double median(List<Double> values) {
			return Samples.of(values).quantile(0.5);
		}

	}

	/**
	 * An application that reads how many threads are to call, and for how many
	 * milliseconds, and answers with the calls of a second and the microseconds of a
	 * processor that one of them took.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ AnnotationBenchmark.Application.class, Application.Observed.class })
	static class Application {

		private static final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory
			.getOperatingSystemMXBean();

		private final ExecutorService callers = Executors.newCachedThreadPool();

		private final AnnotationBenchmark.Service service;

		Application(AnnotationBenchmark.Service service) {
			this.service = service;
		}

		public static void main(String[] args) throws Exception {
			PrintStream out = System.out;
			System.setOut(System.err);
			ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
				.web(WebApplicationType.NONE)
				.bannerMode(org.springframework.boot.Banner.Mode.OFF)
				.logStartupInfo(false)
				.run(args);
			Application application = context.getBean(Application.class);
			application.call(1, Duration.ofMillis(1));
			out.println(WorkerProcess.DONE);
			BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
			for (String line = commands.readLine(); line != null; line = commands.readLine()) {
				Scanner command = new Scanner(line);
				out.println(application.call(command.nextInt(), Duration.ofMillis(command.nextLong())));
				out.println(WorkerProcess.DONE);
				out.flush();
			}
			Runtime.getRuntime().halt(0);
		}

		private String call(int threads, Duration time) throws Exception {
			List<Callable<Long>> calls = new ArrayList<>();
			long cpu = system.getProcessCpuTime();
			long start = System.nanoTime();
			for (int i = 0; i < threads; i++) {
				String prefix = "resource-" + i + "-" + start + "-";
				calls.add(() -> {
					long n = 0;
					while (System.nanoTime() - start < time.toNanos()) {
						this.service.locked(prefix + n++);
					}
					return n;
				});
			}
			long sum = 0;
			for (Future<Long> called : this.callers.invokeAll(calls)) {
				sum += called.get();
			}
			return sum * 1e9 / (System.nanoTime() - start) + " " + (system.getProcessCpuTime() - cpu) / 1e3 / sum;
		}

		/**
		 * What Spring Boot's actuator makes: handlers of meters stand in a row, and the
		 * first that supports an observation handles it.
		 */
		@Configuration(proxyBeanMethods = false)
		@ConditionalOnBooleanProperty("observed")
		static class Observed {

			@Bean
			MeterRegistry meterRegistry() {
				return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
			}

			@Bean
			ObservationRegistry observationRegistry(MeterRegistry meterRegistry,
					ObjectProvider<ObservationHandler<Observation.Context>> handlers) {
				ObservationHandler<Observation.Context> usual = new DefaultMeterObservationHandler(meterRegistry);
				ObservationRegistry registry = ObservationRegistry.create();
				registry.observationConfig()
					.observationHandler(new FirstMatchingCompositeObservationHandler(
							Stream.concat(handlers.orderedStream(), Stream.of(usual)).toList()));
				return registry;
			}

		}

	}

}
