package io.github.redlock.autoconfigure;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;

import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What connections are opened with when the connection details change.
 */
class CurrentNodeSettingsTests {

	private final AtomicReference<Supplier<List<Node>>> details = new AtomicReference<>();

	private static Node node(String name, String password) {
		return node(name, password, null);
	}

	private static Node node(String name, String password, SslBundle bundle) {
		return new Node(name, name + ".invalid", 6379, "user", password, 0, bundle);
	}

	private void say(Node... nodes) {
		this.details.set(() -> List.of(nodes));
	}

	private CurrentNodeSettings settings(Node... nodes) {
		say(nodes);
		return new CurrentNodeSettings("redlock.nodes", () -> this.details.get().get(), List.of(nodes));
	}

	@Test
	void newDetailsHoldForTheNextConnection() {
		CurrentNodeSettings settings = settings(node("a", "one"), node("b", "other"));
		assertThat(settings.get("a").password()).isEqualTo("one");
		say(node("b", "other"), new Node("a", "moved.invalid", 7000, "somebody", "two", 0, null));
		assertThat(Warnings.during(() -> {
			assertThat(settings.get("a"))
				.isEqualTo(new RedisNodeSettings("a", "moved.invalid", 7000, "somebody", "two", 0, null));
			assertThat(settings.get("b").password()).isEqualTo("other");
		})).isEmpty();
	}

	@Test
	void nodeThatIsGoneKeepsItsLastSettings() {
		CurrentNodeSettings settings = settings(node("a", "one"), node("b", "one"));
		say(node("a", "two"), node("b", "two"));
		settings.get("b");
		say(node("a", "three"), node("c", "three"));
		assertThat(Warnings.during(() -> {
			assertThat(settings.get("a").password()).isEqualTo("three");
			assertThat(settings.get("b").password()).isEqualTo("two");
			assertThat(settings.get("b").host()).isEqualTo("b.invalid");
		})).singleElement(as(InstanceOfAssertFactories.STRING))
			.contains("redlock.nodes")
			.contains("They name [a, c], and [a, b] at start-up")
			.contains("restart the application to add or remove nodes")
			.doesNotContain("three");
	}

	@Test
	void eachChangeOfTheNodesIsWarnedOfOnce() {
		CurrentNodeSettings settings = settings(node("a", "one"));
		assertThat(Warnings.during(() -> {
			say(node("a", "one"), node("b", "one"));
			settings.get("a");
			settings.get("a");
		})).hasSize(1);
		assertThat(Warnings.during(() -> {
			say(node("a", "one"));
			settings.get("a");
		})).isEmpty();
		assertThat(Warnings.during(() -> {
			say(node("a", "one"), node("b", "one"));
			settings.get("a");
		})).hasSize(1);
	}

	@Test
	void detailsThatCannotBeAskedLeaveWhatWasKnown() {
		CurrentNodeSettings settings = settings(node("a", "one"));
		say(node("a", "two"));
		settings.get("a");
		this.details.set(() -> {
			throw new IllegalStateException("the vault is sealed");
		});
		assertThat(Warnings.during(() -> assertThat(settings.get("a").password()).isEqualTo("two")))
			.singleElement(as(InstanceOfAssertFactories.STRING))
			.contains("They cannot be asked")
			.contains("the vault is sealed");
		say(node("a", "three"));
		assertThat(settings.get("a").password()).isEqualTo("three");
	}

	@Test
	void contextIsMadeAnewForAnotherBundleOnly() {
		SslBundle first = SslBundle.of(SslStoreBundle.NONE);
		CurrentNodeSettings settings = settings(node("a", "one", first));
		RedisNodeSettings before = settings.get("a");
		say(node("a", "two", first));
		assertThat(settings.get("a").tls()).isNotNull().isSameAs(before.tls());
		say(node("a", "two", SslBundle.of(SslStoreBundle.NONE)));
		assertThat(settings.get("a").tls()).isNotNull().isNotSameAs(before.tls());
	}

}
