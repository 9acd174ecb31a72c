package io.github.redlock.sample;

import java.time.Duration;
import java.util.List;

import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;

/**
 * Moves free seats from one show to another: the programmatic way, with two resources
 * locked together.
 */
@Service
class SeatExchange {

	private static final LockOptions PATIENT = LockOptions.builder().waitTime(Duration.ofSeconds(30)).build();

	private final Redlock redlock;

	private final ShowRepository shows;

	private final TransactionTemplate transaction;

	SeatExchange(Redlock redlock, ShowRepository shows, TransactionTemplate transaction) {
		this.redlock = redlock;
		this.shows = shows;
		this.transaction = transaction;
	}

	/**
	 * Move seats.
	 * @return how many were moved, which is less than wanted if fewer are free
	 * @throws IllegalArgumentException if the number is not positive or both shows are
	 * the same
	 */
	int move(String from, String to, int wanted) {
		if (wanted < 1 || from.equals(to)) {
			throw new IllegalArgumentException("Move at least one seat, to another show");
		}
		return this.redlock.using(List.of("show:" + from, "show:" + to), Duration.ofSeconds(10), PATIENT,
				(lock, signal) -> {
					Integer moved = this.transaction.execute((status) -> move(from, to, wanted, lock.fencingToken()));
					return (moved != null) ? moved : 0;
				});
	}

	private int move(String from, String to, int wanted, long token) {
		this.shows.raiseFence(from, token);
		this.shows.raiseFence(to, token);
		Show source = this.shows.find(from);
		Show target = this.shows.find(to);
		int moved = Math.min(wanted, source.available());
		this.shows.setAvailable(from, source.available() - moved, token);
		this.shows.setCapacity(from, source.capacity() - moved, token);
		this.shows.setAvailable(to, target.available() + moved, token);
		this.shows.setCapacity(to, target.capacity() + moved, token);
		return moved;
	}

}
