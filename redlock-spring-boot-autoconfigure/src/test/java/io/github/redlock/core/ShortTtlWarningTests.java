package io.github.redlock.core;

import java.time.Duration;
import java.util.List;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import io.github.redlock.LockOptions;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The warning of a ttl that leaves hardly any room for a slow node.
 */
class ShortTtlWarningTests {

	private final FakeCluster cluster = new FakeCluster(3);

	private final Logger logger = (Logger) LoggerFactory.getLogger(ShortTtls.class);

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	@BeforeEach
	void listen() {
		this.logger.setLevel(Level.WARN);
		this.logger.setAdditive(false);
		this.logger.addAppender(this.log);
		this.log.start();
	}

	@AfterEach
	void restore() {
		this.logger.detachAppender(this.log);
		this.logger.setAdditive(true);
		this.logger.setLevel(null);
	}

	private List<Object> warned() {
		return this.log.list.stream().map((event) -> event.getArgumentArray()[0]).toList();
	}

	@Test
	void everyShortTtlIsWarnedOfOnce() {
		DefaultRedlock redlock = this.cluster.client();
		redlock.check(FakeCluster.COMMAND_TIMEOUT.multipliedBy(3), LockOptions.defaults());
		assertThat(warned()).isEmpty();
		for (int i = 0; i < 2; i++) {
			redlock.check(Duration.ofMillis(599), LockOptions.defaults());
			redlock.acquire("a", Duration.ofMillis(598)).release();
		}
		assertThat(warned()).containsExactly(Duration.ofMillis(599), Duration.ofMillis(598));
	}

	@Test
	void warningsComeToAnEnd() {
		DefaultRedlock redlock = this.cluster.client();
		for (int millis = 100; millis < 200; millis++) {
			redlock.check(Duration.ofMillis(millis), LockOptions.defaults());
		}
		assertThat(warned()).hasSize(20);
	}

	@Test
	void defaultTtlIsWarnedOfAtTheStart() {
		this.cluster.client((builder) -> builder.defaultTtl(Duration.ofMillis(597)));
		assertThat(warned()).containsExactly(Duration.ofMillis(597));
	}

}
