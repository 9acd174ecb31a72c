package io.github.redlock.redis;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Bytes on their way into a socket: a buffer for what fits, and a queue for the rest. Not
 * thread-safe.
 */
final class OutgoingBytes {

	private static final int CAPACITY = 32 * 1024;

	private final ByteBuffer buffer = ByteBuffer.allocateDirect(CAPACITY);

	private final Deque<ByteBuffer> backlog = new ArrayDeque<>();

	void add(byte[] bytes) {
		if (this.backlog.isEmpty() && bytes.length <= this.buffer.remaining()) {
			this.buffer.put(bytes);
		}
		else {
			this.backlog.add(ByteBuffer.wrap(bytes));
		}
	}

	boolean isEmpty() {
		return this.buffer.position() == 0 && this.backlog.isEmpty();
	}

	/**
	 * Write as much as the channel accepts without blocking.
	 * @return whether that was everything
	 */
	boolean writeTo(WritableByteChannel channel) throws IOException {
		boolean accepted = true;
		while (accepted && !isEmpty()) {
			fillFromBacklog();
			this.buffer.flip();
			int size = this.buffer.remaining();
			accepted = channel.write(this.buffer) == size;
			this.buffer.compact();
		}
		return accepted;
	}

	private void fillFromBacklog() {
		ByteBuffer first = this.backlog.peek();
		while (first != null && this.buffer.hasRemaining()) {
			int length = Math.min(first.remaining(), this.buffer.remaining());
			this.buffer.put(first.slice(first.position(), length));
			first.position(first.position() + length);
			if (!first.hasRemaining()) {
				this.backlog.remove();
				first = this.backlog.peek();
			}
		}
	}

	void clear() {
		this.buffer.clear();
		this.backlog.clear();
	}

}
