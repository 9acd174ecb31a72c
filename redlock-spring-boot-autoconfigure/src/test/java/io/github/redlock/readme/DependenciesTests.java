package io.github.redlock.readme;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

import static org.assertj.core.api.Assertions.assertThat;

/** The tables of docs/dependencies.md are what the poms say. */
class DependenciesTests {

	private static final Path STARTER = Path.of("../redlock-spring-boot-starter/pom.xml");

	private static final Path AUTO_CONFIGURATION = Path.of("pom.xml");

	@Test
	void everyJarOfTheStarterIsDefended() throws Exception {
		assertThat(allowed())
			.containsExactlyInAnyOrderElementsOf(rows("What this library asks for", "What these bring"));
	}

	@Test
	void whatIsAskedForIsDefended() throws Exception {
		assertThat(Stream.concat(dependencies(STARTER, DependenciesTests::isRequired),
				dependencies(AUTO_CONFIGURATION, DependenciesTests::isRequired)))
			.containsExactlyInAnyOrderElementsOf(rows("What this library asks for"));
	}

	@Test
	void everyOptionalJarIsListed() throws Exception {
		assertThat(dependencies(AUTO_CONFIGURATION, (dependency) -> "true".equals(text(dependency, "optional"))))
			.containsExactlyInAnyOrderElementsOf(rows("What is used where the application has it"));
	}

	/** A row whose jar has gone, as far as the class path of the tests can tell. */
	@Test
	void everyJarOfTheStarterIsThere() throws Exception {
		List<String> jars = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.map((String entry) -> new File(entry).getName())
			.toList();
		assertThat(allowed().stream().filter((String jar) -> !jar.startsWith("io.github.redlock:"))).isNotEmpty()
			.allSatisfy((String jar) -> assertThat(jars).anyMatch(
					Pattern.compile(Pattern.quote(jar.replaceFirst(".*:", "")) + "-\\d.*\\.jar").asMatchPredicate()));
	}

	/** The jars in the tables of the sections with these headings. */
	private static List<String> rows(String... headings) throws Exception {
		String page = Files.readString(Path.of("../docs/dependencies.md"));
		return Arrays.stream(headings).flatMap((String heading) -> {
			String section = page.split("\n## " + heading + "\n", 2)[1].split("\n## ", 2)[0];
			return Pattern.compile("^\\| `([^`]+)`", Pattern.MULTILINE)
				.matcher(section)
				.results()
				.map((MatchResult row) -> row.group(1));
		}).toList();
	}

	/** What the build lets the starter bring. */
	private static List<String> allowed() throws Exception {
		return elements(parse(STARTER).getElementsByTagName("include")).map(Element::getTextContent).toList();
	}

	private static boolean isRequired(Element dependency) {
		return text(dependency, "scope").isEmpty() && text(dependency, "optional").isEmpty();
	}

	private static Stream<String> dependencies(Path pom, Predicate<Element> wanted) throws Exception {
		Element all = elements(parse(pom).getDocumentElement().getChildNodes())
			.filter((Element child) -> child.getTagName().equals("dependencies"))
			.findFirst()
			.orElseThrow();
		return elements(all.getChildNodes()).filter(wanted)
			.map((Element dependency) -> text(dependency, "groupId") + ":" + text(dependency, "artifactId"));
	}

	private static String text(Element parent, String name) {
		return elements(parent.getChildNodes()).filter((Element child) -> child.getTagName().equals(name))
			.map(Element::getTextContent)
			.findFirst()
			.orElse("");
	}

	private static Document parse(Path pom) throws Exception {
		return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pom.toFile());
	}

	private static Stream<Element> elements(NodeList nodes) {
		return IntStream.range(0, nodes.getLength())
			.mapToObj(nodes::item)
			.filter(Element.class::isInstance)
			.map(Element.class::cast);
	}

}
