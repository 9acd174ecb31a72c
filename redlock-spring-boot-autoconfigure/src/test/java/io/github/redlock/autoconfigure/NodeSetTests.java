package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionEvaluationReport;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.memory.InMemoryLocks;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Further sets of nodes, and further {@link Redlock} beans.
 */
class NodeSetTests {

	private static final String[] NODES = { "redlock.nodes[0].host=127.0.0.1", "redlock.nodes[0].port=1",
			"redlock.sets.billing.nodes[0].host=127.0.0.1", "redlock.sets.billing.nodes[0].port=2",
			"redlock.sets.billing.nodes[1].url=redis://127.0.0.1:3" };

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(AutoConfigurations
		.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class, AopAutoConfiguration.class));

	static class Client {

		final Redlock primary;

		final Redlock billing;

		Client(Redlock primary, @Qualifier("billing") Redlock billing) {
			this.primary = primary;
			this.billing = billing;
		}

	}

	@Test
	void eachSetOfNodesIsALockWithItsNameAsQualifier() {
		this.runner.withPropertyValues(NODES).withBean(Client.class).run((context) -> {
			assertThat(context).hasNotFailed();
			Client client = context.getBean(Client.class);
			assertThat(client.billing).isNotSameAs(client.primary).isSameAs(context.getBean("billingRedlock"));
			assertThat(client.primary).isSameAs(context.getBean("redlock"));
		});
	}

	@Test
	void lockOfASetIsClosedWithTheContext() {
		DefaultRedlock[] billing = new DefaultRedlock[1];
		this.runner.withPropertyValues(NODES)
			.run((context) -> billing[0] = context.getBean("billingRedlock", DefaultRedlock.class));
		assertThatIllegalStateException().isThrownBy(() -> billing[0].acquire("a")).withMessageContaining("closed");
	}

	@Test
	void badNodesAreRefusedByTheirProperty() {
		this.runner.withPropertyValues(NODES)
			.withPropertyValues("redlock.sets.billing.nodes[1].url=redis://127.0.0.1:2")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(RedlockConfigurationException.class)
				.hasMessageContaining("redlock.sets.billing.nodes has the address 127.0.0.1:2 twice"));
		this.runner.withPropertyValues(NODES)
			.withPropertyValues("redlock.sets.shipping.key-prefix=x")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("redlock.sets.shipping.nodes is empty"));
		this.runner.withPropertyValues(NODES)
			.withPropertyValues("redlock.sets.billing.nodes[1].port=70000", "redlock.sets.billing.nodes[1].url=",
					"redlock.sets.billing.nodes[1].host=a")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("redlock.sets.billing.nodes[1].port = 70000"));
	}

	private static boolean isLocked(Redlock redlock) {
		Optional<LockHandle> lock = redlock.tryAcquire("a");
		lock.ifPresent(LockHandle::release);
		return lock.isEmpty();
	}

	static class Service {

		@DistributedLock(key = "a")
		public boolean isLockedBy(Redlock redlock) {
			return isLocked(redlock);
		}

		@DistributedLock(key = "a", redlock = "billing")
		public boolean isLockedBySet(Redlock redlock) {
			return isLocked(redlock);
		}

		@DistributedLock(key = "a", redlock = "${which:otherLock}")
		public boolean isLockedByBean(Redlock redlock) {
			return isLocked(redlock);
		}

	}

	@Test
	void annotationPicksALockByQualifierOrBeanName() {
		this.runner.withPropertyValues("redlock.mode=in-memory", "redlock.sets.billing.key-prefix=x")
			.withBean("otherLock", Redlock.class,
					() -> new FakeCluster(3).client((builder) -> builder.callbackExecutor(Runnable::run)),
					(definition) -> ((org.springframework.beans.factory.support.AbstractBeanDefinition) definition)
						.setDefaultCandidate(false))
			.withBean(Service.class)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				Service bean = context.getBean(Service.class);
				Redlock primary = context.getBean("redlock", Redlock.class);
				Redlock billing = context.getBean("billingRedlock", Redlock.class);
				Redlock other = context.getBean("otherLock", Redlock.class);
				assertThat(bean.isLockedBy(primary)).isTrue();
				assertThat(bean.isLockedBy(billing)).isFalse();
				assertThat(bean.isLockedBySet(billing)).isTrue();
				assertThat(bean.isLockedBySet(primary)).isFalse();
				assertThat(bean.isLockedByBean(other)).isTrue();
				assertThat(bean.isLockedByBean(primary)).isFalse();
			});
	}

	static class Outer {

		private final Service inner;

		Outer(Service inner) {
			this.inner = inner;
		}

		@DistributedLock(key = "a")
		public boolean nested(Redlock billing) {
			return this.inner.isLockedBySet(billing);
		}

	}

	/** A lock on the same resource on other nodes is another lock. */
	@Test
	void nestedMethodOnAnotherSetOfNodesTakesItsOwnLock() {
		this.runner.withPropertyValues("redlock.mode=in-memory", "redlock.sets.billing.key-prefix=x", "which=redlock")
			.withBean(Service.class)
			.withBean(Outer.class)
			.run((context) -> assertThat(
					context.getBean(Outer.class).nested(context.getBean("billingRedlock", Redlock.class)))
				.isTrue());
	}

	@ParameterizedTest
	@ValueSource(strings = { "in-memory", "IN_MEMORY", "in_memory", "inMemory" })
	void modeMayBeWrittenInEveryForm(String mode) {
		this.runner.withPropertyValues("redlock.mode=" + mode).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(Redlock.class).tryAcquire("a")).get().satisfies(LockHandle::release);
		});
	}

	@Test
	void conditionsSayWhyThereIsNoRedisNode() {
		this.runner.withPropertyValues("redlock.mode=inMemory")
			.run((context) -> assertThat(conditions(context)).contains(
					"@ConditionalOnMode (redis) redlock.mode is in-memory",
					"@ConditionalOnMode (in-memory) redlock.mode is in-memory"));
		this.runner.withPropertyValues(NODES)
			.run((context) -> assertThat(conditions(context)).contains(
					"@ConditionalOnMode (redis) redlock.mode is redis",
					"@ConditionalOnMode (in-memory) redlock.mode is redis"));
	}

	private static List<String> conditions(AssertableApplicationContext context) {
		return ConditionEvaluationReport.get(context.getSourceApplicationContext().getBeanFactory())
			.getConditionAndOutcomesBySource()
			.values()
			.stream()
			.flatMap((outcomes) -> StreamSupport.stream(outcomes.spliterator(), false))
			.map((each) -> each.getOutcome().getMessage())
			.toList();
	}

	@Test
	void unknownModeIsRefused() {
		this.runner.withPropertyValues("redlock.mode=memory")
			.run((context) -> assertThat(context).getFailure().hasStackTraceContaining("redlock.mode"));
	}

	@Test
	void longestHoldOfAllIsAProperty() {
		this.runner.withPropertyValues("redlock.mode=in-memory", "redlock.max-hold=2s").run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			assertThat(redlock.defaultOptions().maxHold()).contains(Duration.ofSeconds(2));
			assertThat(redlock.acquire("a").remainingValidity()).isLessThanOrEqualTo(Duration.ofSeconds(2));
		});
		for (String bad : List.of("0s", "-1s")) {
			this.runner.withPropertyValues("redlock.mode=in-memory", "redlock.max-hold=" + bad)
				.run((context) -> assertThat(context).getFailure()
					.rootCause()
					.hasMessageContaining("redlock.max-hold"));
		}
	}

	/** Also of a set of nodes, and of a bean of the application's own. */
	@Test
	void closingTheContextWaitsForEveryLock() {
		DefaultRedlock[] own = new DefaultRedlock[1];
		LockHandle[] held = new LockHandle[2];
		CompletableFuture<Boolean> released = new CompletableFuture<>();
		this.runner.withPropertyValues("redlock.mode=in-memory", "redlock.sets.billing.key-prefix=x")
			.withBean("own", DefaultRedlock.class,
					() -> own[0] = new RedlockBuilder().nodes(new InMemoryLocks(System::nanoTime).newNodes()).build())
			.run((context) -> {
				held[0] = own[0].acquire("a", Duration.ofSeconds(20));
				held[1] = context.getBean("billingRedlock", Redlock.class).acquire("a", Duration.ofSeconds(20));
				CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS).execute(() -> {
					boolean valid = held[0].isValid() && held[1].isValid();
					for (LockHandle lock : held) {
						valid &= lock.release();
					}
					released.complete(valid);
				});
			});
		assertThat(released).as("both were valid until their release")
			.succeedsWithin(Duration.ofSeconds(20))
			.isEqualTo(true);
	}

}
