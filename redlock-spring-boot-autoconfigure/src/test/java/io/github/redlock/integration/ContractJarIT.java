package io.github.redlock.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarFile;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The jar with the contract of nodes has what whoever implements one needs, and nothing
 * else of the tests.
 */
class ContractJarIT {

	private static final Path TARGET = Path.of("target");

	private static JarFile jar() throws IOException {
		String pom = Files.readString(Path.of("pom.xml"));
		String version = pom.substring(pom.indexOf("<version>") + "<version>".length(), pom.indexOf("</version>"));
		return new JarFile(TARGET.resolve("redlock-spring-boot-autoconfigure-" + version + "-contract.jar").toFile());
	}

	@Test
	void hasTheContractAndWhatItNeeds() throws IOException {
		try (JarFile jar = jar()) {
			assertThat(jar.stream().filter((entry) -> !entry.isDirectory()).map((entry) -> entry.getName()))
				.containsExactlyInAnyOrder("META-INF/MANIFEST.MF", "META-INF/LICENSE",
						"io/github/redlock/spi/LockNodeContract.class", "io/github/redlock/testing/Garbage.class");
		}
	}

	@Test
	void needsNothingButTheLibraryAndJUnitAndAssertJ() throws IOException {
		try (JarFile jar = jar()) {
			JavaClasses classes = new ClassFileImporter().importJar(jar);
			assertThat(classes).hasSize(2)
				.allSatisfy((one) -> assertThat(one.getDirectDependenciesFromSelf())
					.extracting((dependency) -> dependency.getTargetClass().getBaseComponentType())
					.filteredOn((needed) -> !needed.isPrimitive() && !classes.contain(needed.getName()))
					.allSatisfy((needed) -> assertThat(isThere(needed)).as("%s needs %s", one, needed).isTrue()));
		}
	}

	private static boolean isThere(JavaClass needed) {
		return Stream.of("java.", "org.junit.jupiter.api.", "org.assertj.core.").anyMatch(needed.getName()::startsWith)
				|| Files.exists(TARGET.resolve("classes/" + needed.getName().replace('.', '/') + ".class"));
	}

}
