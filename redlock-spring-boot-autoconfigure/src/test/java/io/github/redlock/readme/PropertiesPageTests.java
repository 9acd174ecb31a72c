package io.github.redlock.readme;

import java.beans.PropertyDescriptor;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.ClassUtils;

import io.github.redlock.autoconfigure.RedlockProperties;

import static org.assertj.core.api.Assertions.assertThat;

/** docs/properties.md says what the configuration metadata in the jar says. */
class PropertiesPageTests {

	private static final Map<String, Class<?>> ENTRIES = Map.of("redlock.nodes[].", RedlockProperties.Node.class,
			"redlock.sets.<name>.", RedlockProperties.NodeSet.class, "redlock.credentials.<name>.",
			RedlockProperties.Credentials.class);

	private static final Map<String, Row> ROWS = rows();

	private static Map<String, Row> rows() {
		Map<String, Row> rows = new TreeMap<>();
		for (String line : Document.of("docs/properties.md").prose()) {
			if (line.startsWith("| `redlock.") || line.startsWith("| `management.")) {
				String[] cells = line.substring(1, line.lastIndexOf('|')).split("\\|");
				assertThat(cells).as(line).hasSize(5);
				String name = cells[0].replace('`', ' ').strip();
				Row before = rows.put(name, new Row(cells[1].strip(), cells[2].strip(), cells[4].strip()));
				assertThat(before).as("%s is listed once", name).isNull();
			}
		}
		return rows;
	}

	@Test
	void everyPropertyIsListedWithItsTypeAndDefault() {
		PropertyNames.ours().forEach((name, property) -> {
			assertThat(ROWS).containsKey(name);
			Row row = ROWS.get(name);
			String type = type((String) property.get("type"));
			assertThat(row.type()).as("type of %s", name).isEqualTo(type);
			assertThat(defaultValue(type, row.defaultValue().replace("`", ""))).as("default of %s", name)
				.isEqualTo(defaultValue(type, property.get("defaultValue")));
			assertThat(row.meaning()).as("meaning of %s", name).isNotBlank();
		});
	}

	/** The metadata knows no entries of lists and maps; their classes do. */
	@Test
	void everyPropertyOfAnEntryIsListedWithItsType() {
		Map<String, String> types = entries();
		assertThat(types).hasSizeGreaterThan(10).allSatisfy((name, type) -> {
			assertThat(ROWS).containsKey(name);
			assertThat(ROWS.get(name).type()).as("type of %s", name).isEqualTo(type);
			assertThat(ROWS.get(name).defaultValue()).as("default of %s", name).isNotBlank();
			assertThat(ROWS.get(name).meaning()).as("meaning of %s", name).isNotBlank();
		});
	}

	@Test
	void noPropertyIsInvented() {
		assertThat(ROWS.keySet()).isNotEmpty()
			.allSatisfy((name) -> assertThat(PropertyNames.ours().containsKey(name) || entries().containsKey(name))
				.as("there is no property %s", name)
				.isTrue());
	}

	private static Map<String, String> entries() {
		Map<String, String> types = new TreeMap<>();
		ENTRIES.forEach((prefix, type) -> addProperties(prefix, type, types));
		return types;
	}

	private static void addProperties(String prefix, Class<?> owner, Map<String, String> types) {
		for (PropertyDescriptor descriptor : BeanUtils.getPropertyDescriptors(owner)) {
			Class<?> type = descriptor.getPropertyType();
			String name = prefix + DataObjectPropertyName.toDashedForm(descriptor.getName());
			if (type.getEnclosingClass() == RedlockProperties.class && !type.isEnum()) {
				addProperties(name + ".", type, types);
			}
			else if (!descriptor.getName().equals("class")) {
				types.put(name, type(type.getName()));
			}
		}
	}

	private static String type(String className) {
		String raw = className.replaceAll("<.*", "");
		return switch (raw) {
			case "java.lang.Boolean" -> "boolean";
			case "java.lang.Integer" -> "integer";
			case "java.lang.Double" -> "number";
			case "java.lang.String" -> "text";
			case "java.time.Duration" -> "duration";
			case "java.util.List" -> "list";
			case "java.util.Map" -> "map";
			default -> Arrays.stream(ClassUtils.resolveClassName(raw, null).getEnumConstants())
				.map((constant) -> "`" + dashed(constant) + "`")
				.collect(Collectors.joining(", "));
		};
	}

	private static Object defaultValue(String type, Object value) {
		if (value == null || value instanceof Collection<?> values && values.isEmpty()
				|| List.of("not set", "none").contains(value)) {
			return "not set";
		}
		return type.equals("duration") ? duration(value.toString()) : dashed(value);
	}

	private static Duration duration(String text) {
		return DurationStyle.detectAndParse(text);
	}

	private static String dashed(Object value) {
		return value.toString().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * What the page says of a property.
	 *
	 * @param type the kind of value
	 * @param defaultValue what holds where it is not set
	 * @param meaning what it does
	 */
	private record Row(String type, String defaultValue, String meaning) {
	}

}
