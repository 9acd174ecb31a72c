package io.github.redlock.simulation;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * A world of its own for the classes of this project, one mistake included: the sources
 * concerned are changed and compiled, everything else is as it was built.
 */
final class MutantClassLoader extends ClassLoader {

	private static final String BASE = "io/github/redlock/";

	private final Map<String, byte[]> classes = new HashMap<>();

	private final Map<String, byte[]> resources = new HashMap<>();

	MutantClassLoader(Mutant mutant) {
		super(MutantClassLoader.class.getClassLoader());
		Map<String, String> sources = new LinkedHashMap<>();
		for (Mutant.Edit edit : mutant.edits()) {
			sources.put(edit.file(), edit.apply(source(edit.file(), sources)));
		}
		List<JavaFileObject> units = new ArrayList<>();
		sources.forEach((file, text) -> {
			if (file.endsWith(".lua")) {
				this.resources.put(BASE + file, text.getBytes(StandardCharsets.UTF_8));
			}
			else {
				units.add(new Source(file, text));
			}
		});
		if (!units.isEmpty()) {
			compile(units);
		}
	}

	private static String source(String file, Map<String, String> changed) {
		String before = changed.get(file);
		if (before != null) {
			return before;
		}
		Path folder = Path.of("src", "main", file.endsWith(".lua") ? "resources" : "java");
		try {
			return Files.readString(folder.resolve(BASE + file));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void compile(List<JavaFileObject> units) {
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
		StringWriter messages = new StringWriter();
		try (Output output = new Output(compiler.getStandardFileManager(null, null, null))) {
			boolean compiled = compiler
				.getTask(messages, output, null, List.of("-nowarn", "-proc:none", "-parameters", "-cp", classPath),
						null, units)
				.call();
			if (!compiled) {
				throw new IllegalStateException(messages.toString());
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
		if (!name.startsWith(BASE.replace('/', '.'))) {
			return super.loadClass(name, resolve);
		}
		synchronized (getClassLoadingLock(name)) {
			Class<?> loaded = findLoadedClass(name);
			if (loaded == null) {
				byte[] code = this.classes.containsKey(name) ? this.classes.get(name) : asBuilt(name);
				loaded = defineClass(name, code, 0, code.length);
			}
			return loaded;
		}
	}

	private byte[] asBuilt(String name) throws ClassNotFoundException {
		try (InputStream stream = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
			if (stream == null) {
				throw new ClassNotFoundException(name);
			}
			return stream.readAllBytes();
		}
		catch (IOException ex) {
			throw new ClassNotFoundException(name, ex);
		}
	}

	@Override
	public InputStream getResourceAsStream(String name) {
		byte[] changed = this.resources.get(name);
		return (changed != null) ? new ByteArrayInputStream(changed) : super.getResourceAsStream(name);
	}

	private static final class Source extends SimpleJavaFileObject {

		private final String text;

		private Source(String file, String text) {
			super(URI.create("string:///" + BASE + file), Kind.SOURCE);
			this.text = text;
		}

		@Override
		public CharSequence getCharContent(boolean ignoreEncodingErrors) {
			return this.text;
		}

	}

	private final class Output extends ForwardingJavaFileManager<JavaFileManager> {

		private Output(JavaFileManager manager) {
			super(manager);
		}

		@Override
		public JavaFileObject getJavaFileForOutput(Location location, String className, JavaFileObject.Kind kind,
				FileObject sibling) {
			return new SimpleJavaFileObject(URI.create("bytes:///" + className.replace('.', '/') + ".class"), kind) {

				@Override
				public OutputStream openOutputStream() {
					return new ByteArrayOutputStream() {

						@Override
						public void close() {
							MutantClassLoader.this.classes.put(className, toByteArray());
						}

					};
				}

			};
		}

	}

}
