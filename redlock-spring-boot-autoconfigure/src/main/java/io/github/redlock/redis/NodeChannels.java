package io.github.redlock.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.spi.Awaiter;

/**
 * Input and output for the connections of one lock, without a thread of its own on the
 * way of a synchronous call.
 * <p>
 * <b>Leader.</b> One thread at a time leads: it writes what everybody has handed over,
 * selects, reads, and completes votes. A synchronous caller that finds nobody leading
 * leads until its own operation is done; it has then woken nobody and was woken by nobody
 * ("scatter and gather"). One that finds somebody leading hands over its commands and
 * waits; the leader writes what has gathered in one go and reads for all ("group
 * commit"). Who stops leading passes it on if commands are under way that somebody waits
 * for.
 * <p>
 * <b>Background.</b> One daemon thread leads where no caller does: for asynchronous calls
 * and extensions, and once in a while for answers that nobody waits for any more, such as
 * the vote after the deciding one. It gives way to callers. Virtual threads never lead,
 * because a selector would keep their carrier.
 * <p>
 * Based on the leader/followers pattern (Schmidt, O'Ryan, Pyarali, Kircher, Buschmann,
 * 2000) and on the group commit of databases (DeWitt et al., 1984).
 */
final class NodeChannels implements Awaiter {

	/**
	 * Well below the idle timeouts found in practice, which begin at a minute.
	 */
	static final Duration IDLE_CHECK = Duration.ofSeconds(15);

	/**
	 * Between looks at answers that nobody waits for. Far below the command timeout, by
	 * which such an answer would be taken for missing.
	 */
	private static final long LAZY_LOOK_NANOS = Duration.ofMillis(10).toNanos();

	/**
	 * Between looks at answers that are waited for, while callers keep leading.
	 */
	private static final long PROMPT_LOOK_NANOS = Duration.ofMillis(1).toNanos();

	/**
	 * Everything that could happen wakes the selector. Should that ever fail, this is how
	 * long it lasts.
	 */
	private static final long MAX_SELECT_MILLIS = 100;

	/**
	 * How long closing waits for the last answers. A healthy node needs a round trip.
	 */
	private static final Duration LAST_ANSWERS = Duration.ofMillis(200);

	private static final Logger logger = LoggerFactory.getLogger(NodeChannels.class);

	private final String name;

	private final Selector selector;

	private final List<NodeChannel> channels = new CopyOnWriteArrayList<>();

	/** What the leader has to do besides. */
	private final Queue<Consumer<Queue<ScriptCall>>> tasks = new ConcurrentLinkedQueue<>();

	private final AtomicReference<@Nullable Thread> leader = new AtomicReference<>();

	private final Queue<Follower> followers = new ConcurrentLinkedQueue<>();

	private final AtomicBoolean selecting = new AtomicBoolean();

	private final ExecutorService connectors;

	private final Thread background;

	private final AtomicBoolean backgroundStarted = new AtomicBoolean();

	private final CompletableFuture<Void> ended = new CompletableFuture<>();

	private volatile Sleep sleep = Sleep.AWAKE;

	/** The leader begins its own operation and will read the answers. */
	private boolean beginning;

	/** What is under way since the last leader stopped. */
	private volatile UnderWay underWay = UnderWay.NOTHING;

	/** Grows with every caller that leads. */
	private final AtomicInteger callers = new AtomicInteger();

	private volatile boolean closed;

	NodeChannels(String name) {
		this.name = name;
		try {
			this.selector = Selector.open();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.background = daemon(this::runInBackground, "redlock-io-" + name);
		this.connectors = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(),
				(task) -> daemon(task, "redlock-connect-" + name));
	}

	private static Thread daemon(Runnable task, String name) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		return thread;
	}

	/**
	 * Add a node.
	 * @param name its name
	 * @param opener opens a blocking connection, logged in and ready
	 */
	NodeChannel add(String name, Opener opener) {
		NodeChannel channel = new NodeChannel(name, (unconnected) -> connect(unconnected, opener));
		this.channels.add(channel);
		return channel;
	}

	/**
	 * One at a time for each channel, so there are never more threads than nodes.
	 */
	private void connect(NodeChannel channel, Opener opener) {
		Runnable task = () -> {
			try {
				SocketChannel socket = opener.open();
				socket.configureBlocking(false);
				lead((answered) -> channel.connected(socket, this.selector, answered));
			}
			catch (IOException | RuntimeException | Error ex) {
				lead((answered) -> channel.failed(ex, answered));
			}
		};
		try {
			this.connectors.execute(task);
		}
		catch (RuntimeException | OutOfMemoryError ex) {
			this.tasks.add((answered) -> channel.failed(ex, answered));
		}
	}

	/**
	 * Have something done by the thread that leads, in any case soon.
	 */
	private void lead(Consumer<Queue<ScriptCall>> task) {
		this.tasks.add(task);
		wakeSomebody();
	}

	/**
	 * Send a command.
	 */
	void send(NodeChannel channel, ScriptCall call) {
		Thread current = Thread.currentThread();
		boolean leading = this.leader.get() == current;
		call.setPrompt(!leading || !this.beginning);
		channel.hand(call);
		if (channel.isClosed()) {
			channel.refuseHanded();
		}
		else if (!leading) {
			wakeSomebody();
		}
	}

	/**
	 * See to it that somebody notices what was handed over.
	 */
	private void wakeSomebody() {
		if (this.leader.get() != null) {
			wakeSelector();
			return;
		}
		Follower next = this.followers.poll();
		while (next != null) {
			if (next.promote()) {
				return;
			}
			next = this.followers.poll();
		}
		wakeBackground(Sleep.LIGHT);
	}

	private void wakeSelector() {
		if (this.selecting.compareAndSet(true, false)) {
			this.selector.wakeup();
		}
	}

	/**
	 * Wake the background thread if it sleeps.
	 * @param from only where it sleeps at least so deeply
	 */
	private void wakeBackground(Sleep from) {
		if (this.backgroundStarted.compareAndSet(false, true)) {
			this.background.start();
		}
		Sleep sleep = this.sleep;
		if (sleep.compareTo(from) >= 0) {
			this.sleep = Sleep.AWAKE;
			LockSupport.unpark(this.background);
		}
	}

	@Override
	public <T> T await(Supplier<? extends CompletionStage<T>> operation)
			throws InterruptedException, ExecutionException {
		Thread current = Thread.currentThread();
		if (VirtualThreads.isVirtual(current)) {
			return operation.get().toCompletableFuture().get();
		}
		// Code of the user's may run in the leader if there is no other thread for it.
		boolean again = this.leader.get() == current;
		Follower self = new Follower(current);
		CompletableFuture<T> future;
		boolean leading = again || tryToLead(current);
		try {
			future = begin(operation, leading && !again);
			CompletionStage<T> stage = future;
			stage.whenComplete(self);
			while (!self.done) {
				if (Thread.interrupted()) {
					throw new InterruptedException();
				}
				leading = leading || (mayLead() && tryToLead(current));
				if (!leading) {
					follow(self);
				}
				else {
					turn(MAX_SELECT_MILLIS, self);
					if (!again && !self.done && !isAnythingUnderWay()) {
						// Between two attempts: whoever sends the next one wakes
						// somebody.
						leading = false;
						stopLeading();
					}
				}
			}
		}
		finally {
			if (leading && !again) {
				stopLeading();
			}
			if (self.leave()) {
				passOn();
			}
		}
		return future.get();
	}

	private <T> CompletableFuture<T> begin(Supplier<? extends CompletionStage<T>> operation, boolean leading) {
		if (!leading) {
			return operation.get().toCompletableFuture();
		}
		this.callers.incrementAndGet();
		this.beginning = true;
		try {
			return operation.get().toCompletableFuture();
		}
		finally {
			this.beginning = false;
		}
	}

	private boolean tryToLead(Thread thread) {
		return this.leader.get() == null && this.leader.compareAndSet(null, thread);
	}

	/**
	 * Whether there is anything to lead for.
	 */
	private boolean mayLead() {
		return this.underWay == UnderWay.PROMPT || hasHanded();
	}

	private boolean hasHanded() {
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

	private void follow(Follower self) {
		self.queue();
		// From here on it is found by whoever stops leading, or sends.
		Thread leading = this.leader.get();
		if (leading == null && mayLead()) {
			return;
		}
		if (leading == this.background) {
			wakeSelector();
		}
		if (!self.done) {
			LockSupport.park(this);
		}
	}

	/**
	 * Write what was handed over, wait for something to happen, read, and complete what
	 * was answered: last, because that runs code of others.
	 * @param timeoutMillis how long to wait, zero for not at all
	 * @param self whose operation it is waited for
	 */
	private void turn(long timeoutMillis, @Nullable Follower self) {
		Queue<ScriptCall> answered = new ArrayDeque<>();
		write(answered);
		try {
			select((timeoutMillis > 0 && answered.isEmpty()) ? timeoutMillis : 0, self, answered);
		}
		catch (IOException ex) {
			logger.error("Selecting failed; the connections are opened again", ex);
			this.channels.forEach((channel) -> channel.cut(ex, answered));
		}
		closeWhatIsDone(answered);
		complete(answered);
	}

	private void write(Queue<ScriptCall> answered) {
		for (Consumer<Queue<ScriptCall>> task = this.tasks.poll(); task != null; task = this.tasks.poll()) {
			task.accept(answered);
		}
		for (NodeChannel channel : this.channels) {
			channel.send(answered);
		}
	}

	private void select(long timeoutMillis, @Nullable Follower self, Queue<ScriptCall> answered) throws IOException {
		Consumer<SelectionKey> action = (key) -> ((NodeChannel) key.attachment()).ready(key, answered);
		if (timeoutMillis == 0) {
			this.selector.selectNow(action);
			return;
		}
		this.selecting.set(true);
		if (hasHanded() || (self != null && self.done)) {
			this.selecting.set(false);
			this.selector.selectNow(action);
			return;
		}
		this.selector.select(action, timeoutMillis);
		this.selecting.set(false);
	}

	private void closeWhatIsDone(Queue<ScriptCall> answered) {
		for (NodeChannel channel : this.channels) {
			if (channel.isClosing() && !channel.hasHanded() && !(channel.isConnected() && channel.hasUnanswered())) {
				channel.close(answered);
			}
		}
	}

	private static void complete(Queue<ScriptCall> answered) {
		for (ScriptCall next = answered.poll(); next != null; next = answered.poll()) {
			try {
				next.deliver();
			}
			catch (RuntimeException | Error ex) {
				logger.error("A vote could not be counted; the others go on", ex);
			}
		}
	}

	private boolean isAnythingUnderWay() {
		if (hasHanded()) {
			return true;
		}
		for (NodeChannel channel : this.channels) {
			if (channel.hasUnanswered()) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Whether there is something on its way for which the background thread should lead.
	 */
	private boolean isPrompt() {
		if (hasHanded()) {
			return true;
		}
		for (NodeChannel channel : this.channels) {
			if (channel.isPrompt() || channel.isClosing()) {
				return true;
			}
		}
		return false;
	}

	private void stopLeading() {
		Queue<ScriptCall> answered = new ArrayDeque<>();
		write(answered);
		complete(answered);
		UnderWay left = isPrompt() ? UnderWay.PROMPT : isAnythingUnderWay() ? UnderWay.LAZY : UnderWay.NOTHING;
		this.underWay = left;
		this.leader.set(null);
		if (left == UnderWay.LAZY) {
			wakeBackground(Sleep.DEEP);
		}
		passOn();
	}

	/**
	 * See to it that somebody leads if there is something to lead for.
	 */
	private void passOn() {
		if (this.leader.get() == null && mayLead()) {
			wakeSomebody();
		}
	}

	private void runInBackground() {
		int seen = this.callers.get();
		while (!this.closed) {
			try {
				if (!mayLead()) {
					boolean lazy = this.underWay == UnderWay.LAZY;
					if (lazy ? sleep(Sleep.LIGHT, LAZY_LOOK_NANOS) : sleep(Sleep.DEEP, IDLE_CHECK.toNanos())) {
						seen = this.callers.get();
					}
					else if (lazy) {
						look(NodeChannel::lookForAnswer);
					}
					else {
						look(NodeChannel::check);
					}
				}
				else if (this.callers.get() == seen && tryToLead(this.background)) {
					leadInBackground();
				}
				else {
					// Callers lead, one after the other. To take turns with them would
					// cost each of them a wake-up.
					seen = this.callers.get();
					LockSupport.parkNanos(this, PROMPT_LOOK_NANOS);
					look((channel, answered) -> {
					});
				}
			}
			catch (RuntimeException | Error ex) {
				logger.error("The input and output of {} failed unexpectedly; it goes on", this.name, ex);
			}
		}
		end();
	}

	/**
	 * Sleep.
	 * @return whether somebody ended it
	 */
	private boolean sleep(Sleep depth, long nanos) {
		this.sleep = depth;
		if (!mayLead() && !this.closed && (depth != Sleep.DEEP || this.underWay != UnderWay.LAZY)) {
			LockSupport.parkNanos(this, nanos);
		}
		boolean woken = this.sleep == Sleep.AWAKE || this.closed;
		this.sleep = Sleep.AWAKE;
		return woken || mayLead();
	}

	private void leadInBackground() {
		try {
			while (isPrompt() && !this.closed && !hasFollower()) {
				turn(MAX_SELECT_MILLIS, null);
			}
		}
		finally {
			stopLeading();
		}
	}

	private boolean hasFollower() {
		Follower first = this.followers.peek();
		while (first != null && first.isGone()) {
			this.followers.remove(first);
			first = this.followers.peek();
		}
		return first != null;
	}

	/**
	 * Read what is there.
	 * @param action what else to do for each connection
	 */
	private void look(BiConsumer<NodeChannel, Queue<ScriptCall>> action) {
		if (tryToLead(this.background)) {
			try {
				turn(0, null);
				Queue<ScriptCall> answered = new ArrayDeque<>();
				this.channels.forEach((channel) -> action.accept(channel, answered));
				complete(answered);
			}
			finally {
				stopLeading();
			}
		}
	}

	/**
	 * The node does not answer: open a new connection with the next command.
	 */
	void reset(NodeChannel channel) {
		lead((answered) -> channel
			.cut(new SocketTimeoutException("node " + channel + " does not answer; its connection was cut"), answered));
	}

	/**
	 * Close a connection when what was handed over has been answered, but wait no longer
	 * than a short time. The last one takes the threads with it.
	 */
	void close(NodeChannel channel) {
		channel.beginClosing();
		if (this.leader.get() == Thread.currentThread()) {
			Queue<ScriptCall> answered = new ArrayDeque<>();
			write(answered);
			channel.close(answered);
			complete(answered);
		}
		else {
			lead((answered) -> {
			});
			if (!isIn(channel.whenClosed(), LAST_ANSWERS)) {
				lead(channel::close);
			}
		}
		if (this.channels.stream().noneMatch(NodeChannel::isOpen)) {
			this.closed = true;
			this.connectors.shutdown();
			wakeBackground(Sleep.AWAKE);
			wakeSelector();
			isIn(this.ended, LAST_ANSWERS);
		}
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

	/**
	 * The end of the background thread, after which nobody leads.
	 */
	private void end() {
		while (!tryToLead(this.background)) {
			LockSupport.parkNanos(this, PROMPT_LOOK_NANOS);
		}
		Queue<ScriptCall> answered = new ArrayDeque<>();
		this.channels.forEach((channel) -> channel.close(answered));
		write(answered);
		complete(answered);
		try {
			this.selector.close();
		}
		catch (IOException ex) {
			logger.debug("Closing the selector of {} failed", this.name, ex);
		}
		this.ended.complete(null);
	}

	/**
	 * What is on its way when nobody leads.
	 */
	private enum UnderWay {

		NOTHING,

		/** Only answers that nobody waits for any more, as far as is known. */
		LAZY,

		/** Somebody waits. */
		PROMPT

	}

	/**
	 * How the background thread sleeps.
	 */
	private enum Sleep {

		AWAKE,

		/** It will look soon. */
		LIGHT,

		/** It waits to be woken. */
		DEEP

	}

	/**
	 * A thread that waits for its operation, and may be asked to lead.
	 */
	private final class Follower implements BiConsumer<@Nullable Object, @Nullable Throwable> {

		private final Thread thread;

		private final AtomicReference<Place> place = new AtomicReference<>(Place.NOWHERE);

		private volatile boolean done;

		private Follower(Thread thread) {
			this.thread = thread;
		}

		/**
		 * The operation is done.
		 */
		@Override
		public void accept(@Nullable Object result, @Nullable Throwable error) {
			this.done = true;
			if (Thread.currentThread() != this.thread) {
				LockSupport.unpark(this.thread);
				if (NodeChannels.this.leader.get() == this.thread) {
					wakeSelector();
				}
			}
		}

		/**
		 * Be found by whoever stops leading.
		 */
		private void queue() {
			this.place.compareAndSet(Place.PROMOTED, Place.NOWHERE);
			if (this.place.compareAndSet(Place.NOWHERE, Place.QUEUED)) {
				NodeChannels.this.followers.add(this);
			}
		}

		/**
		 * Called by who took it from the queue.
		 * @return {@code false} if it does not wait any more
		 */
		private boolean promote() {
			if (!this.place.compareAndSet(Place.QUEUED, Place.PROMOTED)) {
				return false;
			}
			LockSupport.unpark(this.thread);
			return true;
		}

		/**
		 * Wait no more.
		 * @return whether somebody relies on this thread to lead
		 */
		private boolean leave() {
			return this.place.getAndSet(Place.GONE) == Place.PROMOTED;
		}

		private boolean isGone() {
			return this.place.get() == Place.GONE;
		}

	}

	private enum Place {

		NOWHERE, QUEUED, PROMOTED, GONE

	}

	/**
	 * Opens connections.
	 */
	@FunctionalInterface
	interface Opener {

		/**
		 * Open a connection and log in. May block, but not for ever.
		 * @return a connection in blocking mode, with nothing left to read
		 */
		SocketChannel open() throws IOException;

	}

}
