package io.github.redlock.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.autoconfigure.RedlockProperties.Credentials;

/**
 * Finds the logins that are given apart from the nodes, by their names. Variables of the
 * environment know neither case nor dashes, so these do not count where no other name is
 * meant.
 */
final class NodeCredentials {

	private NodeCredentials() {
	}

	/**
	 * Check that each login is for one node. Which names the nodes of other connection
	 * details have is not known here.
	 * @throws RedlockConfigurationException if one is for none, or may be for several
	 */
	static void check(RedlockProperties properties) {
		List<RedlockProperties.Node> nodes = new ArrayList<>(properties.getNodes());
		properties.getSets().values().forEach((set) -> nodes.addAll(set.getNodes()));
		List<String> names = nodes.stream()
			.map(RedlockProperties.Node::getName)
			.filter(Objects::nonNull)
			.distinct()
			.toList();
		properties.getCredentials().keySet().forEach((name) -> check(name, names));
	}

	private static void check(String name, List<String> nodes) {
		if (isAddress(name) || nodes.contains(name)) {
			return;
		}
		List<String> meant = nodes.stream().filter((node) -> isMeant(name, node)).toList();
		if (meant.isEmpty()) {
			throw new RedlockConfigurationException(
					"redlock.credentials." + name + " is the name of no node: the nodes with a name are " + nodes + ".",
					"Give the node that name (redlock.nodes[0].name=" + name + "), or correct it.");
		}
		if (meant.size() > 1) {
			throw new RedlockConfigurationException(
					"redlock.credentials." + name + " may mean each of the nodes " + meant + ".",
					"Give these nodes names that differ in more than case, dashes and underscores.");
		}
	}

	/**
	 * The login for a node.
	 */
	static @Nullable Credentials find(Map<String, Credentials> credentials, String node) {
		Credentials exact = credentials.get(node);
		if (exact != null) {
			return exact;
		}
		return credentials.entrySet()
			.stream()
			.filter((entry) -> isMeant(entry.getKey(), node))
			.map(Map.Entry::getValue)
			.findFirst()
			.orElse(null);
	}

	private static boolean isMeant(String name, String node) {
		return isAddress(name) ? name.equalsIgnoreCase(node) : uniform(name).equals(uniform(node));
	}

	/**
	 * The name of a node that has been given none.
	 */
	private static boolean isAddress(String name) {
		return name.indexOf(':') >= 0;
	}

	private static String uniform(String name) {
		return name.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
	}

}
