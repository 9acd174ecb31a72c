package io.github.redlock.core;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

import io.github.redlock.LockRules;

/**
 * Checks the names of resources.
 */
final class Resources {

	private Resources() {
	}

	/**
	 * Refuse names that cannot work.
	 * @return the names in their order, each of them once
	 * @throws IllegalArgumentException with the names and the remedy
	 */
	static List<String> check(Collection<String> resources) {
		Objects.requireNonNull(resources, "resources must not be null");
		if (resources.isEmpty()) {
			throw new IllegalArgumentException("resources must not be empty; name at least one");
		}
		for (String resource : resources) {
			Optional<LockRules.Violation> violation = LockRules.resource(resource);
			if (violation.isPresent()) {
				throw violation.get().exception("one of the resources", resource);
			}
		}
		return (resources.size() == 1) ? List.copyOf(resources) : resources.stream().distinct().toList();
	}

}
