package com.example.shop;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

import com.example.shop.Shops.Driver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.boot.SpringBootVersion;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What there is beside the lock itself: answers to web requests, reactive methods, and
 * what operators see. On Spring Boot 3 there is no health of the nodes.
 */
class OperatorTests {

	private static final Duration TTL = Duration.ofSeconds(20);

	private final HttpClient http = HttpClient.newHttpClient();

	private final Shops shops = new Shops();

	private ConfigurableApplicationContext context;

	private Redlock redlock;

	@RestController
	static class Desk {

		@DistributedLock(name = "desk", waitTime = 0)
		@GetMapping("/desk")
		public String serve() {
			return "served";
		}

		@DistributedLock(name = "mail", waitTime = 0)
		public Mono<String> mail(Mono<String> answer) {
			return answer;
		}

	}

	@BeforeEach
	void start() {
		this.context = this.shops.onServers(Driver.DEFAULT).start(Desk.class);
		this.redlock = this.context.getBean(Redlock.class);
	}

	@AfterEach
	void close() throws Exception {
		this.shops.close();
	}

	private HttpResponse<String> get(String path) throws Exception {
		URI uri = URI
			.create("http://localhost:" + this.context.getEnvironment().getProperty("local.server.port") + path);
		return this.http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
	}

	@Test
	void requestWithoutALockIsAConflict() throws Exception {
		assertThat(get("/desk").body()).isEqualTo("served");
		LockHandle lock = this.redlock.acquire("desk", TTL);
		HttpResponse<String> refused = get("/desk");
		assertThat(refused.statusCode()).isEqualTo(409);
		assertThat(refused.headers().firstValue("Content-Type"))
			.hasValueSatisfying((type) -> assertThat(type).startsWith("application/problem+json"));
		lock.release();
	}

	@Test
	void metersAndObservationsAreThere() throws Exception {
		get("/desk");
		assertThat(get("/actuator/metrics/redlock.acquire").body()).contains("acquired").contains("\"desk\"");
		assertThat(get("/actuator/metrics/redlock.nodes.voting").body()).contains("3.0");
		assertThat(get("/actuator/metrics/redlock.section").statusCode()).isEqualTo(200);
		assertThat(get("/actuator/metrics/redlock.section.active").statusCode()).as("timed by the starter").isEqualTo(404);
		assertThat(get("/actuator/metrics/http.server.requests").statusCode()).as("timed by Spring Boot").isEqualTo(200);
	}

	@Test
	void endpointShowsLocks() throws Exception {
		LockHandle lock = this.redlock.acquire("order:1", TTL);
		assertThat(get("/actuator/redlock").body()).contains("order:1");
		assertThat(get("/actuator/redlock/redlock/order:1").body()).contains("HELD").doesNotContain("FAILED");
		lock.release();
	}

	@Test
	void healthIsThereSinceSpringBoot4() throws Exception {
		assertThat(get("/actuator/health").body()).contains("\"UP\"");
		HttpResponse<String> health = get("/actuator/health/redlock");
		if (SpringBootVersion.getVersion().startsWith("3.")) {
			assertThat(health.statusCode()).isEqualTo(404);
		}
		else {
			assertThat(health.statusCode()).isEqualTo(200);
			assertThat(health.body()).contains("\"UP\"");
		}
	}

	@Test
	void reactiveMethodIsLockedUntilItCompletes() {
		Sinks.One<String> answer = Sinks.one();
		Mono<String> mail = this.context.getBean(Desk.class).mail(answer.asMono()).cache();
		mail.subscribe();
		await().atMost(TTL).until(() -> this.redlock.tryAcquire("mail", TTL).map(LockHandle::release).isEmpty());
		answer.tryEmitValue("sent");
		assertThat(mail.block(TTL)).isEqualTo("sent");
		await().atMost(TTL).until(() -> this.redlock.tryAcquire("mail", TTL).map(LockHandle::release).isPresent());
	}

}
