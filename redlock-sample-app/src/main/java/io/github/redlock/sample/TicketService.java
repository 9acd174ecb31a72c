package io.github.redlock.sample;

import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;

/**
 * Sells tickets. It reads how many seats are left, decides, and writes the result back:
 * safe only because one buyer of a show is served at a time, on all instances together,
 * and because the fence is raised before the reading. The transaction lies inside the
 * lock: it is committed before the next buyer gets in.
 */
@Service
class TicketService {

	private final ShowRepository shows;

	TicketService(ShowRepository shows) {
		this.shows = shows;
	}

	/**
	 * Sell one ticket.
	 * @return the seat's number
	 * @throws SoldOutException if no seat is left
	 */
	@DistributedLock(name = "show", key = "#show", ttl = 10_000, waitTimeString = "${shop.patience:30s}")
	@Transactional
	public int buy(String show, String buyer) {
		long token = CurrentLock.get().fencingToken();
		this.shows.raiseFence(show, token);
		Show now = this.shows.find(show);
		if (now.available() == 0) {
			throw new SoldOutException(show);
		}
		int seat = now.sold() + 1;
		this.shows.setAvailable(show, now.available() - 1, token);
		this.shows.addTicket(show, seat, buyer);
		return seat;
	}

	/** No seat is left. */
	static final class SoldOutException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		SoldOutException(String show) {
			super(show + " is sold out");
		}

	}

}
