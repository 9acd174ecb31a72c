package io.github.redlock.sample.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;
import io.github.redlock.sample.Show;
import io.github.redlock.sample.ShowRepository;
import io.github.redlock.sample.demo.DemoRepository.Share;

/**
 * Begins sales, one at a time on all instances together. The buyers are spread over the
 * instances, each of which finds its share in the database.
 */
@Component
@OnDemo
class Sales {

	static final String SHOW = "gala";

	private static final String RESOURCE = "demo:sale";

	private static final Logger logger = LoggerFactory.getLogger(Sales.class);

	private static final Duration TTL = Duration.ofSeconds(6);

	private static final Duration LONGEST_SALE = Duration.ofMinutes(3);

	private static final int POLL_MILLIS = 100;

	private final Redlock redlock;

	private final Turns turns;

	private final DemoRepository repository;

	private final ShowRepository shows;

	private final DemoThreads threads;

	private final EventLog log;

	Sales(Redlock redlock, Turns turns, DemoRepository repository, ShowRepository shows, DemoThreads threads,
			EventLog log) {
		this.redlock = redlock;
		this.turns = turns;
		this.repository = repository;
		this.shows = shows;
		this.threads = threads;
		this.log = log;
	}

	/**
	 * Begin a sale.
	 * @throws DemoConflictException if one is running
	 */
	void begin(boolean locked, int buyers) {
		LockHandle lock = this.turns.take(RESOURCE, "A sale is running already. Wait until its last buyer has left.");
		boolean begun = false;
		try {
			this.redlock.using("show:" + SHOW, TTL, (show, signal) -> {
				this.shows.raiseFence(SHOW, show.fencingToken());
				this.repository.reset(SHOW);
				return true;
			});
			long sale = this.repository.addSale(locked, shares(buyers));
			this.log.say(EventLog.PLAIN, "Sale " + sale + " begins "
					+ (locked ? "with the lock: " : "WITHOUT the lock: ") + buyers + " buyers");
			this.threads.run("sale " + sale, () -> end(sale, lock));
			begun = true;
		}
		finally {
			if (!begun) {
				lock.release();
			}
		}
	}

	private List<Share> shares(int buyers) {
		List<String> instances = this.repository.instances();
		if (instances.isEmpty()) {
			throw new DemoConflictException("The instances have not found each other yet. Try again in a second.");
		}
		List<Share> shares = new ArrayList<>();
		for (int i = 0; i < instances.size(); i++) {
			int share = buyers * (i + 1) / instances.size() - buyers * i / instances.size();
			shares.add(new Share(instances.get(i), share, 0, 0, 0, false));
		}
		return shares;
	}

	/**
	 * Keep the next sale out until all buyers have left.
	 */
	private void end(long sale, LockHandle lock) {
		try (lock) {
			long start = System.nanoTime();
			while (isRunning(sale) && System.nanoTime() - start < LONGEST_SALE.toNanos()) {
				Thread.sleep(POLL_MILLIS);
			}
			Show show = this.shows.find(SHOW);
			int over = show.sold() - show.capacity();
			this.log.say((over > 0) ? EventLog.BAD : EventLog.GOOD, "Sale " + sale + " ended: " + show.sold()
					+ " tickets for " + show.capacity() + " seats" + ((over > 0) ? ", " + over + " TOO MANY" : ""));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (RedlockException | DataAccessException ex) {
			logger.warn("Sale {}: {}", sale, ex.getMessage());
		}
	}

	/**
	 * Whether an instance that is there has buyers left.
	 */
	boolean isRunning(long sale) {
		List<String> present = this.repository.instances();
		return this.repository.shares(sale)
			.stream()
			.anyMatch((share) -> !share.ended() && present.contains(share.instance()));
	}

}
