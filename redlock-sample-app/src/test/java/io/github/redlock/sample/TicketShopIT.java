package io.github.redlock.sample;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Two instances of the shop, as in docs/sample.md: the first brings the servers, the
 * second uses them.
 */
class TicketShopIT {

	private final HttpClient http = HttpClient.newHttpClient();

	private static ConfigurableApplicationContext first;

	private static ConfigurableApplicationContext second;

	private static List<Integer> redisPorts;

	@BeforeAll
	static void startBoth() throws IOException {
		ShopPorts ports = ShopPorts.free(3);
		redisPorts = ports.redis();
		first = new SpringApplicationBuilder(TicketShopApplication.class).run(ports.ofFirst("--server.port=0"));
		second = new SpringApplicationBuilder(TicketShopApplication.class)
			.run(ports.ofAnother("--server.port=0", "--spring.profiles.active=nodes"));
	}

	@AfterAll
	static void stopBoth() {
		second.close();
		first.close();
	}

	private URI uri(ConfigurableApplicationContext context, String path) {
		return URI.create("http://localhost:" + context.getEnvironment().getProperty("local.server.port") + path);
	}

	private HttpResponse<String> post(ConfigurableApplicationContext context, String path)
			throws IOException, InterruptedException {
		return this.http.send(
				HttpRequest.newBuilder(uri(context, path)).POST(HttpRequest.BodyPublishers.noBody()).build(),
				HttpResponse.BodyHandlers.ofString());
	}

	private CompletableFuture<HttpResponse<String>> rush(ConfigurableApplicationContext context, int buyers) {
		return this.http.sendAsync(HttpRequest.newBuilder(uri(context, "/shows/concert/rush?buyers=" + buyers))
			.POST(HttpRequest.BodyPublishers.noBody())
			.build(), HttpResponse.BodyHandlers.ofString());
	}

	private Show show(String name) {
		return second.getBean(ShowRepository.class).find(name);
	}

	@Test
	void bothInstancesSellWithoutOversellingWhileARedisDies() throws Exception {
		CompletableFuture<HttpResponse<String>> here = rush(first, 300);
		CompletableFuture<HttpResponse<String>> there = rush(second, 300);
		await().atMost(Duration.ofSeconds(60)).until(() -> show("concert").sold() > 50);
		ProcessHandle.allProcesses()
			.filter((process) -> process.info()
				.commandLine()
				.filter((line) -> line.contains("redis-server") && line.contains(":" + redisPorts.get(0)))
				.isPresent())
			.forEach(ProcessHandle::destroyForcibly);
		assertThat(here.get(120, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
		assertThat(there.get(120, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
		Show concert = show("concert");
		assertThat(concert.sold()).isEqualTo(500);
		assertThat(concert.available()).isZero();
		assertThat(concert.isConsistent()).isTrue();
		assertThat(post(first, "/shows/concert/tickets").statusCode()).isEqualTo(409);
	}

	@Test
	void ticketIsSoldAndSeatsAreMoved() throws Exception {
		assertThat(post(second, "/shows/matinee/tickets?buyer=ann").body()).contains("\"seat\":1");
		assertThat(post(first, "/shows/matinee/seats?to=opera&count=60").body()).contains("\"moved\":49");
		assertThat(show("opera").capacity()).isEqualTo(149);
		assertThat(show("matinee").isConsistent()).isTrue();
		assertThat(post(first, "/shows/cinema/tickets").statusCode()).isEqualTo(404);
	}

	/** What the token is for: a holder that overslept its lock does not get through. */
	@Test
	void updateWithAnOldTokenIsRefused() {
		ShowRepository shows = first.getBean(ShowRepository.class);
		shows.raiseFence("musical", 1000);
		shows.setAvailable("musical", 49, 1000);
		assertThatExceptionOfType(ShowRepository.StaleTokenException.class)
			.isThrownBy(() -> shows.raiseFence("musical", 999));
		assertThatExceptionOfType(ShowRepository.StaleTokenException.class)
			.isThrownBy(() -> shows.setAvailable("musical", 50, 999));
		assertThatExceptionOfType(ShowRepository.StaleTokenException.class)
			.isThrownBy(() -> shows.setCapacity("musical", 51, 999));
		assertThat(shows.find("musical").available()).isEqualTo(49);
	}

	@Test
	void oneInstanceWritesTheReportOfAPeriod() throws Exception {
		SalesReport here = first.getBean(SalesReport.class);
		SalesReport there = second.getBean(SalesReport.class);
		int written = 0;
		for (long period = -1; period > -20; period--) {
			long each = period;
			CompletableFuture<Boolean> other = CompletableFuture.supplyAsync(() -> there.write(each));
			written += here.write(each) ? 1 : 0;
			written += other.get(20, TimeUnit.SECONDS) ? 1 : 0;
			written += here.write(each) ? 1 : 0;
		}
		assertThat(written).isEqualTo(19);
	}

	@Test
	void nonsenseIsRefused() throws Exception {
		assertThat(post(first, "/shows/opera/seats?to=opera&count=1").statusCode()).isEqualTo(400);
		assertThat(post(first, "/shows/opera/seats?to=musical&count=-1").statusCode()).isEqualTo(400);
	}

}
