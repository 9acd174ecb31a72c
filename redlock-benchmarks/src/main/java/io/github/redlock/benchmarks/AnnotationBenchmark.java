package io.github.redlock.benchmarks;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

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

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;

/**
 * What the annotation costs, in an application as the starter configures it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class AnnotationBenchmark {

	/** {@code api} or {@code annotation}. */
	@Param({ "api", "annotation" })
	public String way = "";

	private @Nullable Nodes servers;

	private @Nullable ConfigurableApplicationContext context;

	private @Nullable Redlock redlock;

	private @Nullable Service service;

	/** Start servers and the application. */
	@Setup
	public void start() {
		this.servers = new Nodes(3);
		this.context = application(this.servers);
		this.redlock = this.context.getBean(Redlock.class);
		this.service = this.context.getBean(Service.class);
	}

	static ConfigurableApplicationContext application(Nodes servers) {
		SpringApplicationBuilder application = new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.NONE)
			.bannerMode(org.springframework.boot.Banner.Mode.OFF)
			.logStartupInfo(false);
		for (int i = 0; i < servers.ports().size(); i++) {
			application.properties(Map.of("redlock.nodes[" + i + "].host", Nodes.HOST, "redlock.nodes[" + i + "].port",
					servers.ports().get(i)));
		}
		return application.run();
	}

	/** Close the application and stop the servers. */
	@TearDown
	public void stop() {
		Objects.requireNonNull(this.context).close();
		Objects.requireNonNull(this.servers).close();
	}

	/** One call under a lock. */
	@Benchmark
	public int call(LockBenchmark.Caller caller) {
		Service service = Objects.requireNonNull(this.service);
		String resource = caller.nextResource();
		if (this.way.equals("annotation")) {
			return service.locked(resource);
		}
		return Objects.requireNonNull(this.redlock)
			.using(resource, Contender.TTL, (lock, signal) -> service.unlocked(resource));
	}

	/**
	 * The application.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		Service service() {
			return new Service();
		}

	}

	/**
	 * What is to be done by one at a time.
	 */
	public static class Service {

		/** With the annotation. */
		@DistributedLock(key = "#resource", ttl = 30_000)
		public int locked(String resource) {
			return unlocked(resource);
		}

		/** Without. */
		public int unlocked(String resource) {
			return resource.length();
		}

	}

}
