package io.github.redlock.redis;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.util.JedisClusterCRC16;

import static org.assertj.core.api.Assertions.assertThat;

class LockKeysTests {

	@ParameterizedTest
	@CsvSource({ "order:42, {redlock:order:42}:fence", "{order:42}:stock, redlock:{order:42}:stock:fence",
			"a{}b, {redlock:a{}b}:fence", "a{b, {redlock:a{b}:fence" })
	void fenceKeyCarriesTheHashTagOfItsLockKey(String resource, String fenceKey) {
		assertThat(new LockKeys("redlock:").fenceKey(resource)).isEqualTo(fenceKey);
	}

	@ParameterizedTest
	@CsvSource({ "order:42", "{order:42}:stock", "a{b", "x{y}z{w}", "{a}" })
	void fenceKeyLiesInTheSlotOfItsLockKey(String resource) {
		for (String prefix : List.of("redlock:", "", "{tag}:")) {
			LockKeys keys = new LockKeys(prefix);
			assertThat(JedisClusterCRC16.getSlot(keys.fenceKey(resource)))
				.isEqualTo(JedisClusterCRC16.getSlot(keys.lockKey(resource)));
		}
	}

	@Test
	void keysComeFirstThenFences() {
		byte[][] keys = new LockKeys("p:").of(List.of("a", "b"), true);
		assertThat(java.util.Arrays.stream(keys).map(String::new)).containsExactly("p:a", "p:b", "{p:a}:fence",
				"{p:b}:fence");
		assertThat(new LockKeys("p:").of(List.of("a", "b"), false)).hasDimensions(2, 3);
	}

}
