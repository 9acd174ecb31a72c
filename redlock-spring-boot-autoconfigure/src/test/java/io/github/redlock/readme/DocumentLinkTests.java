package io.github.redlock.readme;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Links inside the repository lead somewhere, and lines can be read in a diff. */
class DocumentLinkTests {

	private static final int COLUMNS = 120;

	private static final List<Document> DOCUMENTS = Document.all();

	@Test
	void everyLinkInsideTheRepositoryResolves() {
		List<String> broken = new ArrayList<>();
		for (Document document : DOCUMENTS) {
			for (String link : document.links()) {
				String problem = problem(document, link);
				if (problem != null) {
					broken.add(document + " has a link to " + link + ": " + problem);
				}
			}
		}
		assertThat(DOCUMENTS).hasSizeGreaterThan(5);
		assertThat(broken).isEmpty();
	}

	private static String problem(Document document, String link) {
		if (link.matches("[a-z]+:.*")) {
			return null;
		}
		int hash = link.indexOf('#');
		String file = (hash < 0) ? link : link.substring(0, hash);
		Path target = (file.isEmpty() ? document.path() : document.path().resolveSibling(file)).normalize();
		if (!Files.exists(Document.ROOT.resolve(target)) || target.startsWith("..")) {
			return "there is no " + target;
		}
		if (hash < 0) {
			return null;
		}
		return Document.of(target.toString()).anchors(1, 6).contains(link.substring(hash + 1)) ? null
				: "no heading has this anchor";
	}

	@Test
	void everyPageIsInTheIndexAndInTheReadme() {
		List<String> pages = DOCUMENTS.stream()
			.filter((document) -> document.path().startsWith("docs"))
			.map((document) -> document.path().getFileName().toString())
			.filter((name) -> !name.equals("README.md"))
			.toList();
		assertThat(Document.of("docs/README.md").links()).containsAll(pages);
		assertThat(Document.of("README.md").links()).containsAll(pages.stream().map((name) -> "docs/" + name).toList());
	}

	/** The list comes before the first part of the page, and has all of them in order. */
	@Test
	void everyPageOfTheReferenceBeginsWithItsContents() {
		assertThat(DOCUMENTS)
			.filteredOn((document) -> document.path().startsWith("docs") && !document.path().endsWith("README.md"))
			.hasSizeGreaterThan(5)
			.allSatisfy((document) -> {
				List<String> head = document.lines()
					.stream()
					.takeWhile((line) -> !line.startsWith("## "))
					.filter((line) -> line.startsWith("- ["))
					.toList();
				assertThat(new Document(document.path(), head).links()).as("contents of %s", document)
					.isEqualTo(document.anchors(2, 2).stream().map((anchor) -> "#" + anchor).toList());
			});
	}

	/** Tables, code, HTML, and the targets of links may be longer. */
	@Test
	void linesAreWrapped() {
		List<String> longLines = new ArrayList<>();
		for (Document document : DOCUMENTS) {
			List<String> prose = document.prose();
			for (int i = 0; i < prose.size(); i++) {
				String line = prose.get(i);
				boolean free = line.startsWith("|") || line.startsWith("<");
				if (!free && line.replaceAll("\\]\\([^)]*\\)", "]").length() > COLUMNS) {
					longLines.add(document + ":" + (i + 1));
				}
			}
		}
		assertThat(longLines).isEmpty();
	}

}
