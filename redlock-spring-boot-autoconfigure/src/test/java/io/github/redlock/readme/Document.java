package io.github.redlock.readme;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of Markdown in this repository.
 *
 * @param path its place, from the root of the repository
 * @param lines its text
 */
record Document(Path path, List<String> lines) {

	/** Tests run in the directory of their module. */
	static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

	private static final Set<String> GENERATED = Set.of("target", "node_modules", ".git", ".mvn");

	private static final Pattern FENCE = Pattern.compile("\\s*```(\\w*).*");

	private static final Pattern CODE_SPAN = Pattern.compile("(`+)(.+?)(?<!`)\\1(?!`)", Pattern.DOTALL);

	private static final Pattern LINK = Pattern.compile(
			"\\]\\(\\s*([^)\\s]+)(?:\\s+\"[^\"]*\")?\\s*\\)|(?:src|srcset|href)=\"([^\"]+)\"|(?m:^\\[[^\\]]+\\]: (\\S+))");

	private static final Pattern HEADING = Pattern.compile("(#{1,6})\\s+(.*?)\\s*#*");

	/** Every page, in the order of their paths. */
	static List<Document> all() {
		List<Document> documents = new ArrayList<>();
		try {
			Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {

				@Override
				public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
					boolean skipped = GENERATED.contains(String.valueOf(directory.getFileName()));
					return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
				}

				@Override
				public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
					if (file.toString().endsWith(".md")) {
						documents.add(of(ROOT.relativize(file).toString()));
					}
					return FileVisitResult.CONTINUE;
				}

			});
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		documents.sort((one, other) -> one.path().compareTo(other.path()));
		return documents;
	}

	/** README.md and the pages below docs. */
	static List<Document> ofUsers() {
		return all().stream()
			.filter((document) -> document.path().startsWith("docs") || document.path().equals(Path.of("README.md")))
			.toList();
	}

	static Document of(String path) {
		return new Document(Path.of(path), text(ROOT.resolve(path)).lines().toList());
	}

	static String text(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The fenced blocks. */
	List<Block> blocks() {
		List<Block> blocks = new ArrayList<>();
		Block open = null;
		for (int i = 0; i < this.lines.size(); i++) {
			Matcher fence = FENCE.matcher(this.lines.get(i));
			if (fence.matches()) {
				if (open != null) {
					blocks.add(open);
				}
				open = (open != null) ? null : new Block(this, i + 1, fence.group(1), "");
			}
			else if (open != null) {
				open = new Block(this, open.line(), open.language(), open.text() + this.lines.get(i) + "\n");
			}
		}
		return blocks;
	}

	List<String> blocks(String language) {
		return blocks().stream().filter((block) -> block.language().equals(language)).map(Block::text).toList();
	}

	/** The lines, with nothing in the place of fenced blocks. */
	List<String> prose() {
		List<String> prose = new ArrayList<>();
		boolean fenced = false;
		for (String line : this.lines) {
			boolean fence = FENCE.matcher(line).matches();
			prose.add((fenced || fence) ? "" : line);
			fenced = fenced != fence;
		}
		return prose;
	}

	/** The targets of links and images outside of code. */
	List<String> links() {
		String text = CODE_SPAN.matcher(String.join("\n", prose())).replaceAll("code");
		List<String> links = new ArrayList<>();
		LINK.matcher(text).results().forEach((match) -> {
			for (int group = 1; group <= match.groupCount(); group++) {
				if (match.group(group) != null) {
					links.add(match.group(group));
				}
			}
		});
		return links;
	}

	/** The anchors of the headings of some levels, in GitHub's form. */
	List<String> anchors(int fromLevel, int toLevel) {
		List<String> anchors = new ArrayList<>();
		Map<String, Integer> seen = new HashMap<>();
		for (String line : prose()) {
			Matcher heading = HEADING.matcher(line);
			if (heading.matches()) {
				String anchor = anchor(heading.group(2));
				int before = seen.merge(anchor, 1, Integer::sum) - 1;
				int level = heading.group(1).length();
				if (level >= fromLevel && level <= toLevel) {
					anchors.add((before > 0) ? anchor + "-" + before : anchor);
				}
			}
		}
		return anchors;
	}

	private static String anchor(String heading) {
		return heading.replaceAll("!?\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
			.toLowerCase(Locale.ROOT)
			.replaceAll("[^\\p{L}\\p{M}\\p{N}\\p{Pc} -]", "")
			.replace(' ', '-');
	}

	@Override
	public String toString() {
		return this.path.toString();
	}

	/**
	 * A fenced block.
	 *
	 * @param document the page
	 * @param line the number of the line with the fence that opens it
	 * @param language what the fence says, empty for nothing
	 * @param text what is between the fences
	 */
	record Block(Document document, int line, String language, String text) {

		@Override
		public String toString() {
			return this.document + ":" + this.line + " (" + this.language + ")";
		}

	}

}
