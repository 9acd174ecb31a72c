package com.example.shop;

import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import redis.clients.jedis.Jedis;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.ClassUtils;

import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.RedisServers;
import io.github.redlock.testing.TlsServers;

/**
 * Real servers, and instances of the application that lock on them.
 */
final class Shops implements AutoCloseable {

	enum Driver {

		DEFAULT, LETTUCE

	}

	private final List<AutoCloseable> opened = new ArrayList<>();

	private final List<String> properties = new ArrayList<>(List.of("redlock.connect-timeout=5s",
			"redlock.command-timeout=2s", "server.port=0", "management.health.redis.enabled=false",
			"management.endpoint.health.show-details=always", "management.endpoints.web.exposure.include=*"));

	private RedisServers servers;

	static boolean hasLettuce() {
		return ClassUtils.isPresent("io.lettuce.core.RedisClient", null);
	}

	/** Three servers that are asked in clear text. */
	Shops onServers(Driver driver) {
		this.servers = opened(new RedisServers(3));
		return with(driver).with(this.servers.properties());
	}

	/** How many clients listen to a channel. */
	long subscribers(String channel) {
		return this.servers.servers().stream().mapToLong((server) -> {
			try (Jedis jedis = server.connect()) {
				return jedis.pubsubNumSub(channel).get(channel);
			}
		}).sum();
	}

	/** Three servers that speak TLS only. */
	Shops onEncryptedServers(Driver driver, Path directory) throws Exception {
		TlsServers tls = new TlsServers(directory);
		KeyStore keyStore = tls.certificateFor("ip:127.0.0.1");
		with("spring.ssl.bundle.pem.nodes.truststore.certificate=file:" + tls.certificateFile(keyStore));
		for (int i : IntStream.range(0, 3).toArray()) {
			RedisServer server = opened(tls.start(keyStore));
			with("redlock.nodes[" + i + "].host=127.0.0.1", "redlock.nodes[" + i + "].port=" + server.port(),
					"redlock.nodes[" + i + "].ssl.bundle=nodes");
		}
		return with(driver);
	}

	/** The connection that the application has anyway. */
	Shops onTheConnectionOfTheApplication(String clientType) {
		return with("spring.data.redis.port=" + opened(new RedisServer()).port(),
				"spring.data.redis.client-type=" + clientType);
	}

	Shops with(String... properties) {
		this.properties.addAll(Arrays.asList(properties));
		return this;
	}

	private Shops with(Driver driver) {
		return (driver == Driver.LETTUCE) ? with("redlock.client-type=lettuce") : this;
	}

	/** Start one instance. */
	ConfigurableApplicationContext start(Class<?>... more) {
		return opened(new SpringApplicationBuilder(ShopApplication.class).sources(more)
			.properties("spring.main.banner-mode=off")
			.run(this.properties.stream().map((property) -> "--" + property).toArray(String[]::new)));
	}

	private <T extends AutoCloseable> T opened(T each) {
		this.opened.add(0, each);
		return each;
	}

	@Override
	public void close() throws Exception {
		for (AutoCloseable each : this.opened) {
			each.close();
		}
	}

}
