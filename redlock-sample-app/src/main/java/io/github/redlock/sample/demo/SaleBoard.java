package io.github.redlock.sample.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

import io.github.redlock.sample.Show;
import io.github.redlock.sample.ShowRepository;
import io.github.redlock.sample.demo.DemoRepository.Sale;
import io.github.redlock.sample.demo.DemoRepository.Share;

/**
 * Follows the sales, joins them with the buyers of this instance, and remembers the last
 * one with the lock and the last one without it. Used by one thread.
 */
@Component
@OnDemo
class SaleBoard {

	private static final int MAX_POINTS = 1000;

	private final DemoRepository repository;

	private final ShowRepository shows;

	private final Sales sales;

	private final Buyers buyers;

	private final Instance instance;

	private final Map<String, SaleView> views = new TreeMap<>();

	private @Nullable Current current;

	SaleBoard(DemoRepository repository, ShowRepository shows, Sales sales, Buyers buyers, Instance instance) {
		this.repository = repository;
		this.shows = shows;
		this.sales = sales;
		this.buyers = buyers;
		this.instance = instance;
	}

	/**
	 * Look at the last sale.
	 * @return the last sales, by {@code locked} and {@code unlocked}
	 */
	Map<String, SaleView> look() {
		this.repository.lastSale().ifPresent(this::look);
		return Map.copyOf(this.views);
	}

	private void look(Sale sale) {
		Current now = this.current;
		if (now == null || now.sale.id() != sale.id()) {
			now = new Current(sale);
			this.current = now;
			join(now);
		}
		if (now.over) {
			return;
		}
		Tally tally = now.tally;
		if (tally != null) {
			this.repository.update(sale.id(), tally.share(this.instance.id(), now.buyers, now.ended));
		}
		// In this order: the last look comes after the last ticket.
		boolean running = this.sales.isRunning(sale.id());
		SaleView view = now.view(this.shows.find(Sales.SHOW), this.repository.shares(sale.id()), running);
		this.views.put(sale.locked() ? "locked" : "unlocked", view);
		now.over = !running;
	}

	private void join(Current now) {
		List<Share> shares = this.repository.shares(now.sale.id());
		int firstNumber = 1;
		for (Share share : shares) {
			if (share.instance().equals(this.instance.id()) && !share.ended()) {
				now.buyers = share.buyers();
				now.tally = this.buyers.come(now.sale, share, firstNumber, () -> now.ended = true);
			}
			firstNumber += share.buyers();
		}
	}

	/**
	 * The sale that is looked at.
	 */
	private static final class Current {

		private final Sale sale;

		private final long start = System.nanoTime();

		private final List<List<Long>> points = new ArrayList<>();

		private int buyers;

		private @Nullable Tally tally;

		/** The buyers of this instance have left. */
		private volatile boolean ended;

		/** All buyers have left, and the page shows the end. */
		private boolean over;

		Current(Sale sale) {
			this.sale = sale;
		}

		private SaleView view(Show show, List<Share> shares, boolean running) {
			long elapsed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - this.start);
			if (this.points.size() < MAX_POINTS || !running) {
				this.points.add(List.of(elapsed, (long) show.sold()));
			}
			return new SaleView(this.sale.id(), this.sale.locked(), running,
					shares.stream().mapToInt(Share::buyers).sum(), show.capacity(), show.available(), show.sold(),
					Math.max(0, show.sold() - show.capacity()), shares.stream().mapToInt(Share::late).sum(),
					shares.stream().mapToInt(Share::refused).sum(), shares.stream().mapToInt(Share::failed).sum(),
					elapsed, List.copyOf(this.points));
		}

	}

}
