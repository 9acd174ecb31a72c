package io.github.redlock.autoconfigure;

import java.util.List;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySource;
import org.springframework.util.StringUtils;

import io.github.redlock.RedlockConfigurationException;

/**
 * Looks where lists of nodes come from. Spring Boot does not merge lists: a single
 * {@code REDLOCK_NODES_0_PASSWORD} in the environment takes the place of the whole list
 * in a file, and three nodes would become one.
 */
final class NodeListSources {

	/**
	 * Sources where people set single values. A file of a profile is meant as a whole.
	 */
	private static final List<String> SINGLE_VALUES = List.of("systemEnvironment", "systemProperties",
			"commandLineArgs");

	private NodeListSources() {
	}

	/**
	 * Check one list.
	 * @param property its name
	 * @throws RedlockConfigurationException if single values hide a longer list
	 */
	static void check(Environment environment, String property) {
		int first = 0;
		String firstName = "";
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			String name = name(source);
			int size = size(source, property);
			if (first == 0) {
				first = size;
				firstName = name;
			}
			else if (size > first && SINGLE_VALUES.contains(firstName)) {
				throw new RedlockConfigurationException(
						property + " has " + first + " of its entries in " + firstName + " and " + size + " in " + name
								+ ". Lists of several sources are not merged: only the first one would count.",
						"Set whole lists in one place. To give a secret apart, name the nodes (" + property
								+ "[0].name=first) and set redlock.credentials.<name>.password, in the environment"
								+ " REDLOCK_CREDENTIALS_FIRST_PASSWORD.");
			}
		}
	}

	private static String name(ConfigurationPropertySource source) {
		return (source.getUnderlyingSource() instanceof PropertySource<?> underlying) ? underlying.getName() : "";
	}

	private static int size(ConfigurationPropertySource source, String property) {
		ConfigurationPropertyName list = ConfigurationPropertyName.adapt(property, '.');
		ConfigurationProperty inOneLine = source.getConfigurationProperty(list);
		if (inOneLine != null) {
			return StringUtils.commaDelimitedListToStringArray(String.valueOf(inOneLine.getValue())).length;
		}
		int size = 0;
		while (has(source, list.append("[" + size + "]"))) {
			size++;
		}
		return size;
	}

	private static boolean has(ConfigurationPropertySource source, ConfigurationPropertyName entry) {
		return source.getConfigurationProperty(entry) != null
				|| source.containsDescendantOf(entry) == ConfigurationPropertyState.PRESENT;
	}

}
