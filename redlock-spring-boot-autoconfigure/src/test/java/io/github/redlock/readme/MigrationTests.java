package io.github.redlock.readme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;

import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockConnectionDetails;
import io.github.redlock.event.NodeErrorEvent;
import io.github.redlock.readme.MigrationSnippets.NodeErrorListener;
import io.github.redlock.readme.MigrationSnippets.NodeErrors;
import io.github.redlock.spi.Vote.Failed.Reason;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What docs/migration.md says of this side.
 */
class MigrationTests {

	private static final Path PAGE = Path.of("../docs/migration.md");

	private final FakeCluster cluster = new FakeCluster(3);

	private final Redlock redlock = this.cluster.client();

	private final MigrationSnippets snippets = new MigrationSnippets(this.redlock);

	/** Another implementation of Redlock sets the same key, with a value of its own. */
	private void holdElsewhere(String resource) {
		this.cluster.nodes().forEach((node) -> node.hold(resource, "theirs", Duration.ofMinutes(10)));
	}

	private LockNotAcquiredException failure(LockOptions options) {
		return catchThrowableOfType(LockNotAcquiredException.class,
				() -> this.redlock.acquire("a", Duration.ofSeconds(5), options));
	}

	@Test
	void snippetsRun() {
		this.snippets.acquireExtendRelease();
		assertThat(this.snippets.using()).isEqualTo("done");
		CompletableFuture<Boolean> released = this.snippets.promise();
		this.cluster.time().advance(Duration.ofSeconds(1));
		assertThat(released).isCompletedWithValue(true);
		assertThat(this.snippets.done()).containsExactly("first", "second", "foo", "bar", "async");
		assertThat(List.of("a", "foo", "bar")).allSatisfy((name) -> assertThat(this.cluster.holding(name)).isZero());
	}

	@Test
	void outcomesAreToldApart() {
		assertThat(this.snippets.outcomes()).isEqualTo("done");
		holdElsewhere("a");
		assertThat(this.snippets.outcomes()).isEqualTo("somebody else has it");
		this.cluster.node(0).failWith(Reason.UNREACHABLE, new IllegalStateException("gone"));
		this.cluster.node(1).failWith(Reason.UNREACHABLE, new IllegalStateException("gone"));
		assertThat(this.snippets.outcomes()).isEqualTo("too few nodes answered");
	}

	@Test
	void retryCountIsTheNumberOfAttemptsThatFollowTheFirst() {
		assertThat(this.redlock.defaultOptions().retryCount()).contains(3);
		assertThat(this.redlock.defaultOptions().retryDelay()).contains(Duration.ofMillis(200));
		assertThat(this.redlock.defaultOptions().retryJitter()).contains(Duration.ofMillis(100));
		assertThat(this.redlock.defaultOptions().driftFactor()).contains(0.01);
		holdElsewhere("a");
		assertThat(failure(LockOptions.defaults()).getAttempts()).hasSize(1 + 3);
		LockNotAcquiredException error = failure(this.snippets.asInNodeRedlock());
		assertThat(error).hasMessageContaining("(" + (1 + 10) + " attempt(s)");
		assertThat(error.getAttempts()).allMatch(MigrationSnippets::isHeldElsewhere);
	}

	@Test
	void errorOfANodeIsHeardAlthoughTheLockIsGranted() {
		NodeErrorListener listener = new NodeErrorListener();
		this.cluster.node(0).failWith(new IllegalStateException("broken"));
		Redlock client = this.cluster.client((builder) -> builder.listener(listener));
		assertThat(client.acquire("a").release()).isTrue();
		this.cluster.time().advance(Duration.ofSeconds(1));
		assertThat(listener.seen()).first().asString().startsWith("node0: ").contains("broken");
	}

	@Test
	void somebodyElsesLockIsNoErrorOfANode() {
		NodeErrorListener listener = new NodeErrorListener();
		Redlock client = this.cluster.client((builder) -> builder.listener(listener));
		holdElsewhere("a");
		assertThat(client.tryAcquire("a")).isEmpty();
		this.cluster.time().advance(Duration.ofSeconds(1));
		assertThat(listener.seen()).isEmpty();
	}

	@Test
	void errorOfANodeIsAnApplicationEvent() {
		new ApplicationContextRunner().withBean(NodeErrors.class).run((context) -> {
			context.publishEvent(new NodeErrorEvent("node0", new IllegalStateException("broken")));
			assertThat(context.getBean(NodeErrors.class).seen()).hasSize(1);
		});
	}

	@Test
	void yamlSnippetsSayHowLongCallersWait() throws IOException {
		List<String> snippets = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL)
			.matcher(Files.readString(PAGE))
			.results()
			.map((match) -> match.group(1))
			.toList();
		assertThat(snippets).hasSize(2);
		List<PropertySource<?>> sources = new ArrayList<>();
		for (String snippet : snippets) {
			sources.addAll(new YamlPropertySourceLoader().load("snippet" + sources.size(),
					new ByteArrayResource(snippet.getBytes(StandardCharsets.UTF_8))));
		}
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, SslAutoConfiguration.class))
			.withInitializer((context) -> sources
				.forEach((source) -> context.getEnvironment().getPropertySources().addFirst(source)))
			.run((context) -> {
				assertThat(context.getBean(RedlockConnectionDetails.class).getNodes()).hasSize(3);
				LockOptions defaults = context.getBean(Redlock.class).defaultOptions();
				assertThat(defaults.retryCount()).contains(10);
				assertThat(defaults.waitTime()).contains(Duration.ofSeconds(3));
			});
	}

	/** Everything that node-redlock 4.2.0 and 5.0.0-beta.2 have in their interface. */
	@Test
	void everyNameOfNodeRedlockIsOnThePage() throws IOException {
		String page = Files.readString(PAGE);
		assertThat(List.of("new Redlock(", "driftFactor", "retryCount", "retryDelay", "retryJitter",
				"automaticExtensionThreshold", "acquireScript", "extendScript", "releaseScript", "lockScript",
				"unlockScript", ".lock(", ".acquire(", "lockWithOptions", "acquireWithOptions", "disposer", ".using(",
				".extend(", ".unlock(", ".release(", ".quit(", "'clientError'", "'error'", "LockError",
				"ResourceLockedError", "ExecutionError", "ExecutionStats", "ExecutionResult", "membershipSize",
				"quorumSize", "votesFor", "votesAgainst", ".attempts", "attemptsRemaining", ".expiration", ".resource`",
				".resources", ".value", ".redlock", "signal.aborted", "signal.error", ".clients", ".settings",
				".servers", ".scripts"))
			.allSatisfy((name) -> assertThat(page).contains(name));
	}

}
