package io.github.redlock.actuate;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.event.LockAcquiredEvent;
import io.github.redlock.event.LockReleasedEvent;
import io.github.redlock.event.QuorumLostEvent;
import io.github.redlock.event.QuorumRegainedEvent;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Health, endpoint, meters and events of an application on three real servers, as an
 * operator sees them.
 */
class OperatorViewIT {

	private static final Duration TTL = Duration.ofSeconds(20);

	private final RedisServers servers = new RedisServers(3);

	private final HttpClient http = HttpClient.newHttpClient();

	private ConfigurableApplicationContext context;

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		private final List<Object> events = new ArrayList<>();

		@Bean
		MeterRegistry meterRegistry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		Service service() {
			return new Service();
		}

		@EventListener({ LockAcquiredEvent.class, LockReleasedEvent.class, QuorumLostEvent.class,
				QuorumRegainedEvent.class })
		void on(Object event) {
			synchronized (this.events) {
				this.events.add(event.getClass().getSimpleName());
			}
		}

		List<Object> events() {
			synchronized (this.events) {
				return List.copyOf(this.events);
			}
		}

	}

	static class Service {

		@DistributedLock(key = "'order:' + #id")
		public long pay(int id) {
			return CurrentLock.get().fencingToken();
		}

		@DistributedLock(name = "invoice", key = "#id")
		public void bill(int id) {
		}

	}

	private void start(String... properties) {
		List<String> all = new ArrayList<>(List.of("server.port=0", "spring.application.name=shop",
				"management.endpoints.web.exposure.include=health,redlock",
				"management.endpoint.health.show-details=always", "redlock.connect-timeout=1s",
				"management.health.redis.enabled=false", "spring.lifecycle.timeout-per-shutdown-phase=1s"));
		for (int i = 0; i < 3; i++) {
			all.add("redlock.nodes[" + i + "].host=127.0.0.1");
			all.add("redlock.nodes[" + i + "].port=" + this.servers.server(i).port());
		}
		all.addAll(List.of(properties));
		this.context = new SpringApplicationBuilder(Application.class).properties(all.toArray(String[]::new)).run();
	}

	@AfterEach
	void stop() {
		if (this.context != null) {
			this.context.close();
		}
		this.servers.close();
	}

	private HttpResponse<String> send(String method, String path) throws Exception {
		String port = this.context.getEnvironment().getProperty("local.server.port");
		return this.http.send(HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/actuator" + path))
			.method(method, HttpRequest.BodyPublishers.noBody())
			.build(), BodyHandlers.ofString());
	}

	private String get(String path) throws Exception {
		return send("GET", path).body();
	}

	private Redlock redlock() {
		return this.context.getBean("redlock", Redlock.class);
	}

	@Test
	void healthShowsWhoIsMissing() throws Exception {
		start();
		assertThat(get("/health/redlock"))
			.contains("\"status\":\"UP\"", "\"voting\":\"3 of 3\"", "\"quorum\":2", "Redis 7.", "roundTripMillis")
			.doesNotContain("degraded");
		this.servers.server(0).kill();
		await().untilAsserted(() -> assertThat(get("/health/redlock")).contains("\"status\":\"UP\"",
				"\"voting\":\"2 of 3\"", "one more failure, and nothing can be locked", "UNREACHABLE"));
		this.servers.server(1).kill();
		await().untilAsserted(
				() -> assertThat(get("/health/redlock")).contains("\"status\":\"DOWN\"", "\"voting\":\"1 of 3\""));
		assertThat(send("GET", "/health").statusCode()).isEqualTo(503);
		assertThat(send("GET", "/health/liveness").statusCode()).isEqualTo(200);
		assertThat(send("GET", "/health/readiness").statusCode()).isEqualTo(200);
		this.servers.server(0).start();
		this.servers.server(1).start();
		await().atMost(Duration.ofSeconds(20))
			.untilAsserted(() -> assertThat(get("/health/redlock")).contains("\"voting\":\"3 of 3\""));
		await().untilAsserted(() -> assertThat(this.context.getBean(Application.class).events())
			.containsExactly("QuorumLostEvent", "QuorumRegainedEvent"));
	}

	@Test
	void readinessHasTheLocksWhereThatIsConfigured() throws Exception {
		start("management.endpoint.health.group.readiness.include=readinessState,redlock");
		assertThat(get("/health/readiness")).contains("\"status\":\"UP\"", "\"voting\":\"3 of 3\"");
		this.servers.server(0).kill();
		this.servers.server(1).kill();
		await().untilAsserted(() -> assertThat(send("GET", "/health/readiness").statusCode()).isEqualTo(503));
		assertThat(send("GET", "/health/liveness").statusCode()).isEqualTo(200);
	}

	@Test
	void nodeInQuarantineIsShown() throws Exception {
		start("redlock.restart-quarantine=4s");
		await().atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertThat(get("/health/redlock")).contains("\"voting\":\"3 of 3\""));
		this.servers.server(0).kill();
		this.servers.server(0).start();
		MeterRegistry meters = this.context.getBean(MeterRegistry.class);
		await().untilAsserted(() -> {
			redlock().acquire("a", TTL).release();
			assertThat(get("/health/redlock"))
				.contains("\"status\":\"UP\"", "\"voting\":\"2 of 3\"", "one more failure, and nothing can be locked",
						"\"lastFailure\":\"QUARANTINED\"", "was restarted", "redlock.restart-quarantine")
				.doesNotContain("\"lastFailure\":\"QUARANTINED\",\"voting\":true");
			assertThat(meters.get(RedlockMetrics.NODES_QUARANTINED).gauge().value()).isEqualTo(1);
		});
		await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
			assertThat(get("/health/redlock")).contains("\"voting\":\"3 of 3\"");
			assertThat(meters.get(RedlockMetrics.NODES_QUARANTINED).gauge().value()).isZero();
		});
	}

	@Test
	void endpointShowsLocksAndWhoHasThem() throws Exception {
		start();
		LockHandle lock = redlock().acquire(List.of("order:42"), TTL,
				LockOptions.builder().name("pay").autoExtend(true).build());
		lock.extend();
		redlock().acquireAsync(List.of("order:42"), TTL,
				LockOptions.builder().name("refund").waitTime(Duration.ofMinutes(1)).build());
		String thread = "\"thread\":\"" + Thread.currentThread().getName() + "\"";
		assertThat(get("/redlock")).contains("\"quorum\":2", "\"voting\":3")
			.containsPattern("\"held\":\\[\\{\"resources\":\\[\"order:42\"],\"name\":\"pay\",\"heldForMillis\":\\d+,"
					+ "\"remainingMillis\":1\\d{4},\"extensions\":1,\"token\":" + lock.fencingToken() + "," + thread
					+ "}]")
			.containsPattern(
					"\"waiting\":\\[\\{\"resources\":\\[\"order:42\"],\"name\":\"refund\",\"waitingForMillis\":\\d+,"
							+ thread + "}]")
			.doesNotContain(lock.value());
		String holder = get("/redlock/redlock/order:42");
		assertThat(holder).contains("\"state\":\"HELD\"", "\"owner\":\"shop:" + ProcessHandle.current().pid() + "\"")
			.doesNotContain(lock.value().substring(lock.value().lastIndexOf(':') + 1));
		assertThat(get("/redlock/redlock/order/43")).contains("FREE").doesNotContain("HELD");
		assertThat(send("GET", "/redlock/unknown/a").statusCode()).isEqualTo(404);
		assertThat(send("DELETE", "/redlock/redlock/order:42").statusCode()).isEqualTo(405);
		assertThat(lock.release()).isTrue();
	}

	@Test
	void operatorFreesAResourceAndItsHolderLearnsOfThat() throws Exception {
		start("management.endpoint.redlock.access=unrestricted", "redlock.owner-in-values=false");
		LockHandle lock = redlock().acquire(List.of("a/b"), TTL, LockOptions.builder().autoExtend(true).build());
		assertThat(lock.value()).matches("[0-9a-f]{32}");
		HttpResponse<String> freed = send("DELETE", "/redlock/redlock/a/b");
		assertThat(freed.statusCode()).isEqualTo(200);
		assertThat(freed.body()).contains("HELD").doesNotContain(lock.value());
		assertThat(get("/redlock/redlock/a/b")).contains("FREE").doesNotContain("HELD");
		assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> lock.extend(TTL))
			.withMessageContaining("its keys are gone");
	}

	@Test
	void nodeThatIsDownIsSaidToBeUnknown() throws Exception {
		start();
		this.servers.server(2).kill();
		assertThat(get("/redlock/redlock/a")).contains("UNKNOWN", "FREE");
	}

	@Test
	void sectionsAreTimedOnceAndOtherObservationsAsUsual() {
		start();
		this.context.getBean(Service.class).bill(1);
		Observation.createNotStarted("other", this.context.getBean(ObservationRegistry.class)).observe(() -> {
		});
		MeterRegistry meters = this.context.getBean(MeterRegistry.class);
		assertThat(meters.get("redlock.section").tags("name", "invoice", "outcome", "acquired").timer().count())
			.isEqualTo(1);
		assertThat(meters.find("redlock.section.active").meters()).isEmpty();
		assertThat(meters.get("other").timer().count()).isEqualTo(1);
		assertThat(meters.find("other.active").meters()).hasSize(1);
	}

	@Test
	void metersHaveTheNamesOfSections() {
		start("redlock.lock-events=true");
		Service service = this.context.getBean(Service.class);
		service.pay(1);
		service.bill(2);
		MeterRegistry meters = this.context.getBean(MeterRegistry.class);
		assertThat(meters.get(RedlockMetrics.ACQUIRE)
			.tags("set", "redlock", "name", "Service.pay", "outcome", "acquired")
			.timer()
			.count()).isEqualTo(1);
		assertThat(meters.get(RedlockMetrics.HOLD).tags("name", "invoice").timer().count()).isEqualTo(1);
		assertThat(meters.get(RedlockMetrics.NODES_VOTING).gauge().value()).isEqualTo(3);
		assertThat(meters.get(RedlockMetrics.QUORUM_MARGIN).gauge().value()).isEqualTo(1);
		assertThat(meters.get(RedlockMetrics.HELD).gauge().value()).isZero();
		assertThat(meters.getMeters())
			.allSatisfy((meter) -> assertThat(meter.getId().toString()).doesNotContain("order:"));
		await().untilAsserted(() -> assertThat(this.context.getBean(Application.class).events())
			.containsExactly("LockAcquiredEvent", "LockReleasedEvent", "LockAcquiredEvent", "LockReleasedEvent"));
	}

}
