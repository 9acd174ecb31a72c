package io.github.redlock.redis;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.equalTo;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * Who does the input and output, on real sockets.
 */
@Timeout(60)
class IoLoopTests {

	private static final String GRANTED = ":0\r\n";

	private final Server server = new Server();

	private final IoLoop io = new IoLoop(Duration.ofMillis(200));

	private final ScriptCommands commands = new ScriptCommands("");

	private final NodeChannel channel = this.io.add("node", this.server::open);

	@AfterEach
	void close() {
		this.io.close(this.channel);
		this.server.close();
		Awaitility.await()
			.until(() -> Thread.getAllStackTraces()
				.keySet()
				.stream()
				.noneMatch((thread) -> thread.getName().equals("redlock-io")));
	}

	private CompletableFuture<Vote> send() {
		return send("a");
	}

	private CompletableFuture<Vote> send(String resource) {
		ScriptCall call = call(resource);
		this.io.send(this.channel, call);
		return call.vote();
	}

	private ScriptCall call(String resource) {
		return new ScriptCall(this.commands.of(LockScript.RELEASE,
				new LockRequest(List.of(resource), "value", Duration.ofSeconds(1), LockRequest.NO_TOKEN)));
	}

	private Vote await() throws Exception {
		return this.io.await(this::send);
	}

	private static void isLost(Vote vote) {
		assertThat(vote).isInstanceOf(Vote.Failed.class);
		assertThat(((Vote.Failed) vote).reason()).isEqualTo(Vote.Failed.Reason.UNREACHABLE);
	}

	/**
	 * A caller that comes while the background thread leads does not, so it comes again.
	 */
	@Test
	void callerReadsItsOwnAnswer() {
		Awaitility.await().pollInSameThread().untilAsserted(() -> {
			ScriptCall call = call("a");
			AtomicReference<Thread> reader = new AtomicReference<>();
			CompletableFuture<Vote> delivered = call.vote()
				.whenComplete((vote, error) -> reader.set(Thread.currentThread()));
			this.io.await(() -> {
				this.io.send(this.channel, call);
				return delivered;
			});
			assertThat(reader).hasValue(Thread.currentThread());
		});
		assertThat(this.server.connections).hasValue(1);
	}

	@Test
	void asynchronousCallsNeedNoCaller() throws Exception {
		for (int i = 0; i < 100; i++) {
			assertThat(send().get(20, TimeUnit.SECONDS)).isInstanceOf(Vote.Granted.class);
		}
	}

	/** The vote after the deciding one. */
	@Test
	void answerThatNobodyWaitsForIsReadSoon() throws Exception {
		CompletableFuture<Vote> late = new CompletableFuture<>();
		this.io.await(() -> {
			CompletableFuture<Vote> first = send();
			send().thenAccept(late::complete);
			return first;
		});
		assertThat(late.get(20, TimeUnit.SECONDS)).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void manyCallersAndAsynchronousCallsAtOnce() throws Exception {
		int threads = 16;
		CountDownLatch done = new CountDownLatch(threads);
		Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
		for (int i = 0; i < threads; i++) {
			boolean asynchronous = i % 4 == 0;
			Server.start(() -> {
				try {
					for (int n = 0; n < 500; n++) {
						Vote vote = asynchronous ? send().get(20, TimeUnit.SECONDS) : await();
						assertThat(vote).isInstanceOf(Vote.Granted.class);
					}
				}
				catch (Exception | AssertionError ex) {
					errors.add(ex);
				}
				done.countDown();
			});
		}
		assertThat(done.await(50, TimeUnit.SECONDS)).isTrue();
		assertThat(errors).isEmpty();
	}

	@Test
	void connectionIsCutAtEachByteOfAnAnswer() throws Exception {
		for (int cut = 0; cut < GRANTED.length(); cut++) {
			String head = GRANTED.substring(0, cut);
			this.server.answers = (usual) -> head + Server.CLOSE;
			isLost(await());
			this.server.answers = UnaryOperator.identity();
			assertThat(await()).isInstanceOf(Vote.Granted.class);
		}
	}

	@Test
	void garbageCutsTheConnection() throws Exception {
		this.server.answers = (usual) -> "HTTP/1.1 400 Bad Request\r\n\r\n";
		isLost(await());
		this.server.answers = (usual) -> usual + usual;
		await();
		this.server.answers = UnaryOperator.identity();
		Awaitility.await().until(() -> await() instanceof Vote.Granted);
		assertThat(this.server.connections).hasValueGreaterThan(2);
	}

	@Test
	void connectionThatCannotBeOpenedFailsTheCall() throws Exception {
		this.server.close();
		isLost(await());
	}

	@Test
	void commandsLargerThanAllBuffers() throws Exception {
		List<CompletableFuture<Vote>> votes = new ArrayList<>();
		for (int i = 0; i < 40; i++) {
			votes.add(send("x".repeat(1 + i * i * 500)));
		}
		for (CompletableFuture<Vote> vote : votes) {
			assertThat(vote.get(20, TimeUnit.SECONDS)).isInstanceOf(Vote.Granted.class);
		}
		assertThat(this.server.connections).hasValue(1);
	}

	/** As an encrypted one does: no selector tells of what lies there. */
	@Test
	void whatATransportHoldsBackIsReadAndWritten() throws Exception {
		NodeChannel slow = this.io.add("slow",
				() -> new Connectors.Connection(new HoldingTransport(this.server.open().transport().socket())));
		try {
			List<CompletableFuture<Vote>> votes = new ArrayList<>();
			for (int i = 0; i < 100; i++) {
				ScriptCall call = new ScriptCall(this.commands.probe());
				this.io.send(slow, call);
				votes.add(call.vote());
			}
			for (CompletableFuture<Vote> vote : votes) {
				assertThat(vote.get(20, TimeUnit.SECONDS)).isInstanceOf(Vote.Granted.class);
			}
		}
		finally {
			this.io.close(slow);
		}
	}

	@Test
	void interruptedCallerLeavesTheConnectionAlone() throws Exception {
		await();
		this.server.answers = (usual) -> "";
		Thread caller = Thread.currentThread();
		assertThatThrownBy(() -> this.io.await(() -> {
			CompletableFuture<Vote> vote = send();
			caller.interrupt();
			return vote;
		})).isInstanceOf(InterruptedException.class);
		assertThat(Thread.interrupted()).isFalse();
		Awaitility.await().untilAtomic(this.server.answered, equalTo(2));
		this.server.answers = (usual) -> usual + usual;
		assertThat(await()).isInstanceOf(Vote.Granted.class);
		assertThat(this.server.connections).hasValue(1);
	}

	@Test
	void callerWakesWhenItsOperationEndsElsewhere() throws Exception {
		await();
		this.server.answers = (usual) -> "";
		CompletableFuture<String> elsewhere = new CompletableFuture<>();
		CountDownLatch waiting = new CountDownLatch(1);
		Server.start(() -> {
			try {
				waiting.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			elsewhere.complete("done");
		});
		assertThat(this.io.await(() -> {
			send();
			waiting.countDown();
			return elsewhere;
		})).isEqualTo("done");
	}

	/** Where there is no other thread for it, code of the user's runs in the leader. */
	@Test
	void leaderMayCallAgain() throws Exception {
		Vote inner = this.io.await(() -> send().thenApply((outer) -> {
			try {
				return await();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}));
		assertThat(inner).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void operationThatThrowsLeavesTheLead() throws Exception {
		assertThatThrownBy(() -> this.io.await(() -> {
			throw new IllegalArgumentException("as intended");
		})).isInstanceOf(IllegalArgumentException.class);
		assertThat(await()).isInstanceOf(Vote.Granted.class);
	}

	/** It is the thread of a caller, who may be at the end of his stack or memory. */
	@Test
	void errorInTheLeaderLeavesTheLead() throws Exception {
		assertThatThrownBy(() -> this.io.await(() -> {
			send();
			throw new StackOverflowError("as intended");
		})).isInstanceOf(StackOverflowError.class);
		assertThat(await()).isInstanceOf(Vote.Granted.class);
		CompletableFuture<Vote> other = new CompletableFuture<>();
		Server.start(() -> {
			try {
				other.complete(await());
			}
			catch (Exception ex) {
				other.completeExceptionally(ex);
			}
		});
		assertThat(other.get(20, TimeUnit.SECONDS)).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void largeCommandIsSentAgainAtOnce() throws Exception {
		await();
		this.server.answers = (usual) -> {
			this.server.answers = UnaryOperator.identity();
			return "-NOSCRIPT No matching script.\r\n";
		};
		Vote vote = this.io.await(() -> send("x".repeat(100_000)));
		assertThat(vote).isInstanceOf(Vote.Granted.class);
		assertThat(this.server.commands).hasValue(3);
	}

	@Test
	void connectionThatIsOpenedTooLateIsClosed() throws Exception {
		CountDownLatch connecting = new CountDownLatch(1);
		CountDownLatch closed = new CountDownLatch(1);
		CompletableFuture<SocketChannel> opened = new CompletableFuture<>();
		IoLoop slow = new IoLoop(Duration.ofMillis(200));
		NodeChannel late = slow.add("late", () -> {
			connecting.countDown();
			Awaitility.await().until(() -> closed.getCount() == 0);
			Connectors.Connection connection = this.server.open();
			opened.complete(connection.transport().socket());
			return connection;
		});
		ScriptCall call = new ScriptCall(ScriptCommand.PING);
		slow.send(late, call);
		connecting.await();
		slow.close(late);
		isLost(call.vote().get(20, TimeUnit.SECONDS));
		closed.countDown();
		SocketChannel socket = opened.get(20, TimeUnit.SECONDS);
		Awaitility.await().until(() -> !socket.isOpen());
	}

	@Test
	void interruptedBackgroundGoesOn() throws Exception {
		Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().equals("redlock-io"))
			.forEach(Thread::interrupt);
		assertThat(send().get(20, TimeUnit.SECONDS)).isInstanceOf(Vote.Granted.class);
	}

	@Test
	void resetCutsAConnectionThatIsSilentSinceTheProbe() throws Exception {
		await();
		this.server.answers = (usual) -> "";
		CompletableFuture<Vote> silent = send();
		Awaitility.await().untilAtomic(this.server.commands, equalTo(2));
		this.io.reset(this.channel);
		ScriptCall probe = new ScriptCall(this.commands.probe());
		this.io.send(this.channel, probe);
		Awaitility.await().untilAtomic(this.server.commands, equalTo(3));
		assertThat(silent).as("no probe had been sent").isNotDone();
		this.io.reset(this.channel);
		isLost(silent.get(20, TimeUnit.SECONDS));
		isLost(probe.vote().get(20, TimeUnit.SECONDS));
		this.server.answers = UnaryOperator.identity();
		assertThat(await()).isInstanceOf(Vote.Granted.class);
		assertThat(this.server.connections).hasValue(2);
	}

	/** The leader stands still while an answer arrives. */
	@Test
	void catchingUpEndsWhenWhatHasArrivedIsDelivered() throws Exception {
		await();
		CompletableFuture<Void> standsStill = new CompletableFuture<>();
		CountDownLatch goOn = new CountDownLatch(1);
		// The server holds back its first answer until it has read the second command.
		this.server.answers = (usual) -> {
			if (this.server.commands.get() == 2) {
				return "";
			}
			this.server.write(usual);
			standsStill.join();
			return usual;
		};
		ScriptCall first = call("a");
		first.vote().thenRun(() -> {
			standsStill.complete(null);
			awaitUninterruptibly(goOn);
		});
		this.io.send(this.channel, first);
		CompletableFuture<Vote> second = send();
		try {
			Awaitility.await().untilAtomic(this.server.answered, equalTo(3));
			CompletableFuture<Void> caughtUp = this.io.catchUp();
			assertThat(caughtUp).isNotDone();
			goOn.countDown();
			caughtUp.get(20, TimeUnit.SECONDS);
		}
		finally {
			goOn.countDown();
		}
		assertThat(second).isCompletedWithValueMatching((vote) -> vote instanceof Vote.Granted);
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Test
	void catchingUpEndsAfterTheEnd() throws Exception {
		await();
		this.io.close(this.channel);
		this.io.catchUp().get(20, TimeUnit.SECONDS);
	}

	@Test
	void closingWaitsForAnswersButNotForEver() throws Exception {
		await();
		CompletableFuture<Vote> last = send();
		this.io.close(this.channel);
		assertThat(last).isCompletedWithValueMatching((vote) -> vote instanceof Vote.Granted);
		isLost(send().get(20, TimeUnit.SECONDS));
	}

	@Test
	void closingWithASilentNodeFailsWhatIsUnanswered() throws Exception {
		await();
		this.server.answers = (usual) -> "";
		CompletableFuture<Vote> last = send();
		this.io.close(this.channel);
		isLost(last.get(20, TimeUnit.SECONDS));
	}

	@Test
	void closingInTheLeaderDoesNotWait() throws Exception {
		Vote vote = this.io.await(() -> send().thenApply((answer) -> {
			this.io.close(this.channel);
			return answer;
		}));
		assertThat(vote).isInstanceOf(Vote.Granted.class);
	}

	/**
	 * Reads everything and gives it away byte by byte; keeps what it is to write until it
	 * is asked again.
	 */
	private static final class HoldingTransport implements ByteTransport {

		private final SocketChannel socket;

		private final ByteBuffer in = ByteBuffer.allocate(100_000).flip();

		private final ByteBuffer out = ByteBuffer.allocate(100_000);

		private HoldingTransport(SocketChannel socket) {
			this.socket = socket;
		}

		@Override
		public SocketChannel socket() {
			return this.socket;
		}

		@Override
		public int read(ByteBuffer target) throws IOException {
			if (!this.in.hasRemaining()) {
				int length = this.socket.read(this.in.clear());
				this.in.flip();
				if (length <= 0) {
					return length;
				}
			}
			target.put(this.in.get());
			return 1;
		}

		@Override
		public boolean hasMore() {
			return this.in.hasRemaining();
		}

		@Override
		public boolean write(OutgoingBytes bytes) throws IOException {
			if (hasUnsent()) {
				this.socket.write(this.out.flip());
				this.out.compact();
			}
			else {
				bytes.writeTo(new Kept());
			}
			return bytes.isEmpty() && !hasUnsent();
		}

		@Override
		public boolean hasUnsent() {
			return this.out.position() > 0;
		}

		@Override
		public void end() {
		}

		private final class Kept implements WritableByteChannel {

			@Override
			public int write(ByteBuffer source) {
				int length = source.remaining();
				HoldingTransport.this.out.put(source);
				return length;
			}

			@Override
			public boolean isOpen() {
				return true;
			}

			@Override
			public void close() {
			}

		}

	}

	/**
	 * A server that answers every command, by default with a grant.
	 */
	private static final class Server implements AutoCloseable {

		private static final String CLOSE = "close";

		private final ServerSocket listener;

		private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();

		private final AtomicInteger connections = new AtomicInteger();

		private final AtomicInteger commands = new AtomicInteger();

		private final AtomicInteger answered = new AtomicInteger();

		private volatile boolean closed;

		private volatile UnaryOperator<String> answers = UnaryOperator.identity();

		private Server() {
			try {
				this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
			start(this::accept);
		}

		private static void start(Runnable work) {
			Thread thread = new Thread(work, "test-server");
			thread.setDaemon(true);
			thread.start();
		}

		private Connectors.Connection open() throws IOException {
			return new Connectors.Connection(new ByteTransport.ClearText(SocketChannel
				.open(new InetSocketAddress(this.listener.getInetAddress(), this.listener.getLocalPort()))));
		}

		private void accept() {
			try {
				while (true) {
					Socket socket = this.listener.accept();
					this.sockets.add(socket);
					if (this.closed) {
						// Accepted at the last moment.
						socket.close();
					}
					this.connections.incrementAndGet();
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
				while (readCommand(in)) {
					this.commands.incrementAndGet();
					String answer = this.answers.apply(GRANTED);
					write(out, answer.replace(CLOSE, ""));
					this.answered.incrementAndGet();
					if (answer.endsWith(CLOSE)) {
						return;
					}
				}
			}
			catch (IOException ex) {
				// The client has had enough.
			}
		}

		/** Write to the only connection. */
		private void write(String text) {
			try {
				write(this.sockets.element().getOutputStream(), text);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		private static void write(OutputStream out, String text) throws IOException {
			out.write(text.getBytes(StandardCharsets.US_ASCII));
			out.flush();
		}

		private static boolean readCommand(InputStream in) throws IOException {
			int arguments = readNumber(in, '*');
			for (int i = 0; i < arguments; i++) {
				in.skipNBytes(readNumber(in, '$') + 2L);
			}
			return arguments > 0;
		}

		private static int readNumber(InputStream in, char type) throws IOException {
			int first = in.read();
			if (first < 0) {
				return 0;
			}
			assertThat((char) first).isEqualTo(type);
			int number = 0;
			for (int next = in.read(); next != '\r'; next = in.read()) {
				number = number * 10 + next - '0';
			}
			in.read();
			return number;
		}

		@Override
		public void close() {
			this.closed = true;
			try {
				this.listener.close();
				for (Socket socket : this.sockets) {
					socket.close();
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
