package io.github.redlock;

import java.util.List;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SliceRule;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.targetOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
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
			.resideOutsideOfPackage(ROOT + ".autoconfigure")
			.should()
			.dependOnClassesThat()
			.resideInAPackage(ROOT + ".autoconfigure")
			.check(CLASSES);
	}

	@Test
	void packagesFormNoCycle() {
		slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
	}

	/** A circle of types can only be understood as a whole. */
	@Test
	void typesOfAopFormNoCycle() {
		noCycleOfTypesIn(ROOT + ".aop", List.of());
	}

	/**
	 * Slices are the top-level types of a package; a nested type belongs to its top-level
	 * type.
	 * @param inherent dependencies that do not count
	 */
	private static void noCycleOfTypesIn(String packageName, List<Inherent> inherent) {
		SliceRule rule = slices().assignedFrom(new TypesOf(packageName)).should().beFreeOfCycles();
		for (Inherent each : inherent) {
			rule = rule.ignoreDependency(partOf(packageName, each.from()), partOf(packageName, each.to()));
		}
		rule.check(CLASSES);
		for (Inherent each : inherent) {
			assertThat(CLASSES.stream()
				.filter(partOf(packageName, each.from()))
				.flatMap((type) -> type.getDirectDependenciesFromSelf().stream())
				.map(Dependency::getTargetClass)).as("still needed: %s", each).anyMatch(partOf(packageName, each.to()));
		}
	}

	private static DescribedPredicate<JavaClass> partOf(String packageName, String topLevel) {
		return DescribedPredicate.describe(topLevel,
				(type) -> topLevel(type).getName().equals(packageName + "." + topLevel));
	}

	private static JavaClass topLevel(JavaClass type) {
		JavaClass outer = type;
		while (outer.getEnclosingClass().isPresent()) {
			outer = outer.getEnclosingClass().get();
		}
		return outer;
	}

	/**
	 * A dependency that cannot be taken out of its circle.
	 *
	 * @param from the simple name of a top-level type
	 * @param to the simple name of another one
	 * @param reason why it belongs there
	 */
	private record Inherent(String from, String to, String reason) {
	}

	/** Each top-level type is a slice of its own. */
	private record TypesOf(String packageName) implements SliceAssignment {

		@Override
		public SliceIdentifier getIdentifierOf(JavaClass type) {
			return type.getPackageName().equals(this.packageName) ? SliceIdentifier.of(topLevel(type).getSimpleName())
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
