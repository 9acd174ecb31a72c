package io.github.redlock.redis;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.connection.ReturnType;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.LockReleaseException;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.testing.Garbage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Servers that answer with whatever comes into their heads, on real sockets with the real
 * driver: never a hang, never a grant that no quorum gave, never a key that stays.
 */
@Tag("exhaustive")
class BadReplyTests {

	private static final List<String> REPLIES = List.of("-LOADING Redis is loading the dataset in memory\r\n",
			"-READONLY You can't write against a read only replica.\r\n", "-OOM command not allowed\r\n",
			"-MISCONF Errors writing to the AOF file\r\n", "-NOAUTH Authentication required.\r\n",
			"-NOPERM this user has no permissions to run the 'evalsha' command\r\n", "-BUSY Redis is busy\r\n",
			"-MOVED 3999 127.0.0.1:6381\r\n", "-ASK 3999 127.0.0.1:6381\r\n", "-CLUSTERDOWN Hash slot not served\r\n",
			"-NOSCRIPT No matching script.\r\n", "-ERR\r\n", "-\r\n", "$-1\r\n", "*-1\r\n", "+OK\r\n", "+0\r\n",
			"$1\r\n0\r\n", "$3\r\nabc\r\n", "*1\r\n:0\r\n", "*2\r\n:1\r\n$1\r\na\r\n", "*0\r\n", ":2\r\n", ":-1\r\n",
			":9223372036854775807\r\n", ":-9223372036854775808\r\n", ":99999999999999999999\r\n", ":abc\r\n",
			"$2147483647\r\n", "$-7\r\n", "*2147483647\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(123\r\n",
			"%1\r\n+a\r\n:1\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0", "\r\n", ":1close", "$5\r\nabclose",
			"-LOADclose");

	private static final String CLOSE = "close";

	private static final String SILENCE = "silence";

	@Test
	@Timeout(value = 5, unit = TimeUnit.MINUTES)
	void neverAHangAFalseGrantOrALeakedKey() {
		AtomicInteger granted = new AtomicInteger();
		AtomicInteger refused = new AtomicInteger();
		Garbage.forSeeds(Integer.getInteger("bad.replies", 15), (garbage) -> {
			try (Server first = new Server(garbage.random().nextLong(), 0);
					Server second = new Server(garbage.random().nextLong(), garbage.anyOf(List.of(0.0, 0.5, 1.0)));
					Server third = new Server(garbage.random().nextLong(), garbage.anyOf(List.of(0.5, 1.0)));
					RedisLockNodes nodes = new RedisLockNodes("")) {
				List<Server> servers = List.of(first, second, third);
				servers.forEach((server) -> nodes.add(
						new RedisNodeSettings("node" + server.port(), "127.0.0.1", server.port(), null, null, 0, null),
						Duration.ofMillis(500), Duration.ofMillis(80)));
				run(nodes, servers, granted, refused);
			}
		});
		assertThat(granted).as("locks granted").hasPositiveValue();
		assertThat(refused).as("locks refused").hasPositiveValue();
	}

	private static void run(RedisLockNodes nodes, List<Server> servers, AtomicInteger granted, AtomicInteger refused) {
		LockOptions options = LockOptions.builder().waitTime(Duration.ofMillis(300)).build();
		try (DefaultRedlock redlock = new RedlockBuilder().nodes(nodes.nodes())
			.commandTimeout(Duration.ofMillis(80))
			.build()) {
			for (int i = 0; i < 5; i++) {
				attempt(redlock, options, servers, granted, refused);
			}
			servers.forEach((server) -> server.madness = 0);
			Awaitility.await()
				.atMost(Duration.ofSeconds(20))
				.untilAsserted(() -> assertThat(servers).allMatch((server) -> server.valueOf("a") == null));
		}
	}

	private static void attempt(DefaultRedlock redlock, LockOptions options, List<Server> servers,
			AtomicInteger granted, AtomicInteger refused) {
		try {
			LockHandle lock = redlock.acquire("a", Duration.ofSeconds(30), options);
			granted.incrementAndGet();
			assertThat(servers.stream().filter((server) -> lock.value().equals(server.valueOf("a"))).count())
				.as("nodes behind a granted lock")
				.isGreaterThanOrEqualTo(2);
			try {
				lock.extend(Duration.ofSeconds(40));
			}
			catch (LockLostException ex) {
				assertThat(lock.isValid()).isFalse();
			}
			lock.release();
		}
		catch (LockNotAcquiredException | LockReleaseException ex) {
			refused.incrementAndGet();
		}
	}

	/**
	 * A server that understands the scripts, and sometimes does not want to.
	 */
	private static final class Server implements AutoCloseable {

		private final ServerSocket listener;

		private final ScriptedRedis redis = new ScriptedRedis(System::currentTimeMillis);

		private final Random random;

		private final List<Socket> sockets = new ArrayList<>();

		private volatile double madness;

		private Server(long seed, double madness) {
			this.random = new Random(seed);
			this.madness = madness;
			try {
				this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
			start(this::accept);
		}

		private static void start(Runnable work) {
			Thread thread = new Thread(work, "bad-server");
			thread.setDaemon(true);
			thread.start();
		}

		private int port() {
			return this.listener.getLocalPort();
		}

		private synchronized String valueOf(String key) {
			return this.redis.get(key);
		}

		private void accept() {
			try {
				while (true) {
					Socket socket = this.listener.accept();
					synchronized (this.sockets) {
						this.sockets.add(socket);
					}
					start(() -> serve(socket));
				}
			}
			catch (IOException ex) {
				// Closed.
			}
		}

		private void serve(Socket socket) {
			try (socket) {
				InputStream in = new BufferedInputStream(socket.getInputStream());
				OutputStream out = socket.getOutputStream();
				while (true) {
					List<byte[]> command = read(in);
					if (command.isEmpty()) {
						return;
					}
					String reply = reply(command);
					if (!reply.equals(SILENCE)) {
						out.write(reply.replace(CLOSE, "").getBytes(StandardCharsets.UTF_8));
						out.flush();
					}
					if (reply.endsWith(CLOSE)) {
						return;
					}
				}
			}
			catch (IOException | NumberFormatException ex) {
				// The client has had enough.
			}
		}

		private synchronized String reply(List<byte[]> command) {
			String name = new String(command.get(0), StandardCharsets.US_ASCII);
			if (!name.startsWith("EVAL")) {
				return "+OK\r\n";
			}
			boolean mad = this.random.nextDouble() < this.madness;
			boolean done = !mad || this.random.nextBoolean();
			String answer = done ? execute(name, command) : "";
			if (!mad) {
				return answer;
			}
			int kind = this.random.nextInt(REPLIES.size() + 3);
			return (kind < REPLIES.size()) ? REPLIES.get(kind)
					: (kind == REPLIES.size()) ? SILENCE : (kind == REPLIES.size() + 1) ? CLOSE
							// Cut at any byte.
							: ":17\r\n".substring(0, this.random.nextInt(4)) + CLOSE;
		}

		private String execute(String name, List<byte[]> command) {
			int keys = Integer.parseInt(new String(command.get(2), StandardCharsets.US_ASCII));
			byte[][] arguments = command.subList(3, command.size()).toArray(byte[][]::new);
			try {
				Long result = name.equals("EVALSHA")
						? this.redis.evalSha(command.get(1), ReturnType.INTEGER, keys, arguments)
						: this.redis.eval(command.get(1), ReturnType.INTEGER, keys, arguments);
				return ":" + result + "\r\n";
			}
			catch (RuntimeException ex) {
				return "-" + ex.getMessage() + "\r\n";
			}
		}

		private static List<byte[]> read(InputStream in) throws IOException {
			String head = line(in);
			List<byte[]> command = new ArrayList<>();
			if (head.startsWith("*")) {
				int count = Integer.parseInt(head.substring(1));
				for (int i = 0; i < count; i++) {
					int length = Integer.parseInt(line(in).substring(1));
					byte[] argument = in.readNBytes(length);
					in.readNBytes(2);
					command.add(argument);
				}
			}
			return command;
		}

		private static String line(InputStream in) throws IOException {
			ByteArrayOutputStream line = new ByteArrayOutputStream();
			for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
				line.write(next);
			}
			return line.toString(StandardCharsets.UTF_8).strip();
		}

		@Override
		public void close() {
			try {
				this.listener.close();
				synchronized (this.sockets) {
					for (Socket socket : this.sockets) {
						socket.close();
					}
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
