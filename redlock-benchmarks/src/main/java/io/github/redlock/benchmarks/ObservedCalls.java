package io.github.redlock.benchmarks;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

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
 * their own on servers of their own, and run by turns, for a second at a time.
 */
final class ObservedCalls {

	private static final Duration WARM_UP = Duration.ofSeconds(20);

	private static final Duration SLICE = Duration.ofSeconds(1);

	/** As many slices as are cheap, because single ones differ much. */
	private static final int SLICES_PER_ROUND = 5;

	private final int threads;

	/**
	 * A workload.
	 * @param threads that call at once
	 */
	ObservedCalls(int threads) {
		this.threads = threads;
	}

	void run(Report report, String title, int rounds) {
		Map<String, Double> warm = new LinkedHashMap<>();
		Map<String, List<Double>> rates = new LinkedHashMap<>();
		try (Nodes own = new Nodes(3);
				Nodes observedNodes = new Nodes(3);
				WorkerProcess plain = start(own, false);
				WorkerProcess observed = start(observedNodes, true)) {
			Map<String, WorkerProcess> fields = new LinkedHashMap<>();
			fields.put("with meters and observations", observed);
			fields.put("without", plain);
			fields.forEach((name, process) -> warm.put(name, slice(process, WARM_UP)));
			for (int i = 0; i < rounds * SLICES_PER_ROUND; i++) {
				fields.forEach((name, process) -> rates.computeIfAbsent(name, (key) -> new ArrayList<>())
					.add(slice(process, SLICE)));
			}
		}
		Report.Table table = report.table(title, "locks/s", "locks/s while it warmed up");
		rates.forEach((name, all) -> table.add(name, all, List.of(Report.number(warm.getOrDefault(name, 0.0)))));
	}

	private static WorkerProcess start(Nodes nodes, boolean observed) {
		List<String> arguments = new ArrayList<>(nodes.properties());
		arguments.add("--observed=" + observed);
		return new WorkerProcess(Application.class, arguments, "-Xmx384m");
	}

	private double slice(WorkerProcess process, Duration time) {
		process.tell(this.threads + " " + time.toMillis());
		return Double.parseDouble(process.answer().get(0));
	}

	/**
	 * An application that reads how many threads are to call, and for how many
	 * milliseconds, and answers with the calls of a second.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ AnnotationBenchmark.Application.class, Application.Observed.class })
	static class Application {

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

		private double call(int threads, Duration time) throws InterruptedException {
			CountDownLatch done = new CountDownLatch(threads);
			AtomicLong calls = new AtomicLong();
			long start = System.nanoTime();
			for (int i = 0; i < threads; i++) {
				String prefix = "resource-" + i + "-" + start + "-";
				new Thread(() -> {
					try {
						for (long n = 0; System.nanoTime() - start < time.toNanos(); n++) {
							this.service.locked(prefix + n);
							calls.incrementAndGet();
						}
					}
					finally {
						done.countDown();
					}
				}).start();
			}
			done.await();
			return calls.get() * 1e9 / (System.nanoTime() - start);
		}

		/**
		 * What Spring Boot's actuator makes.
		 */
		@Configuration(proxyBeanMethods = false)
		@ConditionalOnBooleanProperty("observed")
		static class Observed {

			@Bean
			MeterRegistry meterRegistry() {
				return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
			}

			@Bean
			ObservationRegistry observationRegistry(MeterRegistry meterRegistry) {
				ObservationRegistry registry = ObservationRegistry.create();
				registry.observationConfig().observationHandler(new DefaultMeterObservationHandler(meterRegistry));
				return registry;
			}

		}

	}

}
