package io.github.redlock.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
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
	 * Between looks at answers that nobody waits for, at most.
	 */
	private static final long MAX_LAZY_LOOK_NANOS = Duration.ofMillis(10).toNanos();

	/**
	 * An answer that nobody has read is taken for missing after the command timeout.
	 */
	private static final int LOOKS_PER_TIMEOUT = 4;

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
	 * Of one look at what has arrived. More than that is not old.
	 */
	private static final int MAX_READS = 100;

	/**
	 * How long closing waits for the last answers. A healthy node needs a round trip.
	 */
	private static final Duration LAST_ANSWERS = Duration.ofMillis(200);

	private static final Logger logger = LoggerFactory.getLogger(NodeChannels.class);

	private final String name;

	private final long lazyLookNanos;

	private final Selector selector;

	/** Of the leader: what is to be completed. */
	private final Queue<ScriptCall> answered = new ArrayDeque<>();

	private final List<NodeChannel> channels = new CopyOnWriteArrayList<>();

	/** Those who want to know that nothing was left unread. */
	private final Queue<CompletableFuture<Void>> catchingUp = new ConcurrentLinkedQueue<>();

	/** What the leader has to do besides. */
	private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

	private final AtomicReference<@Nullable Thread> leader = new AtomicReference<>();

	private final Queue<Follower> followers = new ConcurrentLinkedQueue<>();

	private final AtomicBoolean selecting = new AtomicBoolean();

	private final ExecutorService connectors;

	private final Thread background;

	private final CompletableFuture<Void> ended = new CompletableFuture<>();

	private volatile Sleep sleep = Sleep.AWAKE;

	/** The leader begins its own operation and will read the answers. */
	private boolean beginning;

	/** What is under way since the last leader stopped. */
	private volatile UnderWay underWay = UnderWay.NOTHING;

	/** Grows with every caller that leads. */
	private final AtomicInteger callers = new AtomicInteger();

	private volatile boolean closed;

	/**
	 * Create it with no nodes.
	 * @param name for the names of threads
	 * @param commandTimeout after which an answer is taken for missing
	 */
	NodeChannels(String name, Duration commandTimeout) {
		this.name = name;
		this.lazyLookNanos = Math.min(commandTimeout.toNanos() / LOOKS_PER_TIMEOUT, MAX_LAZY_LOOK_NANOS);
		try {
			this.selector = Selector.open();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.background = daemon(this::runInBackground, "redlock-io-" + name);
		this.connectors = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(),
				(task) -> daemon(task, "redlock-connect-" + name));
		this.background.start();
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
		NodeChannel channel = new NodeChannel(name, (unconnected) -> connect(unconnected, opener), this.answered);
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
				lead(() -> channel.connected(socket, this.selector));
			}
			catch (IOException | RuntimeException | Error ex) {
				lead(() -> channel.failed(ex));
			}
		};
		try {
			this.connectors.execute(task);
		}
		catch (RuntimeException | OutOfMemoryError ex) {
			this.tasks.add(() -> channel.failed(ex));
		}
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
			wakeSomebody();
		}
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
			channel.refuse(call);
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
				else if (again || isAnythingUnderWay() || isPrompt()) {
					turn(MAX_SELECT_MILLIS, self);
				}
				else {
					// In a queue, or between two attempts: who sends the next one wakes
					// somebody.
					stopLeading();
					leading = false;
				}
			}
		}
		finally {
			try {
				if (leading && !again && this.leader.get() == current) {
					stopLeading();
				}
				if (self.leave()) {
					passOn();
				}
			}
			finally {
				if (!again) {
					abdicate(current);
				}
			}
		}
		return future.get();
	}

	private <T> CompletableFuture<T> begin(Supplier<? extends CompletionStage<T>> operation, boolean leading) {
		if (!leading) {
			return operation.get().toCompletableFuture();
		}
		this.beginning = true;
		try {
			return operation.get().toCompletableFuture();
		}
		finally {
			this.beginning = false;
		}
	}

	private boolean tryToLead(Thread thread) {
		if (this.leader.get() != null || !this.leader.compareAndSet(null, thread)) {
			return false;
		}
		if (thread != this.background) {
			this.callers.incrementAndGet();
		}
		return true;
	}

	/**
	 * Lead no more, whatever has happened: an error may leave no room for more than this.
	 */
	private void abdicate(Thread thread) {
		if (this.leader.compareAndSet(thread, null)) {
			this.underWay = UnderWay.PROMPT;
			LockSupport.unpark(this.background);
		}
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
		write();
		closeWhatIsDone();
		boolean catchUp = !this.catchingUp.isEmpty();
		int ready = selectOrCut((this.answered.isEmpty() && !catchUp) ? timeoutMillis : 0, self);
		closeWhatIsDone();
		complete();
		if (catchUp) {
			for (int i = 0; ready > 0 && i < MAX_READS; i++) {
				ready = selectOrCut(0, null);
				complete();
			}
			finishCatchingUp();
		}
	}

	private int selectOrCut(long timeoutMillis, @Nullable Follower self) {
		try {
			return select(timeoutMillis, self);
		}
		catch (IOException ex) {
			logger.error("Selecting failed; the connections are opened again", ex);
			this.channels.forEach((channel) -> channel.cut(ex));
			return 0;
		}
	}

	private void finishCatchingUp() {
		for (CompletableFuture<Void> next = this.catchingUp.poll(); next != null; next = this.catchingUp.poll()) {
			next.complete(null);
		}
	}

	/**
	 * An error here is no concern of the caller's whose thread this is.
	 */
	private void write() {
		runTasks();
		for (NodeChannel channel : this.channels) {
			try {
				channel.send();
			}
			catch (RuntimeException | Error ex) {
				logger.error("Writing to node {} failed", channel, ex);
			}
		}
	}

	private void runTasks() {
		for (Runnable task = this.tasks.poll(); task != null; task = this.tasks.poll()) {
			try {
				task.run();
			}
			catch (RuntimeException | Error ex) {
				logger.error("A task for the connections of {} failed", this.name, ex);
			}
		}
	}

	private int select(long timeoutMillis, @Nullable Follower self) throws IOException {
		Consumer<SelectionKey> action = (key) -> ((NodeChannel) key.attachment()).ready(key);
		if (timeoutMillis == 0) {
			return this.selector.selectNow(action);
		}
		this.selecting.set(true);
		if (hasHanded() || (self != null && self.done)) {
			this.selecting.set(false);
			return this.selector.selectNow(action);
		}
		int ready = this.selector.select(action, timeoutMillis);
		this.selecting.set(false);
		return ready;
	}

	/**
	 * A socket is closed by the selection that follows.
	 */
	private void closeWhatWasCut() {
		for (SelectionKey key : this.selector.keys()) {
			if (!key.isValid()) {
				try {
					select(0, null);
				}
				catch (IOException ex) {
					logger.debug("Closing a connection of {} failed", this.name, ex);
				}
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

	private void complete() {
		for (ScriptCall next = this.answered.poll(); next != null; next = this.answered.poll()) {
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

	private void stopLeading() {
		UnderWay left = UnderWay.PROMPT;
		try {
			write();
			closeWhatWasCut();
			complete();
			left = isPrompt() ? UnderWay.PROMPT : isAnythingUnderWay() ? UnderWay.LAZY : UnderWay.NOTHING;
		}
		finally {
			this.underWay = left;
			this.leader.set(null);
		}
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
		loadScripts();
		int seen = this.callers.get();
		while (!this.closed) {
			// Nobody's business; with the flag set it would never sleep.
			Thread.interrupted();
			try {
				if (!mayLead()) {
					boolean lazy = this.underWay == UnderWay.LAZY;
					if (lazy ? sleep(Sleep.LIGHT, this.lazyLookNanos) : sleep(Sleep.DEEP, IDLE_CHECK.toNanos())) {
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
					// Callers lead. To take turns with them would cost each of them a
					// wake-up.
					boolean forLong = this.leader.get() != null && this.callers.get() == seen;
					seen = this.callers.get();
					LockSupport.parkNanos(this, forLong ? this.lazyLookNanos : PROMPT_LOOK_NANOS);
					look((channel) -> {
					});
				}
			}
			catch (RuntimeException | Error ex) {
				logger.error("The input and output of {} failed unexpectedly; it goes on", this.name, ex);
				abdicate(this.background);
			}
		}
		end();
	}

	/**
	 * That takes a while, and the first command needs them.
	 */
	private static void loadScripts() {
		try {
			ScriptCommand.PING.encoded();
		}
		catch (RuntimeException | Error ex) {
			logger.debug("The scripts could not be loaded; whoever needs them fails", ex);
		}
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
			while (isPrompt() && !this.closed && this.followers.isEmpty()) {
				turn(MAX_SELECT_MILLIS, null);
			}
		}
		finally {
			stopLeading();
		}
	}

	/**
	 * Read what is there.
	 * @param action what else to do for each connection
	 */
	private void look(Consumer<NodeChannel> action) {
		if (tryToLead(this.background)) {
			try {
				turn(0, null);
				this.channels.forEach((channel) -> action.accept(channel));
				complete();
			}
			finally {
				stopLeading();
			}
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
	 * The node does not answer.
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
		if (this.leader.get() == Thread.currentThread()) {
			closeNow(channel);
		}
		else {
			// Whoever leads looks what is to be closed.
			lead(() -> {
			});
			if (!isIn(channel.whenClosed(), LAST_ANSWERS)) {
				lead(() -> closeNow(channel));
			}
		}
		if (this.channels.stream().noneMatch(NodeChannel::isOpen)) {
			this.closed = true;
			this.connectors.shutdown();
			LockSupport.unpark(this.background);
			wakeSelector();
			isIn(this.ended, LAST_ANSWERS);
		}
	}

	/**
	 * Send what is left to be sent, and close.
	 */
	private void closeNow(NodeChannel channel) {
		channel.send();
		channel.close();
		complete();
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
		write();
		this.channels.forEach(NodeChannel::close);
		complete();
		try {
			this.selector.close();
		}
		catch (IOException ex) {
			logger.debug("Closing the selector of {} failed", this.name, ex);
		}
		this.ended.complete(null);
		runTasks();
		finishCatchingUp();
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
			Place before = this.place.getAndSet(Place.GONE);
			if (before == Place.QUEUED) {
				NodeChannels.this.followers.remove(this);
			}
			return before == Place.PROMOTED;
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
