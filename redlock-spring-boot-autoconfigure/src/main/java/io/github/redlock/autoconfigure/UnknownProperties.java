package io.github.redlock.autoconfigure;

import java.beans.PropertyDescriptor;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySource;

import io.github.redlock.RedlockConfigurationException;

/**
 * Finds names below {@code redlock} that mean nothing, such as {@code pasword}. Spring
 * Boot can do that too, but takes the entries of a list for unknown when another source
 * has the whole list in one line, which takes their place.
 */
final class UnknownProperties {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of("redlock");

	/** They may hold what is not meant for this application. */
	private static final Set<String> UNCHECKED = Set.of("systemEnvironment", "systemProperties");

	private UnknownProperties() {
	}

	/**
	 * Check all sources that can list their names.
	 * @throws RedlockConfigurationException if there is a name that no property has
	 */
	static void check(Environment environment) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			boolean checked = !(source.getUnderlyingSource() instanceof PropertySource<?> underlying
					&& UNCHECKED.contains(underlying.getName()));
			if (checked && source instanceof IterableConfigurationPropertySource names) {
				names.stream()
					.filter(PREFIX::isAncestorOf)
					.filter((name) -> !isKnown(name))
					.findFirst()
					.ifPresent((name) -> {
						throw unknown(name, source);
					});
			}
		}
	}

	private static RedlockConfigurationException unknown(ConfigurationPropertyName name,
			ConfigurationPropertySource source) {
		var property = source.getConfigurationProperty(name);
		String where = (property != null && property.getOrigin() != null) ? " (" + property.getOrigin() + ")" : "";
		return new RedlockConfigurationException("There is no property " + name + where + ".",
				"Correct its name, or delete it.");
	}

	private static boolean isKnown(ConfigurationPropertyName name) {
		ResolvableType type = ResolvableType.forClass(RedlockProperties.class);
		for (int i = PREFIX.getNumberOfElements(); i < name.getNumberOfElements() && type != null; i++) {
			type = member(type, name, i);
		}
		return type != null;
	}

	private static @Nullable ResolvableType member(ResolvableType type, ConfigurationPropertyName name, int index) {
		Class<?> owner = type.toClass();
		if (Map.class.isAssignableFrom(owner)) {
			return type.asMap().getGeneric(1);
		}
		if (Collection.class.isAssignableFrom(owner)) {
			return name.isNumericIndex(index) ? type.asCollection().getGeneric() : null;
		}
		if (owner == RedlockProperties.class || owner.getEnclosingClass() == RedlockProperties.class) {
			for (PropertyDescriptor descriptor : BeanUtils.getPropertyDescriptors(owner)) {
				boolean named = descriptor.getName().equalsIgnoreCase(name.getElement(index, Form.UNIFORM));
				if (named && descriptor.getReadMethod() != null && !descriptor.getName().equals("class")) {
					return ResolvableType.forMethodReturnType(descriptor.getReadMethod());
				}
			}
		}
		return null;
	}

}
