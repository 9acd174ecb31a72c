package io.github.redlock.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A {@link Worker}, or another process that answers like it, as seen from outside.
 */
final class WorkerProcess implements AutoCloseable {

	static final String DONE = "DONE";

	private final Process process;

	private final BufferedReader answers;

	private final Writer commands;

	WorkerProcess(String contender, Nodes nodes, Duration ttl, String... jvmOptions) {
		this(Worker.class,
				List.of(contender, nodes.ports().stream().map(String::valueOf).collect(Collectors.joining(",")),
						String.valueOf(ttl.toMillis())),
				jvmOptions);
	}

	/**
	 * Start another one that answers in the same way.
	 */
	WorkerProcess(Class<?> main, List<String> arguments, String... jvmOptions) {
		List<String> command = jvm(jvmOptions);
		command.add(main.getName());
		command.addAll(arguments);
		try {
			this.process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.answers = this.process.inputReader(StandardCharsets.UTF_8);
		this.commands = this.process.outputWriter(StandardCharsets.UTF_8);
		answer();
	}

	/**
	 * The beginning of a command line: this Java with this class path.
	 */
	static List<String> jvm(String... options) {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(List.of(options));
		command.addAll(List.of("-cp", System.getProperty("java.class.path")));
		return command;
	}

	void tell(String command) {
		try {
			this.commands.write(command + "\n");
			this.commands.flush();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Wait for the end of what it was told.
	 * @return what it has said
	 */
	List<String> answer() {
		List<String> lines = new ArrayList<>();
		try {
			String line = this.answers.readLine();
			while (!DONE.equals(line)) {
				if (line == null) {
					throw new IllegalStateException("A worker has ended; it said " + lines);
				}
				lines.add(line);
				line = this.answers.readLine();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return lines;
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
	}

}
