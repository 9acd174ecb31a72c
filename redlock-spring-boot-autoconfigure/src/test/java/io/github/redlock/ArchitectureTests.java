package io.github.redlock;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.targetOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/** Who may depend on whom; see CONTRIBUTING. */
class ArchitectureTests {

	private static final String ROOT = "io.github.redlock";

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages(ROOT);

	private static void only(String from, String... to) {
		classes().that()
			.resideInAPackage(from)
			.should()
			.onlyDependOnClassesThat()
			.resideInAnyPackage(to)
			.check(CLASSES);
	}

	@Test
	void apiAndSpiKnowTheJdkOnly() {
		only(ROOT + ".spi", "java..", "org.jspecify..", ROOT + ".spi");
		only(ROOT, "java..", "org.jspecify..", ROOT, ROOT + ".spi");
		only(ROOT + ".annotation", "java..", "org.jspecify..", "org.springframework.core.annotation..",
				"org.springframework.aot.hint.annotation..", ROOT + ".annotation");
	}

	@Test
	void coreKnowsNeitherSpringNorRedis() {
		only(ROOT + ".core", "java..", "org.jspecify..", "com.google.errorprone.annotations..", "org.slf4j..", ROOT,
				ROOT + ".spi", ROOT + ".core");
	}

	@Test
	void redisKnowsNeitherBootNorAop() {
		noClasses().that()
			.resideInAPackage(ROOT + ".redis")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.boot..", "org.springframework.aop..", ROOT + ".aop",
					ROOT + ".core")
			.check(CLASSES);
	}

	@Test
	void aopKnowsTheApiOnly() {
		noClasses().that()
			.resideInAPackage(ROOT + ".aop")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.boot..", "org.springframework.data..", ROOT + ".core",
					ROOT + ".redis", ROOT + ".spi")
			.check(CLASSES);
	}

	@Test
	void memoryKnowsTheCoreOnly() {
		only(ROOT + ".memory", "java..", "org.jspecify..", ROOT, ROOT + ".spi", ROOT + ".core", ROOT + ".memory");
	}

	@Test
	void nobodyDependsOnTheAutoConfiguration() {
		noClasses().that()
			.resideOutsideOfPackages(ROOT + ".autoconfigure", ROOT + ".test")
			.should()
			.dependOnClassesThat()
			.resideInAPackage(ROOT + ".autoconfigure")
			.check(CLASSES);
	}

	@Test
	void packagesFormNoCycle() {
		slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
	}

	/** What a transient field holds is null on the other side. */
	@Test
	void noExceptionHasATransientField() {
		noFields().that()
			.areDeclaredInClassesThat()
			.areAssignableTo(Throwable.class)
			.should()
			.haveModifier(JavaModifier.TRANSIENT)
			.check(CLASSES);
	}

	/** A circle of types can only be understood as a whole. */
	@ParameterizedTest
	@ValueSource(strings = { "core", "redis", "aop" })
	void typesOfAPackageFormNoCircle(String name) {
		slices().assignedFrom(new TypesOf(ROOT + "." + name)).should().beFreeOfCycles().check(CLASSES);
	}

	/** Each top-level type is a slice of its own; a nested type is part of it. */
	private record TypesOf(String packageName) implements SliceAssignment {

		@Override
		public SliceIdentifier getIdentifierOf(JavaClass type) {
			JavaClass outermost = type;
			while (outermost.getEnclosingClass().isPresent()) {
				outermost = outermost.getEnclosingClass().get();
			}
			return type.getPackageName().equals(this.packageName) ? SliceIdentifier.of(outermost.getSimpleName())
					: SliceIdentifier.ignore();
		}

		@Override
		public String getDescription() {
			return "top-level types of " + this.packageName;
		}

	}

	/** A thread made elsewhere would inherit from whoever happens to need it first. */
	@Test
	void threadsOfTheCoreAreMadeInOnePlace() {
		noClasses().that()
			.resideInAPackage(ROOT + ".core")
			.and()
			.doNotHaveSimpleName("DaemonThreads")
			.should()
			.callConstructorWhere(targetOwner(assignableTo(Thread.class)))
			.check(CLASSES);
	}

	/** NullAway looks only at packages that are marked. */
	@Test
	void everyPackageIsNullMarked() {
		assertThat(CLASSES.stream().map((type) -> type.getPackageName()).distinct()).hasSizeGreaterThan(8)
			.allSatisfy(
					(name) -> assertThat(Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
						.as(name)
						.isTrue());
	}

	/** The clock of the machine is read in one place. */
	@Test
	void timeComesFromTheTimeSource() {
		noClasses().that()
			.resideInAPackage(ROOT + "..")
			.and()
			.doNotHaveSimpleName("SystemTime")
			.and()
			.doNotHaveSimpleName("TimerThread")
			.should()
			.callMethod(System.class, "nanoTime")
			.orShould()
			.callMethod(System.class, "currentTimeMillis")
			.orShould()
			.callMethod(java.time.Instant.class, "now")
			.orShould()
			.callMethod(Thread.class, "sleep", long.class)
			.check(CLASSES);
	}

}
