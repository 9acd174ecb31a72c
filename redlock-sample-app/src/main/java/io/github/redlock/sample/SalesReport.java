package io.github.redlock.sample;

import java.time.Clock;
import java.time.Duration;
import java.util.stream.Collectors;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;

/**
 * A job that every instance has and one instance runs. The lock keeps two from running at
 * the same time; the table tells an instance whose clock is behind that the work is done.
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
		this.redlock.tryAcquire("sales-report", Duration.ofSeconds(5)).ifPresent((lock) -> {
			try (LockHandle held = lock) {
				logger.debug("Holding {}", held);
				String text = this.shows.findAll()
					.stream()
					.map((show) -> show.name() + ": " + show.sold() + " of " + show.capacity() + " sold"
							+ (show.isConsistent() ? "" : ", BOOKS DO NOT BALANCE"))
					.collect(Collectors.joining("; "));
				if (this.shows.addReport(this.clock.millis() / PERIOD.toMillis(), text, this.instance)) {
					logger.info("Sales report: {}", text);
				}
			}
		});
	}

}
