package io.github.redlock.redis;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.util.JedisClusterCRC16;

import static org.assertj.core.api.Assertions.assertThat;

class LockKeysTests {

	@ParameterizedTest
	@CsvSource({ "order:42", "{order:42}:stock", "a{b", "x{y}z{w}", "{a}" })
	void fenceKeyLiesInTheSlotOfItsLockKey(String resource) {
		for (String prefix : List.of("redlock:", "", "{tag}:", "a}b:", "x{tag}{:")) {
			LockKeys keys = new LockKeys(prefix);
			assertThat(JedisClusterCRC16.getSlot(keys.fenceKey(resource)))
				.isEqualTo(JedisClusterCRC16.getSlot(keys.lockKey(resource)));
		}
	}

	@Test
	void keysComeFirstThenFences() {
		LockKeys keys = new LockKeys("p:");
		assertThat(texts(keys.of(List.of("a", "b"), true))).containsExactly("p:a", "p:b", keys.fenceKey("a"),
				keys.fenceKey("b"));
		assertThat(texts(keys.of(List.of("{x}a", "b", "{x}c"), true))).as("each fence once")
			.containsExactly("p:{x}a", "p:b", "p:{x}c", keys.fenceKey("{x}a"), keys.fenceKey("b"));
		assertThat(texts(keys.of(List.of("a", "b"), false))).containsExactly("p:a", "p:b");
	}

	/** The wire format: an application of another version must find the same fences. */
	@ParameterizedTest
	@CsvSource({ "order:42, redlock:fence:{49669}", "{order:42}:stock, redlock:fence:{633}",
			"a, redlock:fence:{49954}" })
	void namesOfFencesNeverChange(String resource, String fence) {
		assertThat(new LockKeys("redlock:").fenceKey(resource)).isEqualTo(fence);
	}

	@Test
	void fencesAreBounded() {
		for (String prefix : List.of("redlock:", "{tag}:")) {
			LockKeys keys = new LockKeys(prefix);
			assertThat(IntStream.range(0, 200_000).mapToObj((i) -> keys.fenceKey("order:" + i)).distinct().count())
				.as("with prefix %s", prefix)
				.isBetween(16_000L, 16_384L);
		}
	}

	private static List<String> texts(byte[][] keys) {
		return Arrays.stream(keys).map(String::new).toList();
	}

}
