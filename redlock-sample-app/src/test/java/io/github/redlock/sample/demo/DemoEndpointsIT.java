package io.github.redlock.sample.demo;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.context.ConfigurableApplicationContext;

import io.github.redlock.sample.RedisProcess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What stands behind the buttons, without a browser: nonsense, other sites, and where
 * there are no buttons.
 */
class DemoEndpointsIT {

	private static TwoShops shops;

	private final HttpClient http = HttpClient.newHttpClient();

	@BeforeAll
	static void start() throws IOException {
		shops = new TwoShops();
	}

	@AfterAll
	static void stop() {
		shops.close();
	}

	private HttpResponse<String> post(ConfigurableApplicationContext shop, String path, String... headers)
			throws IOException, InterruptedException {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(TwoShops.address(shop) + "demo/" + path))
			.POST(HttpRequest.BodyPublishers.noBody());
		if (headers.length > 0) {
			request.headers(headers);
		}
		return this.http.send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
			sales?buyers=0         | buyers is '0'. It has to be a whole number from 1 to 400.
			sales?buyers=401       | buyers is '401'. It has to be a whole number from 1 to 400.
			sales?buyers=many      | buyers is 'many'. It has to be a whole number from 1 to 400.
			sales?locked=perhaps   | locked is 'perhaps'. It has to be true or false.
			locks?seconds=-1       | seconds is '-1'. It has to be a whole number from 1 to 60.
			locks?resource=%20     | resource is ' '. It has to be 1 to 40 letters
			locks?resource=a%0Ab   | It has to be 1 to 40 letters
			nodes/nowhere:1/kill   | 'nowhere:1' is no node of this instance.
			""")
	void nonsenseIsRefusedInWords(String path, String words) throws Exception {
		HttpResponse<String> response = post(shops.first(), path);
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
		assertThat(response.body()).contains(words);
	}

	@Test
	void whatCannotBeDoneToANodeIsRefused() throws Exception {
		RedisProcess server = shops.servers().get(0);
		HttpResponse<String> unknown = post(shops.first(), "nodes/" + server.name() + "/explode");
		assertThat(unknown.statusCode()).isEqualTo(400);
		assertThat(unknown.body()).contains("Choose one of freeze, kill, restart, thaw, wipe.");
		HttpResponse<String> thawed = post(shops.first(), "nodes/" + server.name() + "/thaw");
		assertThat(thawed.statusCode()).isEqualTo(409);
		assertThat(thawed.body()).contains("is running; it cannot be thawed now");
		assertThat(server.state()).isEqualTo(RedisProcess.State.RUNNING);
	}

	@Test
	void ordersOfOtherSitesAreRefused() throws Exception {
		String kill = "nodes/" + shops.servers().get(1).name() + "/kill";
		assertThat(post(shops.first(), kill, "Origin", "http://evil.example").statusCode()).isEqualTo(403);
		assertThat(post(shops.first(), kill, "Origin", "null").statusCode()).isEqualTo(403);
		assertThat(post(shops.first(), kill, "Origin", "http://localhost:1").statusCode()).isEqualTo(403);
		assertThat(post(shops.first(), kill, "Sec-Fetch-Site", "cross-site").statusCode()).isEqualTo(403);
		assertThat(post(shops.first(), kill, "Sec-Fetch-Site", "same-site").statusCode()).isEqualTo(403);
		assertThat(shops.servers().get(1).state()).isEqualTo(RedisProcess.State.RUNNING);
		String own = TwoShops.address(shops.first());
		HttpResponse<String> allowed = post(shops.first(), "locks?seconds=1", "Origin",
				own.substring(0, own.length() - 1), "Sec-Fetch-Site", "same-origin");
		assertThat(allowed.statusCode()).isEqualTo(202);
	}

	@Test
	void instanceThatHasJoinedBreaksNoServers() throws Exception {
		RedisProcess server = shops.servers().get(2);
		assertThat(post(shops.second(), "nodes/" + server.name() + "/kill").statusCode()).isEqualTo(404);
		assertThat(server.state()).isEqualTo(RedisProcess.State.RUNNING);
		assertThat(post(shops.second(), "locks?seconds=1").statusCode()).isEqualTo(202);
	}

	@Test
	void withServersOfItsOwnThereIsNoDemonstration() throws Exception {
		try (ConfigurableApplicationContext plain = shops.another("nodes")) {
			assertThat(post(plain, "sales").statusCode()).isEqualTo(404);
			assertThat(post(plain, "zombie").statusCode()).isEqualTo(404);
			assertThat(post(plain, "locks").statusCode()).isEqualTo(404);
			assertThat(plain.getBeanNamesForType(DemoFeed.class)).isEmpty();
			HttpRequest shows = HttpRequest.newBuilder(URI.create(TwoShops.address(plain) + "shows")).build();
			assertThat(this.http.send(shows, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(200);
		}
	}

	/** An open page is a request that never ends by itself. */
	@Test
	void openPageDoesNotHoldUpTheEndOfTheApplication() throws Exception {
		ConfigurableApplicationContext third = shops.another("join");
		HttpRequest stream = HttpRequest.newBuilder(URI.create(TwoShops.address(third) + "demo/stream")).build();
		HttpResponse<InputStream> response = this.http.send(stream, HttpResponse.BodyHandlers.ofInputStream());
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body().read()).isNotNegative();
		assertThat(post(third, "locks?seconds=60").statusCode()).isEqualTo(202);
		long start = System.nanoTime();
		third.close();
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
		await().atMost(Duration.ofSeconds(10))
			.until(() -> shops.first().getBean(DemoRepository.class).instances().size() == 2);
	}

}
