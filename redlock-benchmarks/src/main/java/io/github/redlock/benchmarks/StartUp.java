package io.github.redlock.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * How long an application takes to start, each time in a process of its own, without the
 * starter and with it.
 */
final class StartUp {

	private static final int TIMES = 15;

	private StartUp() {
	}

	static void run(Report report) {
		Map<String, List<Double>> millis = new LinkedHashMap<>();
		try (Nodes nodes = new Nodes(3); Nodes oneDown = new Nodes(3)) {
			oneDown.kill(1);
			Map<String, List<String>> kinds = new LinkedHashMap<>();
			kinds.put("without the lock", List.of("--redlock.enabled=false"));
			kinds.put("with the lock on three nodes", nodes.properties());
			kinds.put("with one of them down", oneDown.properties());
			for (int i = 0; i < TIMES; i++) {
				kinds.forEach((kind, properties) -> millis.computeIfAbsent(kind, (key) -> new ArrayList<>())
					.add(start(properties)));
			}
		}
		Report.Table table = report.table("Start of an application", "starts a second", "milliseconds");
		millis.forEach((kind, times) -> table.add(kind, times.stream().map((time) -> 1000 / time).toList(),
				List.of(Report.spread(times))));
	}

	private static double start(List<String> properties) {
		List<String> command = WorkerProcess.jvm();
		command.add(Application.class.getName());
		command.addAll(properties);
		try {
			Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			return Double.parseDouble(output.lines().reduce((first, last) -> last).orElseThrow());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * An application with nothing else in it. Its last word is how long it took.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		public static void main(String[] args) {
			long start = System.nanoTime();
			ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
				.web(WebApplicationType.NONE)
				.run(args);
			long nanos = System.nanoTime() - start;
			context.close();
			System.out.println(nanos / 1e6);
		}

	}

}
