package io.github.redlock.readme;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The messages that docs/troubleshooting.md quotes are those of the source.
 */
class TroubleshootingTests {

	private static final Path MAIN = Path.of("src/main");

	private static String page() throws IOException {
		return Files.readString(Path.of("../docs/troubleshooting.md"));
	}

	/** All sources, with literals that go on in the next line joined. */
	private static String sources() throws IOException {
		try (Stream<Path> files = Files.walk(MAIN)) {
			return files.filter((file) -> file.toString().matches(".*\\.(java|lua)"))
				.map(TroubleshootingTests::read)
				.collect(Collectors.joining("\n"))
				.replaceAll("\"\\s*\\+\\s*\"", "")
				.replace("\\\"", "\"");
		}
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Code of three words or more, and blocks of text. Three dots stand for anything. */
	private static List<String> messages(String page) {
		String prose = Pattern.compile("```sh\n.*?```", Pattern.DOTALL).matcher(page).replaceAll("");
		return Pattern.compile("```text\n(.*?)```|`([^`]+)`", Pattern.DOTALL)
			.matcher(prose)
			.results()
			.map((MatchResult match) -> (match.group(1) != null) ? match.group(1) : match.group(2))
			.map((message) -> message.strip().replaceAll("\\s+", " "))
			.filter((message) -> message.chars().filter((character) -> character == ' ').count() > 1)
			.toList();
	}

	@Test
	void everyMessageIsInTheSource() throws IOException {
		String sources = sources();
		assertThat(messages(page())).hasSizeGreaterThan(80)
			.allSatisfy((message) -> assertThat(message.split("\\.\\.\\."))
				.allSatisfy((fragment) -> assertThat(sources).as(message).contains(fragment.strip())));
	}

	@Test
	void everyTroubleOfAServerIsOnThePage() throws IOException {
		String page = page();
		String trouble = Files.readString(MAIN.resolve("java/io/github/redlock/redis/ServerTrouble.java"));
		List<String> troubles = Pattern.compile("(?m)^\t[A-Z_]+\\(\"[^\"]+\", \\w+,\\s*\"([^\"]+)\"")
			.matcher(trouble)
			.results()
			.map((match) -> match.group(1))
			.toList();
		assertThat(troubles).hasSizeGreaterThan(15)
			.allSatisfy((what) -> assertThat(page).contains("| `" + what + "` |"));
	}

}
