package io.github.redlock.sample.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Finds the browser of this machine. Where there is none, and this is Debian and the user
 * may do it, it is installed.
 */
final class Chromium {

	private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome",
			"google-chrome-stable");

	private static final List<String> PLACES = List.of("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
			"/Applications/Chromium.app/Contents/MacOS/Chromium");

	private static final int INSTALLATION_MINUTES = 3;

	private Chromium() {
	}

	/**
	 * The executable.
	 * @return empty if there is none, and none can be installed
	 */
	static Optional<Path> executable() throws InterruptedException {
		String given = System.getProperty("browser");
		if (given != null) {
			if (!Files.isExecutable(Path.of(given))) {
				throw new IllegalArgumentException("browser is " + given + ", which is no executable");
			}
			return Optional.of(Path.of(given));
		}
		Optional<Path> found = find();
		if (found.isEmpty() && isRoot() && onPath("apt-get").isPresent()) {
			install();
			found = find();
		}
		return found;
	}

	static boolean isRoot() {
		return "root".equals(System.getProperty("user.name"));
	}

	private static Optional<Path> find() {
		return NAMES.stream()
			.flatMap((name) -> onPath(name).stream())
			.findFirst()
			.or(() -> PLACES.stream().map(Path::of).filter(Files::isExecutable).findFirst());
	}

	private static Optional<Path> onPath(String name) {
		List<Path> candidates = new ArrayList<>();
		for (String directory : Optional.ofNullable(System.getenv("PATH")).orElse("").split(":")) {
			candidates.add(Path.of(directory, name));
		}
		return candidates.stream().filter(Files::isExecutable).findFirst();
	}

	private static void install() throws InterruptedException {
		System.out.println("No browser is here: installing Debian's chromium");
		run("apt-get", "update", "-qq");
		run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium");
	}

	private static void run(String... command) throws InterruptedException {
		try {
			Path log = Files.createTempFile("apt-get", ".log");
			ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
			builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
			Process process = builder.start();
			if (!process.waitFor(INSTALLATION_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
				process.destroyForcibly();
				System.out.println(String.join(" ", command) + " failed:\n" + Files.readString(log));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
