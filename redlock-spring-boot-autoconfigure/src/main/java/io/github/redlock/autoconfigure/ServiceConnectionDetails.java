package io.github.redlock.autoconfigure;

import java.util.Comparator;
import java.util.List;

import org.springframework.beans.factory.ObjectProvider;

import io.github.redlock.RedlockConfigurationException;

/**
 * Some of the nodes, as services that were started for the application. All beans of this
 * type together are one set of nodes; any other details are a whole set.
 */
interface ServiceConnectionDetails extends RedlockConnectionDetails {

	/** The name of a service connection whose service is a node. */
	String CONNECTION_NAME = "redlock";

	/** Where the server listens inside its container. */
	int PORT = 6379;

	/**
	 * The details of the set.
	 * @param beans all details of the application
	 * @return the only or primary bean, or else all services in the order of their names
	 * @throws RedlockConfigurationException if several beans are not services only
	 */
	static RedlockConnectionDetails join(ObjectProvider<RedlockConnectionDetails> beans) {
		RedlockConnectionDetails only = beans.getIfUnique();
		if (only != null) {
			return only;
		}
		List<RedlockConnectionDetails> all = beans.orderedStream().toList();
		if (!all.stream().allMatch(ServiceConnectionDetails.class::isInstance)) {
			throw new RedlockConfigurationException(
					"There are " + all.size() + " beans of type RedlockConnectionDetails, and not all of them are"
							+ " services of Testcontainers or Docker Compose.",
					"Keep one of them, or mark it as @Primary.");
		}
		return () -> all.stream()
			.flatMap((details) -> details.getNodes().stream())
			.sorted(Comparator.comparing(Node::name))
			.toList();
	}

}
