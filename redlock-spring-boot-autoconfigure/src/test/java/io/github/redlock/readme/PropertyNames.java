package io.github.redlock.readme;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.env.PropertiesPropertySourceLoader;
import org.springframework.boot.env.PropertySourceLoader;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;

import io.github.redlock.autoconfigure.RedlockProperties;

import static org.assertj.core.api.Assertions.assertThat;

/** The properties that the libraries on the class path describe in their metadata. */
final class PropertyNames {

	private static final String METADATA = "META-INF/spring-configuration-metadata.json";

	private final Map<String, Map<String, Object>> byName = new TreeMap<>();

	PropertyNames() {
		try {
			for (URL url : Collections.list(getClass().getClassLoader().getResources(METADATA))) {
				this.byName.putAll(read(url));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** What this library describes. */
	static Map<String, Map<String, Object>> ours() {
		Map<String, Map<String, Object>> ours = read(PropertyNames.class.getResource("/" + METADATA));
		assertThat(ours).containsKey("redlock.nodes");
		return ours;
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Map<String, Object>> read(URL url) {
		Map<String, Map<String, Object>> properties = new TreeMap<>();
		try (InputStream stream = url.openStream()) {
			for (Object property : (List<Object>) JsonParserFactory.getJsonParser()
				.parseMap(new String(stream.readAllBytes(), StandardCharsets.UTF_8))
				.get("properties")) {
				Map<String, Object> description = (Map<String, Object>) property;
				properties.put((String) description.get("name"), description);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return properties;
	}

	/**
	 * Bind what is below redlock, and look for the names of everything else.
	 * @param where the page, for the failure
	 * @param text YAML or properties
	 * @param suffix of a file with such text
	 */
	void check(String where, String text, String suffix) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().forEach((source) -> environment.getPropertySources().remove(source.getName()));
		for (PropertySource<?> source : load(where, text, suffix)) {
			environment.getPropertySources().addLast(source);
			for (String name : ((EnumerablePropertySource<?>) source).getPropertyNames()) {
				assertThat(isKnown(name)).as("%s has %s, which no metadata describes", where, name).isTrue();
			}
		}
		Binder.get(environment)
			.bind("redlock", Bindable.of(RedlockProperties.class),
					new NoUnboundElementsBindHandler(BindHandler.DEFAULT));
	}

	private static List<PropertySource<?>> load(String where, String text, String suffix) {
		PropertySourceLoader loader = suffix.equals(".yaml") ? new YamlPropertySourceLoader()
				: new PropertiesPropertySourceLoader();
		try {
			return loader.load(where, new ByteArrayResource(text.getBytes(StandardCharsets.UTF_8)));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * What is below redlock is bound. Otherwise: described by itself, an entry of a map
	 * or list that is, or a name of the application's own.
	 */
	private boolean isKnown(String name) {
		if (name.startsWith("redlock.") || this.byName.containsKey(name)) {
			return true;
		}
		for (String parent = parent(name); !parent.isEmpty(); parent = parent(parent)) {
			Object type = this.byName.getOrDefault(parent, Map.of()).get("type");
			if (type != null && (type.toString().startsWith("java.util.") || name.startsWith(parent + "["))) {
				return true;
			}
		}
		String family = name.split("[.\\[]")[0] + ".";
		return this.byName.keySet().stream().noneMatch((known) -> known.startsWith(family));
	}

	private static String parent(String name) {
		return name.substring(0, Math.max(0, Math.max(name.lastIndexOf('.'), name.lastIndexOf('['))));
	}

}
