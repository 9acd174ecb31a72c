package io.github.redlock.readme;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

import org.springframework.boot.json.JsonParserFactory;
import org.springframework.web.util.HtmlUtils;

import io.github.redlock.readme.Document.Block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Every fenced block of README.md and the pages below docs is what compiles, binds or
 * runs. A Java block stands word for word in a source of this package or of the tests of
 * the sample, a Kotlin block in a source of the Kotlin tests.
 */
class DocumentSnippetTests {

	private static final Path SAMPLE = Document.ROOT.resolve("redlock-sample-app");

	/** Read by people and shells. */
	private static final Set<String> FREE = Set.of("", "text", "sh", "js");

	private static final List<Block> BLOCKS = Document.ofUsers()
		.stream()
		.flatMap((document) -> document.blocks().stream())
		.toList();

	private static List<Block> blocks(String language) {
		return BLOCKS.stream().filter((block) -> block.language().equals(language)).toList();
	}

	private static String sources(String suffix, Path... roots) {
		return Stream.of(roots).filter(Files::isDirectory).flatMap((root) -> {
			try (Stream<Path> files = Files.walk(root)) {
				return files.filter((file) -> file.toString().endsWith(suffix)).toList().stream();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}).map(Document::text).collect(Collectors.joining("\n"));
	}

	/** Word for word, however the formatter breaks the lines. */
	private static String words(String text) {
		return text.strip().replaceAll("\\s+", " ").replaceAll(" ?([^\\w ]) ?", "$1");
	}

	@Test
	void everyKindOfBlockIsChecked() {
		assertThat(BLOCKS).allSatisfy((block) -> assertThat(FREE.contains(block.language())
				|| Set.of("java", "kotlin", "yaml", "properties", "xml", "sql", "json").contains(block.language()))
			.as("%s: this class has no test for the language", block)
			.isTrue());
	}

	@Test
	void everyJavaBlockIsCompiled() {
		String sources = words(sources(".java", Path.of("src/test/java/io/github/redlock/readme"),
				Path.of("src/test/java/com/example"), SAMPLE.resolve("src/test/java")));
		assertThat(blocks("java")).hasSizeGreaterThan(10).allSatisfy((block) -> {
			String words = words(block.text());
			// A source may add to a class what its page leaves out at the end.
			boolean isClass = words.matches("(@.*)?(public )?class .*\\}");
			assertThat(sources.contains(isClass ? words.substring(0, words.length() - 1) : words))
				.as("%s is in no source", block)
				.isTrue();
		});
	}

	/** Its page, and with it a source, has each line of them. */
	@Test
	void blocksInTheJavadocOfNodesAreThoseOfTheirPage() {
		String javadoc = Document.text(Path.of("src/main/java/io/github/redlock/spi/LockNode.java"));
		assertThat(javadoc.split("<pre class=\"code\">")).hasSize(3);
		assertThat(Stream.of(javadoc.split("<pre class=\"code\">")).skip(1).flatMap((block) -> {
			String text = block.substring(0, block.indexOf("</pre>"));
			return HtmlUtils.htmlUnescape(text).lines().map((line) -> line.replaceFirst("^ \\*", "").strip());
		})).isSubsetOf(Document.text(Document.ROOT.resolve("docs/api.md")).lines().map(String::strip).toList());
	}

	@Test
	void everyKotlinBlockIsCompiled() {
		String sources = words(sources(".kt", Path.of("src/test/kotlin")));
		assertThat(blocks("kotlin")).allSatisfy(
				(block) -> assertThat(sources.contains(words(block.text()))).as("%s is in no source", block).isTrue());
	}

	@Test
	void everyBlockOfPropertiesBinds() {
		PropertyNames names = new PropertyNames();
		String compose = Document.text(Document.ROOT.resolve("docs/compose.yaml"));
		assertThat(blocks("yaml")).isNotEmpty().allSatisfy((block) -> {
			if (block.text().contains("services:")) {
				assertThat(compose).as("%s", block).contains(block.text());
			}
			else {
				names.check(block.toString(), block.text(), ".yaml");
			}
		});
		assertThat(blocks("properties"))
			.allSatisfy((block) -> names.check(block.toString(), block.text(), ".properties"));
	}

	@Test
	void composeFileIsShown() {
		assertThat(blocks("yaml")).extracting(Block::text)
			.contains(Document.text(Document.ROOT.resolve("docs/compose.yaml")));
	}

	@Test
	void everyXmlBlockCanBeReadAndHasTheVersionOfTheProject() {
		String pom = Document.text(Document.ROOT.resolve("pom.xml"));
		String version = pom.substring(pom.indexOf("<version>") + "<version>".length(), pom.indexOf("</version>"));
		assertThat(blocks("xml")).isNotEmpty().allSatisfy((block) -> {
			var dependencies = DocumentBuilderFactory.newInstance()
				.newDocumentBuilder()
				.parse(new InputSource(
						new StringReader("<all>" + block.text().replaceFirst("^<\\?xml.*\\?>", "") + "</all>")))
				.getElementsByTagName("dependency");
			for (int i = 0; i < dependencies.getLength(); i++) {
				String words = dependencies.item(i).getTextContent().strip().replaceAll("\\s+", " ");
				if (words.startsWith("io.github.redlock ")) {
					assertThat(words).as("%s", block).contains(" " + version);
					assertThat(Document.ROOT.resolve(words.split(" ")[1])).as("%s", block).isDirectory();
				}
			}
		});
	}

	/** Each line of SQL, however a source cuts it into strings. */
	@Test
	void everySqlBlockIsRunByATest() {
		String sources = sql(sources(".java", Path.of("src/test/java/io/github/redlock/readme"), SAMPLE.resolve("src"))
				+ sources(".sql", SAMPLE.resolve("src/main/resources")));
		assertThat(blocks("sql")).isNotEmpty()
			.allSatisfy((block) -> assertThat(
					block.text().lines().map(String::strip).filter((line) -> !line.isEmpty() && !line.startsWith("--")))
				.isNotEmpty()
				.allSatisfy((line) -> assertThat(sources.contains(sql(line.replaceAll(";$", ""))))
					.as("%s: %s is in no source", block, line)
					.isTrue()));
	}

	private static String sql(String text) {
		return words(text.replaceAll("\"\\s*\\+\\s*\"|\"", " "));
	}

	@Test
	void everyJsonBlockCanBeRead() {
		assertThat(blocks("json")).allSatisfy((block) -> assertThat(
				block.text().strip().startsWith("[") ? JsonParserFactory.getJsonParser().parseList(block.text())
						: JsonParserFactory.getJsonParser().parseMap(block.text()).keySet())
			.as("%s", block)
			.isNotEmpty());
	}

	@Test
	void propertyThatIsNotThereIsFound() {
		PropertyNames names = new PropertyNames();
		assertThat(Stream.of("redlock.tl: 3s", "redlock.ttl: long", "redlock.nodes[0].hots: a",
				"spring.application.nam: a"))
			.allSatisfy((yaml) -> assertThatThrownBy(() -> names.check("wrong", yaml, ".yaml")).as(yaml).isNotNull());
	}

}
