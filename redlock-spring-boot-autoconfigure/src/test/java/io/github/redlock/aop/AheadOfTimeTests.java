package io.github.redlock.aop;

import org.junit.jupiter.api.Test;

import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.javapoet.ClassName;
import org.springframework.mock.env.MockEnvironment;

import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is kept when an application is processed ahead of time.
 */
class AheadOfTimeTests {

	static class Service {

		@DistributedLock(key = "#id", onUnavailable = LockFailurePolicy.FALLBACK, fallback = "busy")
		public String run(String id) {
			return "ran";
		}

		private String busy(String id) {
			return "busy";
		}

		String other() {
			return "";
		}

	}

	private static RuntimeHints hints() {
		DefaultGenerationContext generation = new DefaultGenerationContext(
				new ClassNameGenerator(ClassName.get("com.example", "Application")), new InMemoryGeneratedFiles());
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			MockEnvironment environment = new MockEnvironment();
			environment.setProperty("redlock.mode", "in-memory");
			environment.setProperty("redlock.sets.other.key-prefix", "x");
			context.setEnvironment(environment);
			context.register(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class);
			context.registerBean(Service.class);
			new ApplicationContextAotGenerator().processAheadOfTime((GenericApplicationContext) context, generation);
		}
		generation.writeGeneratedContent();
		return generation.getRuntimeHints();
	}

	@Test
	void scriptsExpressionsAndFallbacksAreKept() throws Exception {
		RuntimeHints hints = hints();
		for (String script : new String[] { "acquire", "extend", "heal", "release", "release-later", "ping" }) {
			assertThat(RuntimeHintsPredicates.resource().forResource("io/github/redlock/redis/" + script + ".lua"))
				.as(script)
				.accepts(hints);
		}
		assertThat(RuntimeHintsPredicates.reflection().onType(redis.clients.jedis.Connection.class)).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(JedisConnectionFactory.class.getMethod("setUseUnifiedJedis", boolean.class)))
			.as("looked for by its name")
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(Service.class.getDeclaredMethod("busy", String.class))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(LockKeyRoot.class.getMethod("getTarget")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(Service.class.getMethod("run", String.class)))
			.as("found by its annotation")
			.accepts(hints);
	}

}
