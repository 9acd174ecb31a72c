package io.github.redlock.sample.demo;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;

import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;
import io.github.redlock.sample.Show;
import io.github.redlock.sample.ShowRepository;
import io.github.redlock.sample.demo.Story.StepState;

/**
 * What no lock with a ttl can prevent, and a fencing token can: Anna is paused beyond the
 * ttl of her lock, Ben gets it, and Anna's late write is refused. All of it happens for
 * real, with locks of the nodes and rows of the database, and each step is told.
 */
@Component
@OnDemo
class Zombie {

	static final String SHOW = "premiere";

	private static final String RESOURCE = "show:" + SHOW;

	private static final String STORY = "demo:zombie";

	private static final Duration TTL = Duration.ofSeconds(4);

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int READING_MILLIS = 700;

	private static final int POLL_MILLIS = 50;

	private static final LockOptions NOT_EXTENDED = LockOptions.builder().waitTime(PATIENCE).autoExtend(false).build();

	private static final List<String> STEPS = List.of("Anna gets the lock", "Anna raises the fence and reads the stock",
			"Anna’s process is paused", "Her lock expires, and she does not know", "Ben gets the lock and sells a seat",
			"Anna wakes up and writes what she had worked out", "The database refuses her write");

	private final Redlock redlock;

	private final Turns turns;

	private final ShowRepository shows;

	private final DemoRepository repository;

	private final TransactionTemplate transaction;

	private final DemoThreads threads;

	private final EventLog log;

	private final Clock clock = Clock.systemUTC();

	private volatile Story story = Story.untold(STEPS);

	Zombie(Redlock redlock, Turns turns, ShowRepository shows, DemoRepository repository,
			TransactionTemplate transaction, DemoThreads threads, EventLog log) {
		this.redlock = redlock;
		this.turns = turns;
		this.shows = shows;
		this.repository = repository;
		this.transaction = transaction;
		this.threads = threads;
		this.log = log;
	}

	/**
	 * The story as far as it is told.
	 */
	Story story() {
		return this.story;
	}

	/**
	 * Begin to tell it.
	 * @throws DemoConflictException if it is being told, on this instance or another one
	 */
	void begin() {
		LockHandle lock = this.turns.take(STORY, "The zombie is about already. Wait until it has been refused.");
		this.story = Story.untold(STEPS).begun(this.clock.millis());
		this.threads.run("Anna", () -> tell(lock));
	}

	private void tell(LockHandle storyLock) {
		try (storyLock) {
			this.redlock.using(RESOURCE, TTL, (lock, signal) -> {
				this.shows.raiseFence(SHOW, lock.fencingToken());
				this.repository.reset(SHOW);
				return true;
			});
			tellSteps();
			change(Story::ended);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			change((told) -> told.failed("Interrupted: the application stops."));
		}
		catch (RedlockException | DataAccessException | ShowRepository.StaleTokenException ex) {
			change((told) -> told.failed("The story ends here: " + ex.getMessage()));
		}
		catch (ExecutionException | TimeoutException ex) {
			Throwable cause = (ex.getCause() != null) ? ex.getCause() : ex;
			change((told) -> told.failed("Ben got no lock: " + cause.getMessage()));
		}
	}

	private void tellSteps() throws InterruptedException, ExecutionException, TimeoutException {
		now(0);
		LockHandle lock = this.redlock.acquire(RESOURCE, TTL, NOT_EXTENDED);
		try {
			long token = lock.fencingToken();
			done(0, "Her token is " + token + ". The lock is valid for " + TTL.toSeconds()
					+ " s, and nothing will extend it.");
			now(1);
			this.shows.raiseFence(SHOW, token);
			Show read = this.shows.find(SHOW);
			done(1, "The fence of the show is at " + token + ". She reads " + read.available()
					+ " free seats: after her sale it has to be " + (read.available() - 1) + ".");
			now(2);
			CompletableFuture<String> ben = new CompletableFuture<>();
			this.threads.run("Ben", () -> ben(ben));
			done(2, "A garbage collection, a stopped virtual machine, a network share that hangs. Ben waits for the lock.");
			now(3);
			while (lock.isValid()) {
				Thread.sleep(POLL_MILLIS);
			}
			done(3, "The validity is over. An application that asks, or listens, is told so; one that is paused is not.");
			now(4);
			done(4, ben.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
			now(5);
			done(5, "She writes " + (read.available() - 1) + " seats under token " + token
					+ ". Ben has written that already: his sale would be lost.");
			now(6);
			write(read.available() - 1, token);
		}
		finally {
			lock.release();
		}
	}

	/**
	 * Anna's late write.
	 */
	private void write(int available, long token) {
		try {
			this.shows.setAvailable(SHOW, available, token);
			change((told) -> told.failed("It was NOT refused. This must not happen."));
			this.log.say(EventLog.BAD, "The zombie's write was NOT refused");
		}
		catch (ShowRepository.StaleTokenException ex) {
			Show show = this.shows.find(SHOW);
			change((told) -> told.with(STEPS.size() - 1,
					ex.getMessage() + ". The books balance: " + show.sold() + " sold, " + show.available() + " free.",
					StepState.REFUSED));
			this.log.say(EventLog.GOOD, "The zombie's late write was refused: token " + token
					+ " is older than the fence, " + show.fence());
		}
	}

	private void ben(CompletableFuture<String> told) {
		try {
			told.complete(sellForBen());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			told.completeExceptionally(ex);
		}
		catch (RuntimeException ex) {
			told.completeExceptionally(ex);
		}
	}

	private String sellForBen() throws InterruptedException {
		LockHandle lock = this.redlock.acquire(RESOURCE, TTL, NOT_EXTENDED);
		try {
			long token = lock.fencingToken();
			this.shows.raiseFence(SHOW, token);
			Show read = this.shows.find(SHOW);
			Thread.sleep(READING_MILLIS);
			this.transaction.executeWithoutResult((status) -> {
				this.shows.setAvailable(SHOW, read.available() - 1, token);
				this.shows.addTicket(SHOW, 1, "Ben");
			});
			return "His token is " + token + ", larger than hers. He raises the fence to it, reads " + read.available()
					+ ", and writes " + (read.available() - 1) + ".";
		}
		finally {
			lock.release();
		}
	}

	private void now(int step) {
		change((told) -> told.with(step, "", StepState.NOW));
	}

	/**
	 * Tell what was seen, and give the reader time.
	 */
	private void done(int step, String text) throws InterruptedException {
		change((told) -> told.with(step, text, StepState.NOW));
		Thread.sleep(READING_MILLIS);
		change((told) -> told.with(step, text, StepState.DONE));
	}

	/** Only the thread that tells it changes it. */
	private void change(UnaryOperator<Story> change) {
		this.story = change.apply(this.story);
	}

}
