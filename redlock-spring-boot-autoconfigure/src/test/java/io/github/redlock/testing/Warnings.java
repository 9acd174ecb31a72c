package io.github.redlock.testing;

import java.util.List;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.slf4j.LoggerFactory;

/**
 * What the packages of this project log at WARN, or at INFO too.
 */
public final class Warnings {

	private Warnings() {
	}

	/** The messages that are logged while the action runs. */
	public static List<String> during(Runnable action) {
		return during(Level.WARN, action);
	}

	/** The messages of that and higher levels that are logged while the action runs. */
	public static List<String> during(Level level, Runnable action) {
		return during("io.github.redlock", level, action);
	}

	/** The same of other packages. */
	public static List<String> during(String packages, Level level, Runnable action) {
		Logger logger = (Logger) LoggerFactory.getLogger(packages);
		ListAppender<ILoggingEvent> appender = new ListAppender<>();
		appender.start();
		logger.addAppender(appender);
		logger.setLevel(level);
		logger.setAdditive(false);
		try {
			action.run();
			return appender.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
		}
		finally {
			logger.detachAppender(appender);
			logger.setLevel(null);
			logger.setAdditive(true);
		}
	}

}
