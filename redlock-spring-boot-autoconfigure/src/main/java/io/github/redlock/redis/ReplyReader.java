package io.github.redlock.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Reads replies of the Redis protocol, version 2, out of what has arrived so far:
 * integers, errors, simple and bulk strings, and arrays of them. Not thread-safe.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">Redis
 * serialization protocol specification</a>
 */
final class ReplyReader {

	/** What {@link #next} returns where the rest of a reply has not arrived. */
	static final Object INCOMPLETE = new Object();

	/** What {@link #next} returns for a null reply. */
	static final Object NULL = new Object() {

		@Override
		public String toString() {
			return "null";
		}

	};

	/** Scripts of this project answer with a few bytes, errors may repeat a long key. */
	static final int MAX_REPLY = 4 * 1024 * 1024;

	/** Of a number that cannot be too large for a long. */
	private static final int MAX_DIGITS = 18;

	private static final int MAX_DEPTH = 4;

	private static final int FIRST_CAPACITY = 4 * 1024;

	/** Between two calls ready to be written to. */
	private ByteBuffer buffer = ByteBuffer.allocate(FIRST_CAPACITY);

	private int position;

	/**
	 * Where to put what arrives, with room for at least one byte.
	 * @throws JedisConnectionException if what has arrived is longer than any reply
	 */
	ByteBuffer buffer() {
		if (this.position > 0) {
			this.buffer.flip().position(this.position);
			this.buffer.compact();
			this.position = 0;
		}
		if (!this.buffer.hasRemaining()) {
			if (this.buffer.capacity() >= MAX_REPLY) {
				throw new JedisConnectionException("a reply is longer than " + MAX_REPLY + " bytes");
			}
			this.buffer = ByteBuffer.allocate(this.buffer.capacity() * 2).put(this.buffer.flip());
		}
		return this.buffer;
	}

	/**
	 * Forget what has arrived: another connection begins.
	 */
	void reset() {
		this.buffer = ByteBuffer.allocate(FIRST_CAPACITY);
		this.position = 0;
	}

	/**
	 * Take the next reply.
	 * @return a {@link Long}, {@link String}, {@link List}, {@link JedisDataException},
	 * {@link #NULL}, or {@link #INCOMPLETE}, and then nothing is taken
	 * @throws JedisConnectionException if this is not the protocol
	 */
	Object next() {
		int start = this.position;
		Object reply = read(0);
		if (INCOMPLETE.equals(reply)) {
			this.position = start;
		}
		return reply;
	}

	private Object read(int depth) {
		int end = endOfLine();
		if (end < 0) {
			return INCOMPLETE;
		}
		byte type = (end > this.position) ? this.buffer.get(this.position) : 0;
		int from = this.position + 1;
		this.position = end + 2;
		return switch (type) {
			case ':' -> number(from, end);
			case '+' -> status(from, end);
			case '-' -> new JedisDataException(text(from, end));
			case '$' -> bulk(length(from, end));
			case '*' -> array(length(from, end), depth + 1);
			case '_' -> nothing(from, end);
			default -> throw new JedisConnectionException("a reply of unknown type " + type);
		};
	}

	/**
	 * The null of RESP3, for which Jedis 8 asks.
	 */
	private static Object nothing(int from, int end) {
		if (from != end) {
			throw new JedisConnectionException("a null of a reply with something in it");
		}
		return NULL;
	}

	private int endOfLine() {
		int last = this.buffer.position() - 1;
		for (int i = this.position; i < last; i++) {
			if (this.buffer.get(i) == '\r') {
				if (this.buffer.get(i + 1) != '\n') {
					throw new JedisConnectionException("a line of a reply does not end with CR LF");
				}
				return i;
			}
		}
		return -1;
	}

	private Long number(int from, int end) {
		boolean negative = end > from && this.buffer.get(from) == '-';
		int first = negative ? from + 1 : from;
		if (end == first || end - first > MAX_DIGITS) {
			return longNumber(from, end);
		}
		long number = 0;
		for (int i = first; i < end; i++) {
			int digit = this.buffer.get(i) - '0';
			if (digit < 0 || digit > 9) {
				return longNumber(from, end);
			}
			number = number * 10 + digit;
		}
		return negative ? -number : number;
	}

	private Long longNumber(int from, int end) {
		try {
			return Long.valueOf(text(from, end));
		}
		catch (NumberFormatException ex) {
			throw new JedisConnectionException("a reply that should be a number is none", ex);
		}
	}

	private int length(int from, int end) {
		long length = number(from, end);
		if (length < -1 || length > MAX_REPLY) {
			throw new JedisConnectionException("a reply of length " + length);
		}
		return (int) length;
	}

	private String status(int from, int end) {
		boolean ok = end - from == 2 && this.buffer.get(from) == 'O' && this.buffer.get(from + 1) == 'K';
		return ok ? "OK" : text(from, end);
	}

	private String text(int from, int end) {
		return new String(this.buffer.array(), from, end - from, StandardCharsets.UTF_8);
	}

	private Object bulk(int length) {
		if (length < 0) {
			return NULL;
		}
		int end = this.position + length;
		if (end + 2 > this.buffer.position()) {
			return INCOMPLETE;
		}
		if (this.buffer.get(end) != '\r' || this.buffer.get(end + 1) != '\n') {
			throw new JedisConnectionException("a string of a reply does not end with CR LF");
		}
		String text = text(this.position, end);
		this.position = end + 2;
		return text;
	}

	private Object array(int length, int depth) {
		if (depth > MAX_DEPTH) {
			throw new JedisConnectionException("a reply with arrays in arrays in arrays");
		}
		if (length < 0) {
			return NULL;
		}
		List<@Nullable Object> elements = new ArrayList<>();
		for (int i = 0; i < length; i++) {
			Object element = read(depth);
			if (INCOMPLETE.equals(element)) {
				return INCOMPLETE;
			}
			elements.add(element);
		}
		return elements;
	}

}
