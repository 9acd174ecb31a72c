package io.github.redlock.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.Awaiter;

/**
 * Input and output for the connections of one lock: writes what was handed over, selects,
 * reads, and delivers votes. The thread that does so is the leader of {@link Leadership};
 * usually it is the caller that waits for the votes ("scatter and gather").
 * <p>
 * A channel in which anything was thrown is broken: no leader touches it until the
 * background thread has cut its connection, because commands and answers may no longer
 * belong together. What was on its way is lost, the next command opens another
 * connection, and the other channels go on.
 */
final class IoLoop implements Awaiter, Leadership.Loop {

	/**
	 * Between two looks at connections on which nothing happens: well below the idle
	 * timeouts of firewalls, which begin at a minute.
	 */
	static final Duration IDLE_CHECK = Duration.ofSeconds(15);

	/** How long the answer to an idle check may take. */
	private static final Duration IDLE_PATIENCE = Duration.ofSeconds(1);

	/** How long the background thread waits for answers that somebody waits for. */
	private static final long MAX_WAIT_MILLIS = 100;

	/**
	 * How long no caller has to have led before the background thread waits for input.
	 */
	private static final long MAX_PAUSE_NANOS = Duration.ofMillis(10).toNanos();

	/**
	 * An answer that nobody has read is taken for missing after the command timeout.
	 */
	private static final int PAUSES_PER_TIMEOUT = 4;

	/** One look reads at most so often: what arrives later is not old. */
	private static final int MAX_READS = 100;

	/** How long closing waits for the last answers. A healthy node needs a round trip. */
	private static final Duration LAST_ANSWERS = Duration.ofMillis(200);

	private static final Logger logger = LoggerFactory.getLogger(IoLoop.class);

	private final Selector selector;

	private final Leadership leadership;

	private final Connectors connectors = new Connectors();

	/** Copied when one is added: each turn of a leader goes through it several times. */
	private volatile NodeChannel[] channels = {};

	/** Owned by the leader: calls with their answers, to be delivered. */
	private final Queue<ScriptCall> answered = new ArrayDeque<>();

	private final Queue<CompletableFuture<Void>> catchingUp = new ConcurrentLinkedQueue<>();

	/** What the leader has to do besides. */
	private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

	/** The leader waits in {@link Selector#select}, and nobody has ended that yet. */
	private final AtomicBoolean selecting = new AtomicBoolean();

	private final CompletableFuture<Void> ended = new CompletableFuture<>();

	private boolean beginning;

	/** Idle checks were sent, and their answers are waited for. */
	private boolean checkingIdle;

	/** The last wait for input ended because its time was over. */
	private boolean timedOut;

	/** A task that has ended in an error before. */
	private @Nullable Runnable failedTask;

	/**
	 * Create it with no nodes.
	 * @param commandTimeout after which an answer is taken for missing
	 */
	IoLoop(Duration commandTimeout) {
		try {
			this.selector = Selector.open();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		long pause = Math.min(commandTimeout.toNanos() / PAUSES_PER_TIMEOUT, MAX_PAUSE_NANOS);
		this.leadership = new Leadership(this, pause, "redlock-io");
		this.leadership.start();
	}

	/**
	 * Add a node.
	 * @param name its name
	 * @param opener opens a blocking connection, logged in and ready
	 */
	synchronized NodeChannel add(String name, Connectors.Opener opener) {
		NodeChannel channel = new NodeChannel(name, (unconnected) -> connect(unconnected, opener),
				this.leadership::reserve, this.answered);
		NodeChannel[] more = Arrays.copyOf(this.channels, this.channels.length + 1);
		more[this.channels.length] = channel;
		this.channels = more;
		return channel;
	}

	/**
	 * A channel opens one connection at a time, so there are never more threads than
	 * nodes.
	 */
	private void connect(NodeChannel channel, Connectors.Opener opener) {
		this.connectors.open(opener, (connection) -> lead(() -> channel.connected(connection, this.selector)),
				(error) -> lead(() -> channel.failed(error)));
	}

	/**
	 * Have something done by the thread that leads, in any case soon.
	 */
	private void lead(Runnable task) {
		this.tasks.add(task);
		if (this.ended.isDone()) {
			// Nobody leads any more. A connection that was opened too late is closed.
			runTasks();
			finishCatchingUp();
		}
		else {
			this.leadership.notice();
		}
	}

	/**
	 * Send a command.
	 */
	void send(NodeChannel channel, ScriptCall call) {
		boolean leading = this.leadership.isLedBy(Thread.currentThread());
		call.setPrompt(!leading || !this.beginning);
		channel.hand(call);
		if (channel.isClosed()) {
			channel.refuse(call);
		}
		else if (!leading) {
			this.leadership.notice();
		}
	}

	@Override
	public <T> T await(Supplier<? extends CompletionStage<T>> operation)
			throws InterruptedException, ExecutionException {
		return this.leadership.await(operation);
	}

	@Override
	public void setBeginning(boolean beginning) {
		this.beginning = beginning;
	}

	@Override
	public void wakeUp() {
		if (this.selecting.compareAndSet(true, false)) {
			boolean woken = false;
			try {
				this.selector.wakeup();
				woken = true;
			}
			finally {
				if (!woken) {
					// The leader still waits, and the next one is to wake it.
					this.selecting.set(true);
				}
			}
		}
	}

	@Override
	public boolean hasHanded() {
		if (!this.tasks.isEmpty()) {
			return true;
		}
		for (NodeChannel channel : this.channels) {
			if (channel.hasHanded()) {
				return true;
			}
		}
		return false;
	}

	@Override
	public boolean isAnythingUnderWay() {
		if (hasHanded()) {
			return true;
		}
		for (NodeChannel channel : this.channels) {
			if (channel.hasUnanswered()) {
				return true;
			}
		}
		return isPrompt();
	}

	@Override
	public boolean isPrompt() {
		if (hasHanded() || !this.catchingUp.isEmpty()) {
			return true;
		}
		for (NodeChannel channel : this.channels) {
			if (channel.isPrompt() || channel.isClosing()) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Take what has arrived. The end of a stream may be behind the last answer.
	 */
	private void look() {
		for (int i = 0; i < MAX_READS && select(0, () -> true) > 0; i++) {
			deliver();
		}
	}

	@Override
	public void turn(long timeoutMillis, Leadership.Waiter waiter) {
		write();
		closeWhatIsDone();
		boolean catchUp = !this.catchingUp.isEmpty();
		int ready = select((this.answered.isEmpty() && !catchUp) ? timeoutMillis : 0, waiter);
		closeWhatIsDone();
		deliver();
		if (catchUp) {
			for (int i = 0; ready > 0 && i < MAX_READS; i++) {
				ready = select(0, waiter);
				deliver();
			}
			finishCatchingUp();
		}
	}

	@Override
	public void turnInBackground(boolean mayWait, Leadership.Waiter waiter) {
		boolean idle = mayWait && !isPrompt();
		turn(idle ? idleMillis() : mayWait ? MAX_WAIT_MILLIS : 0, waiter);
		if (idle && this.timedOut) {
			Arrays.asList(this.channels)
				.forEach(this.checkingIdle ? NodeChannel::endIdleCheck : NodeChannel::beginIdleCheck);
			this.checkingIdle = !this.checkingIdle;
			deliver();
		}
	}

	private long idleMillis() {
		return (this.checkingIdle ? IDLE_PATIENCE : IDLE_CHECK).toMillis();
	}

	@Override
	public void mend() {
		Arrays.asList(this.channels).forEach(NodeChannel::mend);
		deliver();
	}

	@Override
	public void finish() {
		write();
		closeWhatWasCut();
		deliver();
	}

	@Override
	public void end() {
		write();
		Arrays.asList(this.channels).forEach(NodeChannel::close);
		deliver();
		try {
			this.selector.close();
		}
		catch (IOException ex) {
			logger.debug("Closing the selector failed", ex);
		}
		this.ended.complete(null);
		runTasks();
		finishCatchingUp();
	}

	/**
	 * Write what was handed over, but not to connections that have ended while they were
	 * idle: an end that has arrived by then is seen first. An error leaves the channel
	 * broken and ends the turn of this leader.
	 */
	private void write() {
		if (hasHanded()) {
			look();
		}
		runTasks();
		for (NodeChannel channel : this.channels) {
			channel.send();
		}
	}

	/**
	 * A task that ends in an error stays, and the next leader runs it again, but only
	 * once.
	 */
	private void runTasks() {
		for (Runnable task = this.tasks.peek(); task != null; task = this.tasks.peek()) {
			if (task.equals(this.failedTask)) {
				this.tasks.remove();
				this.failedTask = null;
			}
			else {
				this.failedTask = task;
				task.run();
				this.failedTask = null;
				this.tasks.remove();
			}
		}
	}

	/**
	 * Wait for input and take what has arrived.
	 * @return how many connections were ready
	 */
	private int select(long timeoutMillis, Leadership.Waiter waiter) {
		Consumer<SelectionKey> action = (key) -> ((NodeChannel) key.attachment()).ready(key);
		this.timedOut = false;
		try {
			if (timeoutMillis == 0) {
				return this.selector.selectNow(action);
			}
			this.selecting.set(true);
			if (hasHanded() || waiter.isDone()) {
				this.selecting.set(false);
				return this.selector.selectNow(action);
			}
			int ready = this.selector.select(action, timeoutMillis);
			this.timedOut = this.selecting.getAndSet(false) && ready == 0;
			return ready;
		}
		catch (IOException ex) {
			logger.error("Selecting failed; the connections are opened again", ex);
			Arrays.asList(this.channels).forEach((channel) -> channel.cut(ex));
			return 0;
		}
	}

	/**
	 * A socket is closed by the selection that follows.
	 */
	private void closeWhatWasCut() {
		for (SelectionKey key : this.selector.keys()) {
			if (!key.isValid()) {
				select(0, () -> true);
				return;
			}
		}
	}

	private void closeWhatIsDone() {
		for (NodeChannel channel : this.channels) {
			if (channel.isClosing() && !channel.hasHanded() && !(channel.isConnected() && channel.hasUnanswered())) {
				channel.close();
			}
		}
	}

	/**
	 * Deliver votes: after reading, because that runs code of the core.
	 */
	private void deliver() {
		for (ScriptCall next = this.answered.poll(); next != null; next = this.answered.poll()) {
			next.deliver();
		}
	}

	private void finishCatchingUp() {
		for (CompletableFuture<Void> next = this.catchingUp.poll(); next != null; next = this.catchingUp.poll()) {
			next.complete(null);
		}
	}

	/**
	 * Read everything that has arrived.
	 * @return completes when it was delivered
	 */
	CompletableFuture<Void> catchUp() {
		CompletableFuture<Void> caughtUp = new CompletableFuture<>();
		lead(() -> this.catchingUp.add(caughtUp));
		return caughtUp;
	}

	/**
	 * A probe of this node was not answered in time.
	 */
	void reset(NodeChannel channel) {
		lead(channel::reset);
	}

	/**
	 * Close a connection when what was handed over has been answered, but wait no longer
	 * than a short time. The last one takes the threads with it.
	 */
	void close(NodeChannel channel) {
		channel.beginClosing();
		if (this.leadership.isLedBy(Thread.currentThread())) {
			closeNow(channel);
		}
		else {
			// The leader looks which channels are to be closed.
			this.leadership.notice();
			if (!isIn(channel.whenClosed(), LAST_ANSWERS)) {
				lead(() -> closeNow(channel));
			}
		}
		if (Arrays.stream(this.channels).noneMatch(NodeChannel::isOpen)) {
			this.connectors.close();
			this.leadership.close();
			isIn(this.ended, LAST_ANSWERS);
		}
	}

	/**
	 * Send what is left to be sent, and close.
	 */
	private void closeNow(NodeChannel channel) {
		channel.send();
		channel.close();
		deliver();
	}

	/**
	 * Wait, but not for long, and an interrupt is kept for later.
	 */
	private static boolean isIn(CompletableFuture<?> future, Duration time) {
		try {
			future.get(time.toMillis(), TimeUnit.MILLISECONDS);
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
		catch (ExecutionException | TimeoutException ex) {
			return false;
		}
	}

}
