package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;

/**
 * Checks what can be known at start-up, and names the property, its value and the remedy.
 */
final class RedlockSettingsValidator {

	private static final Logger logger = LoggerFactory.getLogger(RedlockSettingsValidator.class);

	private static final double MAX_EXTEND_AFTER = 0.9;

	private static final Duration LONGEST = Duration.ofDays(1);

	private RedlockSettingsValidator() {
	}

	static void check(RedlockProperties properties) {
		positive("redlock.connect-timeout", properties.getConnectTimeout());
		positive("redlock.command-timeout", properties.getCommandTimeout());
		notNegative("redlock.retry.delay", properties.getRetry().getDelay());
		notNegative("redlock.retry.jitter", properties.getRetry().getJitter());
		notNegative("redlock.fencing.retention", properties.getFencing().getRetention());
		if (properties.getFencing().getRetention().compareTo(Redlock.MAX_TTL) > 0) {
			throw invalid("redlock.fencing.retention", properties.getFencing().getRetention(),
					"is longer than " + Redlock.MAX_TTL, "Some minutes or hours are enough");
		}
		if (properties.getWaitTime() != null) {
			notNegative("redlock.wait-time", properties.getWaitTime());
		}
		if (properties.getMaxHold() != null) {
			notNegative("redlock.max-hold", properties.getMaxHold());
			if (properties.getMaxHold().isZero()) {
				throw invalid("redlock.max-hold", properties.getMaxHold(), "is not positive",
						"Use some minutes, or leave it out");
			}
		}
		if (properties.getRetry().getCount() < -1) {
			throw invalid("redlock.retry.count", properties.getRetry().getCount(), "is below -1",
					"Use zero or more, or -1 for no limit");
		}
		double drift = properties.getDriftFactor();
		if (!(drift >= 0 && drift <= LockOptions.MAX_DRIFT_FACTOR)) {
			throw invalid("redlock.drift-factor", drift, "is not between 0 and " + LockOptions.MAX_DRIFT_FACTOR,
					"0.01 suits clocks that are not broken");
		}
		double after = properties.getAutoExtend().getAfter();
		if (!(after > 0 && after <= MAX_EXTEND_AFTER)) {
			throw invalid("redlock.auto-extend.after", after, "is not above 0 and at most " + MAX_EXTEND_AFTER,
					"A third leaves two thirds of the ttl for trying again");
		}
	}

	private static void positive(String property, Duration value) {
		notTooLong(property, value);
		if (value.compareTo(Duration.ofMillis(1)) < 0) {
			throw invalid(property, value, "is less than a millisecond", "Use a positive duration, such as 200ms");
		}
	}

	private static void notNegative(String property, Duration value) {
		if (value.isNegative()) {
			throw invalid(property, value, "is negative", "Use zero or more");
		}
	}

	private static void notTooLong(String property, Duration value) {
		if (value.compareTo(LONGEST) > 0) {
			throw invalid(property, value, "is longer than a day", "Use some milliseconds");
		}
	}

	static RedlockConfigurationException invalid(String property, Object value, String why, String remedy) {
		return new RedlockConfigurationException(property + " = " + value + " " + why + ".", remedy + ".");
	}

	/**
	 * Check the nodes of one lock together.
	 * @param property where they are listed
	 */
	static void check(String property, List<Node> nodes) {
		Map<String, Node> byAddress = new HashMap<>();
		Map<String, Node> byName = new HashMap<>();
		for (Node node : nodes) {
			if (byAddress.putIfAbsent(address(node), node) != null) {
				throw new RedlockConfigurationException(
						property + " has the address " + node.host() + ":" + node.port()
								+ " twice. One server with two votes is a quorum with itself.",
						"List each independent Redis once.");
			}
			if (byName.putIfAbsent(node.name(), node) != null) {
				throw new RedlockConfigurationException(property + " has the name " + node.name() + " twice.",
						"Give each node a name of its own, or none.");
			}
		}
		if (nodes.size() == 1) {
			logger.warn("{} has one entry: one node is no quorum, and its failure or restart can break a"
					+ " lock. Use three or five independent nodes for locks that matter.", property);
		}
		else if (!nodes.isEmpty() && nodes.size() % 2 == 0) {
			logger.warn("{} has {} entries: an even number survives no more failures than one node less."
					+ " Use an odd number.", property, nodes.size());
		}
	}

	/**
	 * The names of this machine are one address. Other names are not looked up, as that
	 * would make the start depend on the name service.
	 */
	private static String address(Node node) {
		String host = node.host().toLowerCase(Locale.ROOT);
		boolean loopback = host.equals("localhost") || host.equals("127.0.0.1") || host.equals("::1")
				|| host.equals("0:0:0:0:0:0:0:1");
		return (loopback ? "localhost" : host) + ":" + node.port();
	}

}
