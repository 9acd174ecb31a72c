package io.github.redlock.sample.demo;

import java.time.Duration;

import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.sample.Show;
import io.github.redlock.sample.ShowRepository;

/**
 * Sells seats in three ways: safely, without the lock, and by a clerk who falls asleep
 * over each. The number of a ticket is that of its buyer, so that no unique constraint
 * comes to help.
 */
@Service
@OnDemo
class BoxOffice {

	private static final Duration PAYMENT = Duration.ofMillis(40);

	private static final Duration SHORT_TTL = Duration.ofMillis(700);

	private static final Duration LONGEST_SLEEP = Duration.ofSeconds(3);

	private static final int POLL_MILLIS = 20;

	private static final LockOptions NOT_EXTENDED = LockOptions.builder()
		.waitTime(Duration.ofSeconds(60))
		.autoExtend(false)
		.build();

	private final Redlock redlock;

	private final ShowRepository shows;

	private final DemoRepository repository;

	private final TransactionTemplate transaction;

	BoxOffice(Redlock redlock, ShowRepository shows, DemoRepository repository, TransactionTemplate transaction) {
		this.redlock = redlock;
		this.shows = shows;
		this.repository = repository;
		this.transaction = transaction;
	}

	/**
	 * One buyer at a time, on all instances together.
	 * @return whether there was a seat
	 */
	@DistributedLock(name = "show", key = "#show", ttl = 10_000, waitTime = 60_000)
	@Transactional
	public boolean sell(String show, int buyer) throws InterruptedException {
		long token = CurrentLock.get().fencingToken();
		this.shows.raiseFence(show, token);
		Show now = this.shows.find(show);
		if (now.available() <= 0) {
			return false;
		}
		Thread.sleep(PAYMENT.toMillis());
		this.shows.setAvailable(show, now.available() - 1, token);
		this.shows.addTicket(show, buyer, "buyer " + buyer);
		return true;
	}

	/**
	 * The same without lock and token.
	 * @return whether there seemed to be a seat
	 */
	public boolean sellWithoutLock(String show, int buyer) throws InterruptedException {
		Show now = this.shows.find(show);
		if (now.available() <= 0) {
			return false;
		}
		Thread.sleep(PAYMENT.toMillis());
		this.repository.setAvailableWhateverTheFence(show, now.available() - 1);
		this.shows.addTicket(show, buyer, "buyer " + buyer);
		return true;
	}

	/**
	 * With the lock, by a clerk who sleeps until the lock is over and the next one has
	 * been here. Each statement is committed at once: a transaction that stays open while
	 * the clerk sleeps would keep the others out by itself.
	 * @return whether there was a seat
	 * @throws ShowRepository.StaleTokenException as it should be
	 */
	public boolean sellAsleep(String show, int buyer) throws InterruptedException {
		LockHandle lock = this.redlock.acquire("show:" + show, SHORT_TTL, NOT_EXTENDED);
		try {
			long token = lock.fencingToken();
			this.shows.raiseFence(show, token);
			Show now = this.shows.find(show);
			if (now.available() <= 0) {
				return false;
			}
			sleepUntilOvertaken(lock, show);
			this.transaction.executeWithoutResult((status) -> {
				this.shows.setAvailable(show, now.available() - 1, token);
				this.shows.addTicket(show, buyer, "buyer " + buyer);
			});
			return true;
		}
		finally {
			lock.release();
		}
	}

	private void sleepUntilOvertaken(LockHandle lock, String show) throws InterruptedException {
		long start = System.nanoTime();
		while (lock.isValid() || (this.shows.find(show).fence() == lock.fencingToken()
				&& System.nanoTime() - start < LONGEST_SLEEP.toNanos())) {
			Thread.sleep(POLL_MILLIS);
		}
	}

	/**
	 * The same clerk without lock and token, whose late write nobody refuses.
	 * @return whether there seemed to be a seat
	 */
	public boolean sellAsleepWithoutLock(String show, int buyer) throws InterruptedException {
		Show now = this.shows.find(show);
		if (now.available() <= 0) {
			return false;
		}
		Thread.sleep(SHORT_TTL.toMillis() + PAYMENT.toMillis());
		this.repository.setAvailableWhateverTheFence(show, now.available() - 1);
		this.shows.addTicket(show, buyer, "buyer " + buyer);
		return true;
	}

}
