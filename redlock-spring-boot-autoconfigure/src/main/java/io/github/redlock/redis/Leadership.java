package io.github.redlock.redis;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which thread does the input and output of one lock. Knows no sockets: what a
 * leader does is a {@link Loop}.
 * <p>
 * <b>Leader.</b> One thread at a time leads. A caller that finds nobody leading leads
 * until its own operation is done; it has then woken nobody and was woken by nobody. A
 * caller that finds a leader hands over its commands and waits as a follower; the leader
 * does the input and output of all. A leader that stops promotes a follower if there is
 * something left to do.
 * <p>
 * <b>Background.</b> One daemon thread leads where no caller does: for asynchronous calls
 * and extensions, for answers that no caller waits for, and to notice at once when a
 * connection ends. It takes the lead when no caller has led for a moment, waits for input
 * then, and gives way to the first caller that comes. Virtual threads never lead, because
 * a selector would keep their carrier.
 * <p>
 * Based on the leader/followers pattern (Schmidt, O'Ryan, Pyarali, Kircher, Buschmann,
 * 2000) and on the group commit of databases (DeWitt et al., 1984).
 */
final class Leadership {

	/**
	 * Everything that could happen ends a leader's wait. Should that ever fail, this is
	 * how long it lasts.
	 */
	private static final long MAX_WAIT_MILLIS = 100;

	/**
	 * A follower is woken when its operation is done, or when it is to lead. Should an
	 * error strike the thread that wakes it, this is how long it sleeps.
	 */
	private static final long MAX_SLEEP_NANOS = Duration.ofSeconds(1).toNanos();

	/** How long the background thread leaves the lead to followers that wait. */
	private static final long LONG_PAUSE_FACTOR = 10;

	private static final Logger logger = LoggerFactory.getLogger(Leadership.class);

	private final Loop loop;

	private final long pauseNanos;

	private final Thread background;

	private final AtomicReference<@Nullable Thread> leader = new AtomicReference<>();

	private final Queue<Follower> followers = new ConcurrentLinkedQueue<>();

	/** The last leader left something that somebody waits for. */
	private volatile boolean left;

	/** A caller has led since the background thread looked last. */
	private volatile boolean ledByCaller;

	/** The background thread is to lead now: nobody else is there to do it. */
	private volatile boolean called;

	/** Only the background thread may lead, until it has mended what is broken. */
	private volatile boolean reserved;

	private volatile boolean closed;

	/**
	 * Nobody leads yet.
	 * @param loop what a leader does
	 * @param pauseNanos how long no caller has to have led before the background thread
	 * does
	 * @param threadName the name of the background thread
	 */
	Leadership(Loop loop, long pauseNanos, String threadName) {
		this.loop = loop;
		this.pauseNanos = pauseNanos;
		this.background = IoThreads.daemon(this::runInBackground, threadName);
	}

	/**
	 * Start the background thread.
	 */
	void start() {
		this.background.start();
	}

	/**
	 * End the background thread, which calls {@link Loop#end()} last.
	 */
	void close() {
		this.closed = true;
		LockSupport.unpark(this.background);
		this.loop.wakeUp();
	}

	boolean isLedBy(Thread thread) {
		return this.leader.get() == thread;
	}

	/**
	 * Something was handed over: see to it that a thread notices. Any thread.
	 */
	void notice() {
		if (this.leader.get() != null) {
			this.loop.wakeUp();
		}
		else {
			callSomebody();
		}
	}

	/**
	 * Something is broken that only the background thread mends: it leads next.
	 */
	void reserve() {
		this.reserved = true;
		callBackground();
	}

	private void callSomebody() {
		if (!this.reserved) {
			for (Follower next = this.followers.poll(); next != null; next = this.followers.poll()) {
				if (next.promote()) {
					return;
				}
			}
		}
		callBackground();
	}

	private void callBackground() {
		this.called = true;
		LockSupport.unpark(this.background);
	}

	/**
	 * Start an operation and wait for it, leading meanwhile where nobody else does.
	 * @throws InterruptedException if this thread is interrupted; the operation goes on
	 * @throws ExecutionException if the operation fails
	 */
	<T> T await(Supplier<? extends CompletionStage<T>> operation) throws InterruptedException, ExecutionException {
		Thread current = Thread.currentThread();
		if (VirtualThreads.isVirtual(current)) {
			return operation.get().toCompletableFuture().get();
		}
		if (isLedBy(current)) {
			return leadOn(operation);
		}
		Follower self = new Follower(current);
		CompletableFuture<T> future;
		boolean leading = tryToLead(current);
		try {
			future = begin(operation, leading);
			self.waitFor(future);
			while (!self.isDone()) {
				if (Thread.interrupted()) {
					throw new InterruptedException();
				}
				leading = leading || (mayLead() && tryToLead(current));
				if (!leading) {
					follow(self);
				}
				else if (!this.reserved && this.loop.isAnythingUnderWay()) {
					this.loop.turn(MAX_WAIT_MILLIS, self);
				}
				else {
					// The operation waits in a queue or pauses: whoever sends next calls
					// a leader.
					leading = false;
					stopLeading();
				}
			}
		}
		finally {
			try {
				if (leading) {
					stopLeading();
				}
			}
			finally {
				try {
					if (self.leave()) {
						passOn();
					}
				}
				finally {
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
		this.loop.setBeginning(true);
		try {
			return operation.get().toCompletableFuture();
		}
		finally {
			this.loop.setBeginning(false);
		}
	}

	/**
	 * The leader waits for another operation inside a turn of its own: an executor of the
	 * user's has run a callback on this thread.
	 */
	private <T> T leadOn(Supplier<? extends CompletionStage<T>> operation)
			throws InterruptedException, ExecutionException {
		CompletableFuture<T> future = operation.get().toCompletableFuture();
		Waiter done = future::isDone;
		while (!done.isDone()) {
			if (Thread.interrupted()) {
				throw new InterruptedException();
			}
			this.loop.turn(MAX_WAIT_MILLIS, done);
		}
		return future.get();
	}

	private boolean tryToLead(Thread thread) {
		boolean caller = thread != this.background;
		if ((caller && this.reserved) || this.leader.get() != null || !this.leader.compareAndSet(null, thread)) {
			return false;
		}
		if (caller && !this.ledByCaller) {
			this.ledByCaller = true;
		}
		return true;
	}

	/**
	 * Whether there is anything to lead for.
	 */
	private boolean mayLead() {
		return this.left || this.loop.hasHanded();
	}

	private void follow(Follower self) {
		self.queue();
		// From here on it is found by whoever stops leading, or sends.
		Thread leading = this.leader.get();
		if (leading == null && !this.reserved && mayLead()) {
			return;
		}
		if (leading == this.background) {
			this.loop.wakeUp();
		}
		if (!self.isDone()) {
			LockSupport.parkNanos(this, MAX_SLEEP_NANOS);
		}
	}

	/**
	 * Whatever is thrown on the way, nobody leads after this, and the background thread
	 * looks soon.
	 */
	private void stopLeading() {
		boolean left = true;
		try {
			this.loop.finish();
			left = this.loop.isPrompt();
		}
		finally {
			this.left = left;
			this.leader.set(null);
		}
		passOn();
	}

	/**
	 * Lead no more, should an error have left no room for {@link #stopLeading}.
	 */
	private void abdicate(Thread thread) {
		if (isLedBy(thread)) {
			this.left = true;
			this.leader.set(null);
			callBackground();
		}
	}

	/**
	 * See to it that somebody leads if there is something to lead for.
	 */
	private void passOn() {
		if (this.leader.get() == null && (this.reserved || mayLead())) {
			callSomebody();
		}
	}

	private void runInBackground() {
		long pause = this.pauseNanos;
		while (!this.closed) {
			// An interrupt means nothing to this thread; with the flag set it would never
			// sleep.
			Thread.interrupted();
			boolean caller = this.ledByCaller;
			boolean called = this.called;
			this.ledByCaller = false;
			this.called = false;
			if ((called || this.reserved || !caller) && tryToLead(this.background)) {
				leadInBackground();
				// Followers that were not promoted wait for nothing on the wire.
				pause = this.followers.isEmpty() ? this.pauseNanos : LONG_PAUSE_FACTOR * this.pauseNanos;
			}
			else {
				pause = this.pauseNanos;
			}
			if (!this.called && !this.closed) {
				LockSupport.parkNanos(this, pause);
			}
		}
		end();
	}

	private void leadInBackground() {
		try {
			try {
				this.loop.mend();
				this.reserved = false;
				do {
					this.loop.turnInBackground(this.followers.isEmpty(), this::hasToGiveWay);
				}
				while (!hasToGiveWay());
			}
			finally {
				stopLeading();
			}
		}
		catch (Throwable ex) {
			abdicate(this.background);
			report(ex);
		}
	}

	private boolean hasToGiveWay() {
		return this.closed || this.reserved || !this.followers.isEmpty();
	}

	private static void report(Throwable error) {
		try {
			logger.error("The input and output of a lock failed unexpectedly; it goes on", error);
		}
		catch (Throwable ex) {
			// There may not be memory left to say so.
			error.addSuppressed(ex);
		}
	}

	/**
	 * The end of the background thread, after which nobody leads.
	 */
	private void end() {
		while (!tryToLead(this.background)) {
			LockSupport.parkNanos(this, this.pauseNanos);
		}
		try {
			this.loop.end();
		}
		catch (Throwable ex) {
			report(ex);
		}
	}

	/**
	 * What a leader does. All but {@link #hasHanded}, {@link #isPrompt},
	 * {@link #isAnythingUnderWay} and {@link #wakeUp} is called by the thread that leads
	 * and by no other.
	 */
	interface Loop {

		/**
		 * Whether something was handed over that no leader has taken.
		 */
		boolean hasHanded();

		/**
		 * Whether anything is on its way, or handed over.
		 */
		boolean isAnythingUnderWay();

		/**
		 * Whether something is on its way, or to be done, for which a thread has to lead
		 * although its own operation does not need it.
		 */
		boolean isPrompt();

		/**
		 * End the leader's wait for input.
		 */
		void wakeUp();

		/**
		 * Whether the leader is starting its own operation, and will read the answers.
		 */
		void setBeginning(boolean beginning);

		/**
		 * Write what was handed over, wait for input, take what has arrived, and deliver
		 * it.
		 * @param timeoutMillis how long to wait at most
		 * @param waiter whose operation ends the wait
		 */
		void turn(long timeoutMillis, Waiter waiter);

		/**
		 * The same for the background thread.
		 * @param mayWait whether to wait for input
		 * @param waiter tells whether to wait no longer
		 */
		void turnInBackground(boolean mayWait, Waiter waiter);

		/**
		 * Replace what an error has broken. Background thread only.
		 */
		void mend();

		/**
		 * The last thing a leader does: write what was handed over, deliver what was
		 * taken.
		 */
		void finish();

		/**
		 * Nobody leads after this.
		 */
		void end();

	}

	/**
	 * Tells whether a leader's own operation is done.
	 */
	@FunctionalInterface
	interface Waiter {

		boolean isDone();

	}

	/**
	 * A thread that waits for its operation, and may be asked to lead.
	 */
	private final class Follower implements Waiter, BiConsumer<@Nullable Object, @Nullable Throwable> {

		private final Thread thread;

		private final AtomicReference<Place> place = new AtomicReference<>(Place.NOWHERE);

		/** What it waits for; read by this thread alone. */
		private @Nullable CompletableFuture<?> operation;

		private Follower(Thread thread) {
			this.thread = thread;
		}

		private void waitFor(CompletableFuture<?> future) {
			this.operation = future;
			CompletionStage<?> stage = future;
			stage.whenComplete(this);
		}

		/**
		 * The operation is done: wake the thread. An error may strike here, on the stack
		 * of somebody else, so {@link #isDone} does not rely on it.
		 */
		@Override
		public void accept(@Nullable Object result, @Nullable Throwable error) {
			if (Thread.currentThread() != this.thread) {
				LockSupport.unpark(this.thread);
				if (isLedBy(this.thread)) {
					Leadership.this.loop.wakeUp();
				}
			}
		}

		@Override
		public boolean isDone() {
			return this.operation != null && this.operation.isDone();
		}

		/**
		 * Be found by whoever stops leading.
		 */
		private void queue() {
			this.place.compareAndSet(Place.PROMOTED, Place.NOWHERE);
			if (this.place.compareAndSet(Place.NOWHERE, Place.QUEUED)) {
				Leadership.this.followers.add(this);
			}
		}

		/**
		 * Called by the thread that took it from the queue.
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
				Leadership.this.followers.remove(this);
			}
			return before == Place.PROMOTED;
		}

	}

	private enum Place {

		NOWHERE, QUEUED, PROMOTED, GONE

	}

}
