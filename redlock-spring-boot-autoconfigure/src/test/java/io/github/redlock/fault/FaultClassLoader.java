package io.github.redlock.fault;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.ClassWriter;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;
import org.springframework.asm.SpringAsmInfo;

/**
 * A world of its own for the classes of this project, in which some of them pass a
 * {@link FaultPoint} before every call.
 */
final class FaultClassLoader extends ClassLoader {

	private static final String BASE = "io.github.redlock.";

	private static final String FAULT_POINT = "io/github/redlock/fault/FaultPoint";

	private final Predicate<String> instrumented;

	private final Map<Integer, String> sites = new HashMap<>();

	/**
	 * Create one.
	 * @param instrumented the names of the classes to change
	 */
	FaultClassLoader(Predicate<String> instrumented) {
		super(FaultClassLoader.class.getClassLoader());
		this.instrumented = instrumented;
	}

	/** What a call site calls, and where. */
	String describe(int site) {
		return this.sites.get(site);
	}

	@Override
	protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
		if (!name.startsWith(BASE) || name.startsWith(BASE + "testing.")) {
			return super.loadClass(name, resolve);
		}
		synchronized (getClassLoadingLock(name)) {
			Class<?> loaded = findLoadedClass(name);
			if (loaded == null) {
				byte[] code = code(name);
				loaded = defineClass(name, code, 0, code.length);
			}
			return loaded;
		}
	}

	private byte[] code(String name) throws ClassNotFoundException {
		try (InputStream stream = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
			if (stream == null) {
				throw new ClassNotFoundException(name);
			}
			byte[] code = stream.readAllBytes();
			return this.instrumented.test(name) ? instrument(name, code) : code;
		}
		catch (IOException ex) {
			throw new ClassNotFoundException(name, ex);
		}
	}

	private byte[] instrument(String className, byte[] code) {
		ClassReader reader = new ClassReader(code);
		ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
		reader.accept(new ClassVisitor(SpringAsmInfo.ASM_VERSION, writer) {
			@Override
			public MethodVisitor visitMethod(int access, String method, String descriptor, String signature,
					String[] exceptions) {
				MethodVisitor visitor = super.visitMethod(access, method, descriptor, signature, exceptions);
				return new MethodVisitor(SpringAsmInfo.ASM_VERSION, visitor) {
					@Override
					public void visitMethodInsn(int opcode, String owner, String name, String descriptor,
							boolean isInterface) {
						int site = FaultClassLoader.this.sites.size();
						FaultClassLoader.this.sites.put(site,
								className + "." + method + " calls " + owner + "." + name);
						super.visitLdcInsn(site);
						super.visitMethodInsn(Opcodes.INVOKESTATIC, FAULT_POINT, "pass", "(I)V", false);
						super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
					}
				};
			}
		}, 0);
		return writer.toByteArray();
	}

}
