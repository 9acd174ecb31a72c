package io.github.redlock.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.redlock.testing.Garbage;

class ReplyReaderTests {

	private static final String REPLIES = ":0\r\n:-17\r\n:9223372036854775807\r\n:-9223372036854775808\r\n+OK\r\n"
			+ "-NOSCRIPT No matching script.\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n*-1\r\n*0\r\n*2\r\n:1\r\n$1\r\nx\r\n"
			+ "*1\r\n*1\r\n-ERR\r\n_\r\n:1\r\n";

	private static final List<String> MEANING = List.of("0", "-17", "9223372036854775807", "-9223372036854775808", "OK",
			"ERR NOSCRIPT No matching script.", "null", "", "a\r\nbc", "null", "[]", "[1, x]", "[[ERR ERR]]", "null",
			"1");

	private final ReplyReader reader = new ReplyReader();

	private void arrives(byte[] bytes, int from, int to) {
		int at = from;
		while (at < to) {
			var buffer = this.reader.buffer();
			int length = Math.min(to - at, buffer.remaining());
			buffer.put(bytes, at, length);
			at += length;
		}
	}

	private List<String> read() {
		List<String> replies = new ArrayList<>();
		Object reply = this.reader.next();
		while (reply != ReplyReader.INCOMPLETE) {
			replies.add(text(reply));
			reply = this.reader.next();
		}
		return replies;
	}

	private static String text(Object reply) {
		if (reply instanceof List<?> list) {
			return list.stream().map(ReplyReaderTests::text).toList().toString();
		}
		return (reply instanceof JedisDataException error) ? "ERR " + error.getMessage() : reply.toString();
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	@Test
	void repliesThatArriveTogether() {
		arrives(bytes(REPLIES), 0, REPLIES.length());
		assertThat(read()).isEqualTo(MEANING);
	}

	@Test
	void repliesThatAreCutAtEachByte() {
		byte[] bytes = bytes(REPLIES);
		for (int cut = 0; cut <= bytes.length; cut++) {
			this.reader.reset();
			arrives(bytes, 0, cut);
			List<String> replies = read();
			arrives(bytes, cut, bytes.length);
			replies.addAll(read());
			assertThat(replies).as("cut at %d", cut).isEqualTo(MEANING);
		}
	}

	@Test
	void repliesThatArriveByteByByte() {
		byte[] bytes = bytes(REPLIES);
		List<String> replies = new ArrayList<>();
		for (int i = 0; i < bytes.length; i++) {
			arrives(bytes, i, i + 1);
			replies.addAll(read());
		}
		assertThat(replies).isEqualTo(MEANING);
	}

	@Test
	void replyThatIsLargerThanTheBuffer() {
		byte[] error = bytes("-" + "x".repeat(1_000_000) + "\r\n:1\r\n");
		arrives(error, 0, error.length);
		assertThat(read()).hasSize(2).last().isEqualTo("1");
	}

	@Test
	void anotherConnectionBeginsAnew() {
		arrives(bytes(":12"), 0, 3);
		assertThat(read()).isEmpty();
		this.reader.reset();
		arrives(bytes(":3\r\n"), 0, 4);
		assertThat(read()).containsExactly("3");
	}

	@ParameterizedTest
	@ValueSource(strings = { "HTTP/1.1 400 Bad Request\r\n", "\r\n", ":\r\n", ":abc\r\n", ":1x\r\n", ":-\r\n",
			":99999999999999999999\r\n", "$-2\r\n", "$99999999999\r\n", "$1\r\nab\r\n", "*-2\r\n", "*2147483647\r\n",
			"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", ":1\rx\r\n", "%1\r\n", "_1\r\n" })
	void whatIsNotTheProtocolIsRefused(String garbage) {
		arrives(bytes(garbage), 0, garbage.length());
		assertThatExceptionOfType(JedisConnectionException.class).isThrownBy(this::read);
	}

	@Test
	void replyWithoutAnEndIsRefused() {
		byte[] endless = bytes("+" + "x".repeat(ReplyReader.MAX_REPLY));
		assertThatExceptionOfType(JedisConnectionException.class).isThrownBy(() -> arrives(endless, 0, endless.length));
	}

	@Test
	void garbageIsReadOrRefusedButNothingElse() {
		Garbage.forSeeds(2000, (garbage) -> {
			ReplyReader fresh = new ReplyReader();
			StringBuilder text = new StringBuilder();
			for (int i = garbage.random().nextInt(12); i >= 0; i--) {
				text.append(
						garbage.anyOf(List.of(":", "$", "*", "-", "+", "1", "0", "-1", "\r\n", "\r", "\n", "x", "3")));
			}
			fresh.buffer().put(bytes(text.toString()));
			try {
				Object reply = fresh.next();
				while (reply != ReplyReader.INCOMPLETE) {
					reply = fresh.next();
				}
			}
			catch (JedisConnectionException ex) {
				assertThat(ex).hasMessageContaining("repl");
			}
		});
	}

}
