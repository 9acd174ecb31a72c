package io.github.redlock.sample.demo;

import java.util.List;

/**
 * A sale as the page shows it.
 *
 * @param id grows with each sale
 * @param locked with the lock, or without
 * @param running whether buyers are left
 * @param buyers how many there are
 * @param capacity how many seats
 * @param stock how many of them are free according to the table of shows
 * @param sold how many tickets there are
 * @param oversold how many of them have no seat
 * @param late how many buyers came too late
 * @param refused how many writes were refused by the fence
 * @param failed how many buyers got no lock
 * @param elapsedMillis since its start, or from start to end
 * @param points milliseconds since the start, and tickets sold by then
 */
record SaleView(long id, boolean locked, boolean running, int buyers, int capacity, int stock, int sold, int oversold,
		int late, int refused, int failed, long elapsedMillis, List<List<Long>> points) {
}
