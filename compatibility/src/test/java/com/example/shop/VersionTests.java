package com.example.shop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

import org.springframework.boot.SpringBootVersion;
import org.springframework.util.ClassUtils;

import io.github.redlock.testing.RedisServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Says what the other tests ran with, for the table of run.sh.
 */
class VersionTests {

	private static String versionOfJar(String className) {
		if (!ClassUtils.isPresent(className, null)) {
			return "-";
		}
		Class<?> type = ClassUtils.resolveClassName(className, null);
		Path jar = Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
		return jar.getParent().getFileName().toString();
	}

	private static String server() {
		try (RedisServer server = new RedisServer(); Jedis jedis = server.connect()) {
			return jedis.info("server")
				.lines()
				.filter((line) -> line.startsWith("redis_version:") || line.startsWith("valkey_version:"))
				.reduce((first, second) -> second.startsWith("valkey") ? second : first)
				.orElseThrow()
				.replace("redis_version:", "Redis ")
				.replace("valkey_version:", "Valkey ");
		}
	}

	@Test
	void versionsAreWrittenDown() throws Exception {
		String versions = Stream
			.of(SpringBootVersion.getVersion(), Integer.toString(Runtime.version().feature()),
					versionOfJar("org.springframework.data.redis.connection.RedisConnectionFactory"),
					versionOfJar("redis.clients.jedis.Jedis"), versionOfJar("io.lettuce.core.RedisClient"), server())
			.collect(Collectors.joining(" | "));
		assertThat(versions).doesNotContain("null");
		String file = System.getProperty("versions.file");
		if (file != null) {
			Files.writeString(Path.of(file), versions);
		}
	}

}
