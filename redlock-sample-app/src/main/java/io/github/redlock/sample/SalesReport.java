package io.github.redlock.sample;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.Redlock;

/**
 * A job that every instance has and one instance does. The lock keeps two from running at
 * the same time; the table tells the one that comes second that the work is done.
 */
@Component
class SalesReport {

	private static final Logger logger = LoggerFactory.getLogger(SalesReport.class);

	private static final Duration PERIOD = Duration.ofSeconds(10);

	private final Redlock redlock;

	private final ShowRepository shows;

	private final String instance;

	private final Clock clock = Clock.systemUTC();

	SalesReport(Redlock redlock, ShowRepository shows, @Value("${server.port:8080}") String port) {
		this.redlock = redlock;
		this.shows = shows;
		this.instance = "instance on port " + port;
	}

	@Scheduled(cron = "*/10 * * * * *")
	void write() {
		try {
			write(this.clock.millis() / PERIOD.toMillis());
		}
		catch (LockNotAcquiredException ex) {
			logger.warn("No sales report this time: {}", ex.getMessage());
		}
	}

	/**
	 * Write the report of a period, unless somebody is at it or has done it.
	 * @return whether this instance wrote it
	 */
	boolean write(long period) {
		Optional<LockHandle> free = this.redlock.tryAcquire("sales-report", Duration.ofSeconds(5));
		if (free.isEmpty()) {
			return false;
		}
		try (LockHandle lock = free.get()) {
			if (this.shows.hasReport(period)) {
				return false;
			}
			String text = this.shows.findAll()
				.stream()
				.map((show) -> show.name() + ": " + show.sold() + " of " + show.capacity() + " sold"
						+ (show.isConsistent() ? "" : ", BOOKS DO NOT BALANCE"))
				.collect(Collectors.joining("; "));
			this.shows.addReport(period, text, this.instance);
			logger.info("Sales report, written under lock {}: {}", lock.fencingToken(), text);
			return true;
		}
	}

}
