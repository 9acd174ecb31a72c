package io.github.redlock.sample.demo;

import java.util.concurrent.CountDownLatch;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

import io.github.redlock.RedlockException;
import io.github.redlock.sample.ShowRepository;
import io.github.redlock.sample.demo.DemoRepository.Sale;
import io.github.redlock.sample.demo.DemoRepository.Share;

/**
 * The buyers at this instance, all of whom come at once. Two of many meet a clerk who
 * falls asleep.
 */
@Component
@OnDemo
class Buyers {

	private static final int FIRST_SLEEPER = 2;

	private static final int SECOND_SLEEPER = 12;

	private static final Logger logger = LoggerFactory.getLogger(Buyers.class);

	private final BoxOffice boxOffice;

	private final DemoThreads threads;

	Buyers(BoxOffice boxOffice, DemoThreads threads) {
		this.boxOffice = boxOffice;
		this.threads = threads;
	}

	/**
	 * Let them in.
	 * @param firstNumber of the first one, so that no two in a sale have the same
	 * @param onEnd called when the last one has left
	 * @return how they fare
	 */
	Tally come(Sale sale, Share share, int firstNumber, Runnable onEnd) {
		Tally tally = new Tally();
		CountDownLatch inside = new CountDownLatch(share.buyers());
		for (int i = 0; i < share.buyers(); i++) {
			int buyer = firstNumber + i;
			boolean asleep = i == FIRST_SLEEPER || i == SECOND_SLEEPER;
			this.threads.run("buyer " + buyer, () -> {
				try {
					buy(sale.locked(), asleep, buyer, tally);
				}
				finally {
					inside.countDown();
				}
			});
		}
		this.threads.run("last buyer", () -> {
			try {
				inside.await();
				onEnd.run();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
		return tally;
	}

	private void buy(boolean locked, boolean asleep, int buyer, Tally tally) {
		try {
			if (!sell(locked, asleep, buyer)) {
				tally.late();
			}
		}
		catch (ShowRepository.StaleTokenException ex) {
			logger.info("Refused: {}", ex.getMessage());
			tally.refused();
		}
		catch (RedlockException | DataAccessException | TransactionException ex) {
			logger.info("Buyer {} has no ticket: {}", buyer, ex.getMessage());
			tally.failed();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			tally.failed();
		}
	}

	private boolean sell(boolean locked, boolean asleep, int buyer) throws InterruptedException {
		if (locked) {
			return asleep ? this.boxOffice.sellAsleep(Sales.SHOW, buyer) : this.boxOffice.sell(Sales.SHOW, buyer);
		}
		return asleep ? this.boxOffice.sellAsleepWithoutLock(Sales.SHOW, buyer)
				: this.boxOffice.sellWithoutLock(Sales.SHOW, buyer);
	}

}
