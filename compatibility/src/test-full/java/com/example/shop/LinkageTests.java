package com.example.shop;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.net.JarURLConnection;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.FieldVisitor;
import org.springframework.asm.Handle;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;
import org.springframework.asm.Type;
import org.springframework.boot.SpringBootVersion;
import org.springframework.util.ClassUtils;

import io.github.redlock.Redlock;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each class and method of libraries that the code of the lock names is there, also where
 * no test comes by. What is asked for by name at run time is not seen here.
 */
class LinkageTests {

	/** Libraries that an application has here; others are optional. */
	private static final List<String> LIBRARIES = List.of("org/springframework/", "redis/clients/", "io/lettuce/",
			"io/micrometer/common/", "io/micrometer/core/", "io/micrometer/observation/", "reactor/");

	private final Set<String> missing = new TreeSet<>();

	private static boolean isExpected(String className) {
		return LIBRARIES.stream().anyMatch(className::startsWith)
				// The indicator of health is for Spring Boot 4.
				&& !(SpringBootVersion.getVersion().startsWith("3.")
						&& className.startsWith("org/springframework/boot/health/"));
	}

	@Test
	void everythingNamedIsThere() throws Exception {
		JarURLConnection connection = (JarURLConnection) Redlock.class.getResource("Redlock.class").openConnection();
		JarFile jar = connection.getJarFile();
		List<JarEntry> classes = jar.stream().filter((entry) -> entry.getName().endsWith(".class")).toList();
		assertThat(classes).hasSizeGreaterThan(100);
		for (JarEntry entry : classes) {
			read(jar, entry);
		}
		assertThat(this.missing).isEmpty();
	}

	private void read(JarFile jar, JarEntry entry) throws IOException {
		try (InputStream stream = jar.getInputStream(entry)) {
			new ClassReader(stream).accept(new References(), 0);
		}
	}

	private void lookForClass(String className) {
		if (isExpected(className) && !ClassUtils.isPresent(className.replace('/', '.'), null)) {
			this.missing.add(className);
		}
	}

	private void lookForMethod(String owner, String name, String descriptor) {
		lookForClass(owner);
		if (isExpected(owner) && ClassUtils.isPresent(owner.replace('/', '.'), null)) {
			Class<?> type = ClassUtils.resolveClassName(owner.replace('/', '.'), null);
			if (executables(type).noneMatch((each) -> name(each).equals(name) && descriptor(each).equals(descriptor))) {
				this.missing.add(owner + '.' + name + descriptor);
			}
		}
	}

	private static Stream<Executable> executables(Class<?> type) {
		Stream<Class<?>> above = Stream.concat(Stream.ofNullable(type.getSuperclass()),
				Stream.of(type.getInterfaces()));
		Stream<Executable> declared = Stream.concat(Arrays.stream(type.getDeclaredMethods()),
				Arrays.stream(type.getDeclaredConstructors()));
		Stream<Executable> object = type.isInterface() ? Arrays.stream(Object.class.getMethods()) : Stream.empty();
		return Stream.concat(Stream.concat(declared, object), above.flatMap(LinkageTests::executables));
	}

	private static String name(Executable executable) {
		return (executable instanceof Method) ? executable.getName() : "<init>";
	}

	private static String descriptor(Executable executable) {
		return (executable instanceof Method method) ? Type.getMethodDescriptor(method)
				: Type.getConstructorDescriptor((Constructor<?>) executable);
	}

	/** What a class names. */
	private final class References extends ClassVisitor {

		private References() {
			super(Opcodes.ASM9);
		}

		@Override
		public void visit(int version, int access, String name, String signature, String superName,
				String[] interfaces) {
			lookForClass(superName);
			Arrays.stream(interfaces).forEach(LinkageTests.this::lookForClass);
		}

		@Override
		public FieldVisitor visitField(int access, String name, String descriptor, String signature, Object value) {
			lookForClass(Type.getType(descriptor).getInternalName());
			return null;
		}

		@Override
		public MethodVisitor visitMethod(int access, String name, String descriptor, String signature,
				String[] exceptions) {
			Arrays.stream(Type.getArgumentTypes(descriptor))
				.map(Type::getInternalName)
				.forEach(LinkageTests.this::lookForClass);
			lookForClass(Type.getReturnType(descriptor).getInternalName());
			return new Instructions();
		}

	}

	/** What a method names. */
	private final class Instructions extends MethodVisitor {

		private Instructions() {
			super(Opcodes.ASM9);
		}

		@Override
		public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
			lookForMethod(owner, name, descriptor);
		}

		@Override
		public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
			lookForClass(owner);
		}

		@Override
		public void visitTypeInsn(int opcode, String type) {
			lookForClass(type);
		}

		@Override
		public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap, Object... arguments) {
			for (Object argument : arguments) {
				if (argument instanceof Handle handle) {
					lookForMethod(handle.getOwner(), handle.getName(), handle.getDesc());
				}
			}
		}

	}

}
