package io.github.redlock.readme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockConnectionDetails;
import io.github.redlock.event.LockLostEvent;
import io.github.redlock.readme.ReadmeSnippets.Annotated;
import io.github.redlock.readme.ReadmeSnippets.Archive;
import io.github.redlock.readme.ReadmeSnippets.Jobs;
import io.github.redlock.readme.ReadmeSnippets.Reactive;
import io.github.redlock.readme.ReadmeSnippets.Stock;
import io.github.redlock.readme.ReadmeSnippets.Warehouse;
import io.github.redlock.readme.ReadmeSnippets.Listening;
import io.github.redlock.readme.ReadmeSnippets.Order;
import io.github.redlock.readme.ReadmeSnippets.Programmatic;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the README and the reference show does what they say; {@link DocumentSnippetTests}
 * compares the text.
 */
class ReadmeTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class));

	private static List<PropertySource<?>> yaml(String page, String part) throws IOException {
		String yaml = Document.of(page)
			.blocks("yaml")
			.stream()
			.filter((block) -> block.contains(part))
			.findFirst()
			.orElseThrow();
		return new YamlPropertySourceLoader().load(page, new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)));
	}

	@Test
	void annotatedSnippetsRun() {
		FakeCluster cluster = new FakeCluster(3);
		this.runner.withBean(Redlock.class, cluster::client).withBean(Annotated.class).run((context) -> {
			Annotated annotated = context.getBean(Annotated.class);
			assertThat(annotated.pay(new Order("42")).token()).isPositive();
			annotated.transfer("a", "b", 5);
			assertThat(annotated.invoice(7)).isEqualTo("sent 7");
			assertThat(annotated.close("a")).containsExactly("account:a");
			assertThat(cluster.node(0).log()).contains("acquire [order:42]", "acquire [account:a, account:b]",
					"acquire [invoice:7]");
		});
	}

	@Test
	void snippetsOfTheAnnotationReferenceRun() {
		FakeCluster cluster = new FakeCluster(3);
		this.runner.withBean(Redlock.class, cluster::client)
			.withBean("warehouse", Redlock.class, new FakeCluster(3)::client,
					(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false))
			.withBean(Reactive.class)
			.withBean(Archive.class)
			.withBean(Jobs.class)
			.withBean(Stock.class)
			.withBean(Warehouse.class)
			.run((context) -> {
				CompletableFuture<Long> token = context.getBean(Reactive.class).book(7).toFuture();
				cluster.time().advance(Duration.ofSeconds(1));
				assertThat(token.get()).isPositive();
				context.getBean(Jobs.class).cleanUp();
				context.getBean(Jobs.class).cleanUp();
				assertThat(context.getBean(Archive.class).shrunk()).as("the second one was skipped").isEqualTo(1);
				context.getBean(Warehouse.class).take("screw", 3);
				assertThat(context.getBean(Stock.class).taken()).isEqualTo(3);
			});
	}

	@Test
	void yamlSnippetConfiguresTwoSetsOfNodes() throws IOException {
		List<PropertySource<?>> sources = yaml("docs/properties.md", "sets:");
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, SslAutoConfiguration.class))
			.withInitializer((context) -> sources
				.forEach((source) -> context.getEnvironment().getPropertySources().addFirst(source)))
			.run((context) -> assertThat(context).hasBean("redlock").hasBean("warehouseRedlock"));
	}

	@Test
	void programmaticSnippetsRun() {
		FakeCluster cluster = new FakeCluster(3);
		Programmatic programmatic = new Programmatic(cluster.client());
		assertThat(programmatic.block()).isEqualTo("receipt 42 true");
		programmatic.resources();
		assertThat(programmatic.moved()).isPositive();
		programmatic.once();
		assertThat(programmatic.written()).isTrue();
		programmatic.async();
		cluster.time().advance(Duration.ofSeconds(1));
		assertThat(List.of("order:42", "account:1", "account:2", "nightly-report"))
			.allSatisfy((resource) -> assertThat(cluster.holding(resource)).isZero());
	}

	@Test
	void listeningSnippetRuns() {
		FakeCluster cluster = new FakeCluster(3);
		LockHandle lock = cluster.client().acquire("a");
		cluster.time().advance(Duration.ofMinutes(1));
		this.runner.withBean(Redlock.class, cluster::client).withBean(Listening.class).run((context) -> {
			lock.lost().thenAccept((error) -> context.publishEvent(new LockLostEvent(lock, error)));
			assertThat(context.getBean(Listening.class).alarm().raised()).isNotNull();
		});
	}

	@Test
	void yamlSnippetConfiguresThreeNodes() throws IOException {
		List<PropertySource<?>> sources = yaml("README.md", "nodes:");
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, SslAutoConfiguration.class))
			.withInitializer((context) -> sources
				.forEach((source) -> context.getEnvironment().getPropertySources().addFirst(source)))
			.run((context) -> assertThat(context.getBean(RedlockConnectionDetails.class).getNodes())
				.extracting(RedlockConnectionDetails.Node::name)
				.containsExactly("redis1.example.com:6379", "redis2.example.com:6379", "redis3.example.com:6379"));
	}

	/** docs/traps.md names tests; each of them exists. */
	@Test
	void everyTestNamedInTheListOfTrapsExists() throws IOException {
		String traps = Document.text(Document.ROOT.resolve("docs/traps.md"));
		String source = "";
		List<String> rows = traps.lines().filter((line) -> line.matches("\\| \\d+ .*")).toList();
		assertThat(rows).hasSizeGreaterThan(40);
		for (String row : rows) {
			List<String> names = Pattern.compile("`(\\w+)(?:\\.(\\w+))?`")
				.matcher(row.substring(row.lastIndexOf(" | ")))
				.results()
				.flatMap((match) -> Stream.of(match.group(1), match.group(2)))
				.filter(Objects::nonNull)
				.toList();
			assertThat(names).as(row).isNotEmpty();
			for (String name : names) {
				if (Character.isUpperCase(name.charAt(0))) {
					source = source(name);
				}
				else {
					assertThat(source).as("%s in %s", name, row).contains("void " + name + "(");
				}
			}
		}
	}

	private static String source(String testClass) throws IOException {
		for (Path module : List.of(Path.of("."), Path.of("..", "redlock-sample-app"))) {
			try (Stream<Path> files = Files.walk(module.resolve("src/test/java"))) {
				Optional<Path> file = files.filter((path) -> path.endsWith(testClass + ".java")).findFirst();
				if (file.isPresent()) {
					return Files.readString(file.get());
				}
			}
		}
		throw new AssertionError("there is no " + testClass);
	}

}
