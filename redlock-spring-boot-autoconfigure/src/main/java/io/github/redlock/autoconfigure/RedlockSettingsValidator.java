package io.github.redlock.autoconfigure;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.LockRules;
import io.github.redlock.LockRules.Violation;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Sentinel;

/**
 * Checks what can be known at start-up, and names the property, its value and the remedy.
 */
final class RedlockSettingsValidator {

	private static final Logger logger = LoggerFactory.getLogger(RedlockSettingsValidator.class);

	private RedlockSettingsValidator() {
	}

	static void check(RedlockProperties properties) {
		NodeCredentials.check(properties);
		require("redlock.key-prefix", properties.getKeyPrefix(), LockRules::keyPrefix);
		properties.getSets()
			.forEach((name, set) -> require("redlock.sets." + name + ".key-prefix", set.getKeyPrefix(),
					LockRules::keyPrefix));
		require("redlock.ttl", properties.getTtl(), LockRules::ttl);
		require("redlock.connect-timeout", properties.getConnectTimeout(), LockRules::timeout);
		require("redlock.command-timeout", properties.getCommandTimeout(), LockRules::timeout);
		require("redlock.restart-quarantine", properties.getRestartQuarantine(), LockRules::restartQuarantine);
		require("redlock.retry.count", properties.getRetry().getCount(), LockRules::retryCount);
		require("redlock.retry.delay", properties.getRetry().getDelay(), LockRules::retryPause);
		require("redlock.retry.jitter", properties.getRetry().getJitter(), LockRules::retryPause);
		require("redlock.wait-time", properties.getWaitTime(), LockRules::waitTime);
		require("redlock.max-hold", properties.getMaxHold(), LockRules::maxHold);
		require("redlock.drift-factor", properties.getDriftFactor(), LockRules::driftFactor);
		require("redlock.auto-extend.after", properties.getAutoExtend().getAfter(), LockRules::extendAfter);
	}

	private static <T> void require(String property, @Nullable T value, Function<T, Optional<Violation>> rule) {
		if (value != null) {
			rule.apply(value).ifPresent((violation) -> {
				throw new RedlockConfigurationException(property + " = " + value + " " + violation.why() + ".",
						violation.remedy() + ".");
			});
		}
	}

	/**
	 * Check the nodes of one lock together.
	 * @param property where they are listed
	 */
	static void check(String property, List<Node> nodes) {
		Map<String, Node> byAddress = new HashMap<>();
		Map<String, Node> byName = new HashMap<>();
		for (Node node : nodes) {
			if (byAddress.putIfAbsent(topology(node) + address(node), node) != null) {
				throw new RedlockConfigurationException(
						property + " has the address " + node.host() + ":" + node.port()
								+ " twice, so that one server would have two votes.",
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
	 * Sentinel servers may manage several masters.
	 */
	private static String topology(Node node) {
		return (node.topology() instanceof Sentinel sentinel) ? sentinel.master() + "@" : "";
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
