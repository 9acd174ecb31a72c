package io.github.redlock.integration;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.support.DefaultLifecycleProcessor;

import io.github.redlock.LockHandle;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.RedisServers;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What contexts leave behind on real servers when they end. Numbers in brackets: see
 * docs/traps.md.
 */
@Timeout(300)
class ClosedContextIT {

	private static final Duration TTL = Duration.ofSeconds(20);

	private static final LockOptions EXTENDED = LockOptions.builder().autoExtend(true).build();

	private static final int ROUNDS = 20;

	private final RedisServers servers = new RedisServers(3);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
		.withPropertyValues(this.servers.properties())
		// A driver's first command loads its classes, beside other JVMs that do the same.
		.withPropertyValues("redlock.command-timeout=2s");

	@AfterEach
	void stop() {
		this.servers.close();
	}

	private static List<String> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.map(Thread::getName)
			.filter((name) -> name.startsWith("redlock-"))
			.toList();
	}

	/** Without the one that asks. */
	private static long connections(RedisServer server) {
		try (Jedis jedis = server.connect()) {
			return jedis.clientList().lines().count() - 1;
		}
	}

	private void assertNothingIsLeft() {
		await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
			assertThat(threads()).isEmpty();
			assertThat(this.servers.servers()).allSatisfy((server) -> assertThat(connections(server)).isZero());
		});
	}

	private static DefaultLifecycleProcessor impatient() {
		DefaultLifecycleProcessor processor = new DefaultLifecycleProcessor();
		processor.setTimeoutPerShutdownPhase(100);
		return processor;
	}

	/** Its lock is lost either way, and the log says so. */
	@ParameterizedTest
	@CsvSource({ "false, jedis", "true, jedis", "false, lettuce", "true, lettuce" })
	void lockOfAJobThatDoesNotEndIsReleasedOnlyIfThatIsWanted(boolean release, String driver) throws Exception {
		CountDownLatch aborted = new CountDownLatch(1);
		List<String> warnings = Warnings.during(() -> this.runner
			.withPropertyValues("redlock.client-type=" + driver, "redlock.release-held-on-close=" + release)
			.withBean("lifecycleProcessor", DefaultLifecycleProcessor.class, ClosedContextIT::impatient)
			.run((context) -> {
				LockHandle lock = context.getBean(Redlock.class).acquire("job", TTL, EXTENDED);
				lock.lost().thenRun(aborted::countDown);
				await().until(() -> this.servers.holding("redlock:job") == 3);
			}));
		assertThat(aborted.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(warnings).anySatisfy((line) -> assertThat(line).contains("Lost the lock on [job]: the Redlock was",
				release ? "released, although its holder may still be at work" : "expire by themselves"));
		assertNothingIsLeft();
		assertThat(this.servers.holding("redlock:job")).isEqualTo(release ? 0 : 3);
	}

	/** [64] */
	@Test
	void tenThousandCyclesAndACloseLeaveNothing() {
		List<Long> during = new ArrayList<>();
		this.runner.run((context) -> {
			Redlock redlock = context.getBean(Redlock.class);
			for (int i = 0; i < 10_000; i++) {
				redlock.acquire("cycle" + i % 10, TTL, EXTENDED).release();
				if (i == 100 || i == 9_999) {
					during.add(connections(this.servers.server(0)) + threads().size());
				}
			}
		});
		assertThat(during.get(1)).as("connections and threads after all of them").isLessThanOrEqualTo(during.get(0));
		assertNothingIsLeft();
		assertThat(this.servers.holding("redlock:cycle1")).isZero();
	}

	/** [65] */
	@ParameterizedTest
	@ValueSource(strings = { "jedis", "lettuce" })
	void nodeThatFlapsGrowsNeitherThreadsNorConnections(String driver) {
		this.runner.withPropertyValues("redlock.client-type=" + driver).run((context) -> {
			DefaultRedlock redlock = context.getBean(DefaultRedlock.class);
			List<Long> connections = new ArrayList<>();
			List<Long> threads = new ArrayList<>();
			for (int round = 0; round < ROUNDS; round++) {
				this.servers.server(0).kill();
				for (int i = 0; i < 50; i++) {
					redlock.acquire("flapping", TTL, EXTENDED).release();
				}
				this.servers.server(0).start();
				await().atMost(Duration.ofSeconds(20)).until(() -> redlock.nodes().voting() == 3);
				redlock.acquire("flapping", TTL, EXTENDED).release();
				connections.add(this.servers.servers().stream().mapToLong(ClosedContextIT::connections).sum());
				// Those of callbacks come and go with the load.
				threads.add(threads().stream().filter((name) -> !name.startsWith("redlock-callback")).count());
			}
			// One that ends may still be there.
			assertThat(connections.get(ROUNDS - 1)).as("connections %s", connections)
				.isLessThanOrEqualTo(connections.get(0) + 3);
			assertThat(threads.get(ROUNDS - 1)).as("threads %s", threads).isLessThanOrEqualTo(threads.get(0) + 3);
		});
		assertNothingIsLeft();
	}

	/** The end of one is not the end of the others. */
	@Test
	void severalContextsExcludeEachOtherAndEndByThemselves() {
		Duration ttl = Duration.ofSeconds(2);
		this.runner.run((first) -> {
			LockHandle kept = first.getBean(Redlock.class).acquire("a", ttl, EXTENDED);
			int alone = threads().size();
			this.runner.run((second) -> {
				Redlock redlock = second.getBean(Redlock.class);
				assertThat(redlock.tryAcquire("a", ttl)).isEmpty();
				assertThat(redlock.acquire("b", ttl).release()).isTrue();
				assertThat(first.getBean(Redlock.class).acquire("b", ttl).release()).isTrue();
			});
			await().untilAsserted(() -> assertThat(threads()).hasSizeLessThanOrEqualTo(alone));
			await().during(ttl.plusMillis(500)).atMost(ttl.multipliedBy(5)).until(kept::isValid);
			assertThat(kept.release()).isTrue();
		});
		assertNothingIsLeft();
	}

	/** [64]: timers, threads and thread-locals of the thread that lives on included. */
	@Test
	void restartsLeaveNoClassLoaderBehind() throws Exception {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
						// Caches of Spring keep classes softly.
						"-XX:SoftRefLRUPolicyMSPerMB=0", "-cp", System.getProperty("java.class.path"),
						Restarts.class.getName()));
		command.addAll(Arrays.asList(this.servers.properties()));
		Path output = Files.createTempFile("redlock-restarts", ".log");
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		try {
			assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
			assertThat(output).content().containsOnlyOnce("all collected");
			assertThat(process.exitValue()).isZero();
		}
		finally {
			process.destroyForcibly();
			Files.delete(output);
		}
	}

	/**
	 * Starts the application again and again in one JVM: as devtools does, which has the
	 * classes of the application in a loader that is thrown away and the library in that
	 * of the JVM; and as a container does, which throws away the library too.
	 */
	static final class Restarts {

		private static final String APPLICATION = RestartedApplication.class.getName();

		public static void main(String[] properties) throws Exception {
			List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
			for (int i = 0; i < 2; i++) {
				loaders.add(restart((name) -> name.startsWith(APPLICATION), properties));
				loaders.add(restart((name) -> name.startsWith("io.github.redlock."), properties));
			}
			// CGLIB keeps the stack of the first one in a static exception, and the JDK
			// keeps a type of the last one in a method handle.
			List<WeakReference<ClassLoader>> others = loaders.subList(1, loaders.size() - 1);
			await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
				System.gc();
				// Without a strong reference to it, not even in an error.
				assertThat(others).allMatch((loader) -> loader.refersTo(null));
				assertThat(threads()).isEmpty();
			});
			System.out.println("all collected");
		}

		@SuppressWarnings("unchecked")
		private static WeakReference<ClassLoader> restart(Predicate<String> own, String[] properties)
				throws ReflectiveOperationException {
			Thread thread = Thread.currentThread();
			ClassLoader before = thread.getContextClassLoader();
			ClassLoader loader = new RestartClassLoader(own);
			thread.setContextClassLoader(loader);
			try {
				Class<?> application = Class.forName(APPLICATION, true, loader);
				assertThat(application.getClassLoader()).isSameAs(loader);
				((Consumer<String[]>) application.getConstructor().newInstance()).accept(properties);
			}
			finally {
				thread.setContextClassLoader(before);
			}
			return new WeakReference<>(loader);
		}

	}

	/** Has classes of its own, where others have them from their parent. */
	private static final class RestartClassLoader extends ClassLoader {

		private final Predicate<String> own;

		private RestartClassLoader(Predicate<String> own) {
			super(RestartClassLoader.class.getClassLoader());
			this.own = own;
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			if (!this.own.test(name)) {
				return super.loadClass(name, resolve);
			}
			synchronized (getClassLoadingLock(name)) {
				Class<?> loaded = findLoadedClass(name);
				return (loaded != null) ? loaded : define(name);
			}
		}

		private Class<?> define(String name) throws ClassNotFoundException {
			try (InputStream stream = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
				if (stream == null) {
					throw new ClassNotFoundException(name);
				}
				byte[] code = stream.readAllBytes();
				return defineClass(name, code, 0, code.length);
			}
			catch (IOException ex) {
				throw new ClassNotFoundException(name, ex);
			}
		}

	}

}
