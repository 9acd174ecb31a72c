package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import ch.qos.logback.classic.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.spi.LockNode;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every branch of the configuration. No Redis: the addresses lead nowhere.
 */
class RedlockAutoConfigurationTests {

	private static final String[] THREE = { "redlock.nodes[0].host=127.0.0.1", "redlock.nodes[0].port=1",
			"redlock.nodes[1].host=127.0.0.1", "redlock.nodes[1].port=2", "redlock.nodes[2].host=127.0.0.1",
			"redlock.nodes[2].port=3" };

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
				SslAutoConfiguration.class, AopAutoConfiguration.class));

	private static FailureAnalysis analysis(AssertableApplicationContext context) {
		assertThat(context).hasFailed();
		FailureAnalysis analysis = new RedlockConfigurationFailureAnalyzer().analyze(context.getStartupFailure());
		assertThat(analysis).as("failure analysis of %s", context.getStartupFailure()).isNotNull();
		return analysis;
	}

	private void assertRefused(String property, String... inMessage) {
		this.runner.withPropertyValues(THREE).withPropertyValues(property).run((context) -> {
			FailureAnalysis analysis = analysis(context);
			assertThat(analysis.getDescription()).contains(inMessage);
			assertThat(analysis.getAction()).isNotBlank();
		});
	}

	@Test
	void listedNodesMakeARedlock() {
		this.runner.withPropertyValues(THREE).run((context) -> {
			assertThat(context).hasSingleBean(Redlock.class);
			assertThat(context.getBean(RedisLockNodes.class).nodes()).extracting(LockNode::name)
				.containsExactly("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3");
			assertThat(context.getBean(Redlock.class).defaultTtl()).isEqualTo(Duration.ofSeconds(30));
		});
	}

	/** Spring warns of each bean that not every post-processor may have seen. */
	@Test
	void beansOfTheApplicationAreProcessedByAllPostProcessors() {
		assertThat(Warnings.during("org.springframework", Level.WARN,
				() -> this.runner.withPropertyValues(THREE)
					.withBean("bean", Object.class)
					.run((context) -> assertThat(context).hasNotFailed())))
			.isEmpty();
	}

	@Test
	void connectionFactoriesOfTheNodesAreNoBeans() {
		this.runner.withPropertyValues(THREE)
			.run((context) -> assertThat(context).doesNotHaveBean(RedisConnectionFactory.class));
	}

	@Test
	void applicationKeepsItsOwnConnectionBesideTheNodes() {
		this.runner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
			.withPropertyValues(THREE)
			.withPropertyValues("spring.data.redis.port=7777", "spring.data.redis.client-type=jedis")
			.run((context) -> {
				assertThat(context).hasSingleBean(RedisConnectionFactory.class).hasSingleBean(Redlock.class);
				assertThat(context.getBean(JedisConnectionFactory.class).getPort()).isEqualTo(7777);
				assertThat(context.getBean(RedisLockNodes.class).nodes()).hasSize(3);
			});
	}

	@Test
	void applicationsOwnConnectionIsTheOnlyNodeWhereNoneIsListed() {
		this.runner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
			.withPropertyValues("spring.data.redis.client-type=jedis")
			.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes()).singleElement()
				.extracting(LockNode::name)
				.isEqualTo("spring.data.redis"));
		assertThat(Warnings
			.during(() -> this.runner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
				.withPropertyValues("spring.data.redis.client-type=jedis")
				.run((context) -> assertThat(context).hasNotFailed())))
			.anyMatch((warning) -> warning.contains("no quorum"))
			.noneMatch((warning) -> warning.contains("even number"));
	}

	@Test
	void failureAnalysisShowsWhatToWriteWhereThereIsNoRedisAtAll() {
		this.runner.run((context) -> {
			FailureAnalysis analysis = analysis(context);
			assertThat(analysis.getDescription()).contains("redlock.nodes is empty").contains("no Redis connection");
			assertThat(analysis.getAction()).contains("redlock:\n")
				.contains("nodes:")
				.contains("redlock.mode=in-memory")
				.contains("redlock.enabled=false");
		});
	}

	@Test
	void severalConnectionsWithoutAPrimaryOneAreNotGuessedAt() {
		this.runner.withUserConfiguration(TwoConnections.class)
			.run((context) -> assertThat(analysis(context).getDescription()).contains("several Redis connections"));
	}

	@Test
	void failureAnalyzerIsRegistered() {
		assertThat(org.springframework.core.io.support.SpringFactoriesLoader.forDefaultResourceLocation()
			.load(org.springframework.boot.diagnostics.FailureAnalyzer.class,
					org.springframework.core.io.support.SpringFactoriesLoader.FailureHandler
						.logging(org.apache.commons.logging.LogFactory.getLog(getClass()))))
			.hasAtLeastOneElementOfType(RedlockConfigurationFailureAnalyzer.class);
	}

	@Test
	void switchedOffThereIsNothing() {
		this.runner.withPropertyValues("redlock.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(Redlock.class)
				.doesNotHaveBean(io.github.redlock.aop.DistributedLockAdvisor.class));
	}

	@Test
	void ownRedlockBeanComesFirst() {
		this.runner.withUserConfiguration(OwnRedlock.class).run((context) -> {
			assertThat(context).hasSingleBean(Redlock.class).doesNotHaveBean(RedisLockNodes.class);
			assertThat(context).hasSingleBean(io.github.redlock.aop.DistributedLockAdvisor.class);
		});
	}

	@Test
	void connectionDetailsReplaceTheProperties() {
		this.runner.withUserConfiguration(OwnConnectionDetails.class)
			.withPropertyValues(THREE)
			.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes()).singleElement()
				.extracting(LockNode::name)
				.isEqualTo("container"));
	}

	/** What a test of an application does with {@code @MockitoBean}. */
	@Test
	void redlockMayBeReplacedByAMock() {
		this.runner.withPropertyValues(THREE)
			.withInitializer((context) -> context.addBeanFactoryPostProcessor((beanFactory) -> {
				org.springframework.beans.factory.support.BeanDefinitionRegistry registry = (org.springframework.beans.factory.support.BeanDefinitionRegistry) beanFactory;
				registry.removeBeanDefinition("redlock");
				registry.registerBeanDefinition("redlock",
						new org.springframework.beans.factory.support.RootBeanDefinition(Redlock.class,
								() -> org.mockito.Mockito.mock(Redlock.class)));
			}))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void customizersAreAppliedLast() {
		this.runner.withPropertyValues(THREE)
			.withPropertyValues("redlock.ttl=10s")
			.withBean(RedlockBuilderCustomizer.class, () -> (builder) -> builder.defaultTtl(Duration.ofSeconds(5)))
			.run((context) -> assertThat(context.getBean(Redlock.class).defaultTtl()).isEqualTo(Duration.ofSeconds(5)));
	}

	@Test
	void withoutSpringDataRedisThereIsNothing() {
		this.runner.withPropertyValues(THREE)
			.withClassLoader(new FilteredClassLoader(RedisConnectionFactory.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(Redlock.class));
	}

	@Test
	void withoutJedisTheNodesAreReachedByLettuce() {
		this.runner.withPropertyValues(THREE)
			.withClassLoader(new FilteredClassLoader("redis.clients.jedis"))
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(Redlock.class));
	}

	@Test
	void withoutADriverListedNodesAreRefused() {
		this.runner.withPropertyValues(THREE)
			.withClassLoader(new FilteredClassLoader("redis.clients.jedis", "io.lettuce"))
			.run((context) -> {
				assertThat(context).hasFailed();
				assertThat(context.getStartupFailure()).hasRootCauseInstanceOf(RedlockConfigurationException.class)
					.hasStackTraceContaining("Jedis is not on the class path");
			});
	}

	/** Fake nodes in virtual time behind everything that the properties set. */
	private ApplicationContextRunner onFakeNodes(FakeCluster cluster) {
		return this.runner.withPropertyValues(THREE)
			.withBean(RedlockBuilderCustomizer.class,
					() -> (builder) -> builder.nodes(cluster.nodes())
						.time(cluster.time())
						.callbackExecutor(Runnable::run));
	}

	@Test
	void everyPropertyTakesEffect() {
		FakeCluster cluster = new FakeCluster(3);
		onFakeNodes(cluster)
			.withPropertyValues("redlock.ttl=10s", "redlock.drift-factor=0.1", "redlock.retry.count=1",
					"redlock.retry.delay=50ms", "redlock.retry.jitter=0ms", "redlock.command-timeout=70ms",
					"redlock.auto-extend.after=0.5", "redlock.fencing.enabled=false")
			.run((context) -> {
				Redlock redlock = context.getBean(Redlock.class);
				LockHandle lock = redlock.acquire("a");
				assertThat(lock.remainingValidity()).isEqualTo(Duration.ofMillis(10_000 - 1000 - 2));
				assertThat(org.assertj.core.api.Assertions.catchThrowable(lock::fencingToken)).isNotNull();
				Duration start = cluster.time().elapsed();
				LockNotAcquiredException held = org.assertj.core.api.Assertions
					.catchThrowableOfType(LockNotAcquiredException.class, () -> redlock.acquire("a"));
				assertThat(held.getAttempts()).hasSize(2);
				assertThat(cluster.time().elapsed().minus(start)).isEqualTo(Duration.ofMillis(50));
				lock.release();
				redlock.using("b", redlock.defaultTtl(), (used, signal) -> {
					cluster.clearLogs();
					cluster.time().advance(Duration.ofMillis(4999));
					assertThat(cluster.node(0).log()).isEmpty();
					cluster.time().advance(Duration.ofMillis(1));
					assertThat(cluster.node(0).log()).containsExactly("extend [b]");
					return "";
				});
				cluster.node(0).freeze();
				cluster.node(1).freeze();
				start = cluster.time().elapsed();
				assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> redlock.tryAcquire("c"))).isNotNull();
				assertThat(cluster.time().elapsed().minus(start)).isEqualTo(Duration.ofMillis(70));
			});
	}

	@Test
	void waitTimeAndAutoExtensionOffTakeEffect() {
		FakeCluster cluster = new FakeCluster(3);
		onFakeNodes(cluster).withPropertyValues("redlock.wait-time=3s", "redlock.auto-extend.enabled=false")
			.run((context) -> {
				Redlock redlock = context.getBean(Redlock.class);
				cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
				Duration start = cluster.time().elapsed();
				assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> redlock.acquire("a"))).isNotNull();
				assertThat(cluster.time().elapsed().minus(start)).isEqualTo(Duration.ofSeconds(3));
				cluster.clearLogs();
				redlock.using("b", Duration.ofSeconds(10), (lock, signal) -> {
					cluster.time().advance(Duration.ofSeconds(9));
					return "";
				});
				assertThat(cluster.node(0).log()).doesNotContain("extend [b]");
			});
	}

	@Test
	void smallestAndUnusualValuesAreAccepted() {
		this.runner.withPropertyValues(THREE)
			.withPropertyValues("redlock.ttl=10s", "redlock.retry.count=-1", "redlock.retry.delay=0ms",
					"redlock.retry.jitter=0ms", "redlock.drift-factor=0", "redlock.wait-time=0s",
					"redlock.connect-timeout=100ms", "redlock.command-timeout=50ms",
					"redlock.auto-extend.enabled=false", "redlock.auto-extend.after=0.5",
					"redlock.fencing.enabled=false", "redlock.key-prefix=")
			.run((context) -> assertThat(context.getBean(Redlock.class).defaultTtl())
				.isEqualTo(Duration.ofSeconds(10)));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "redlock.ttl=0s|redlock.ttl = PT0S", "redlock.ttl=-1s|redlock.ttl = PT-1S",
			"redlock.ttl=500us|whole number of milliseconds", "redlock.ttl=2ms|leaves no validity",
			"redlock.ttl=4000d|longer than", "redlock.drift-factor=NaN|redlock.drift-factor = NaN",
			"redlock.drift-factor=-0.1|redlock.drift-factor = -0.1",
			"redlock.drift-factor=0.6|redlock.drift-factor = 0.6", "redlock.retry.count=-2|redlock.retry.count = -2",
			"redlock.retry.delay=-1ms|redlock.retry.delay = PT-0.001S",
			"redlock.retry.jitter=-1ms|redlock.retry.jitter = PT-0.001S",
			"redlock.wait-time=-1s|redlock.wait-time = PT-1S",
			"redlock.connect-timeout=0s|redlock.connect-timeout = PT0S",
			"redlock.command-timeout=0s|redlock.command-timeout = PT0S",
			"redlock.auto-extend.after=0|redlock.auto-extend.after = 0.0",
			"redlock.auto-extend.after=0.95|redlock.auto-extend.after = 0.95",
			"redlock.key-prefix=a{b|redlock.key-prefix = a{b has a { without a hash tag",
			"redlock.sets.x.key-prefix={}|redlock.sets.x.key-prefix = {} has a { without a hash tag",
			"redlock.command-timeout=2d|longer than PT24H" })
	void valueThatCannotWorkIsRefusedByName(String property, String inMessage) {
		assertRefused(property, inMessage);
	}

	@Test
	void shortTtlIsWarnedAbout() {
		List<String> warnings = Warnings.during(() -> this.runner.withPropertyValues(THREE)
			.withPropertyValues("redlock.ttl=500ms")
			.run((context) -> assertThat(context).hasNotFailed()));
		assertThat(warnings).anyMatch((warning) -> warning.contains("less than 3 command timeouts"));
	}

	@Test
	void evenNumberOfNodesIsWarnedAbout() {
		List<String> warnings = Warnings.during(() -> this.runner.withPropertyValues(java.util.Arrays.copyOf(THREE, 4))
			.run((context) -> assertThat(context).hasSingleBean(Redlock.class)));
		assertThat(warnings).anyMatch((warning) -> warning.contains("even number"));
	}

	@Test
	void oneNodeIsAllowedAndSaidToBeNoQuorum() {
		List<String> warnings = Warnings.during(() -> this.runner.withPropertyValues(java.util.Arrays.copyOf(THREE, 2))
			.run((context) -> assertThat(context).hasSingleBean(Redlock.class)));
		assertThat(warnings).anyMatch((warning) -> warning.contains("no quorum"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "127.0.0.1", "localhost", "LOCALHOST", "::1" })
	void sameAddressTwiceIsRefused(String host) {
		this.runner.withPropertyValues(THREE)
			.withPropertyValues("redlock.nodes[2].host=" + host, "redlock.nodes[2].port=1")
			.run((context) -> assertThat(analysis(context).getDescription()).contains(host + ":1 twice"));
	}

	@Test
	void sameAddressInAUrlIsRefusedToo() {
		this.runner
			.withPropertyValues("redlock.nodes[0].host=redis.example.com",
					"redlock.nodes[1].url=redis://REDIS.example.com:6379/3")
			.run((context) -> assertThat(analysis(context).getDescription()).contains("twice"));
	}

	@Test
	void sameNameTwiceIsRefused() {
		this.runner.withPropertyValues(THREE)
			.withPropertyValues("redlock.nodes[0].name=one", "redlock.nodes[1].name=one")
			.run((context) -> assertThat(analysis(context).getDescription()).contains("name one twice"));
	}

	private List<RedlockConnectionDetails.Node> nodes(String... properties) {
		List<RedlockConnectionDetails.Node> nodes = new ArrayList<>();
		this.runner.withPropertyValues(properties)
			.run((context) -> nodes.addAll(context.getBean(RedlockConnectionDetails.class).getNodes()));
		return nodes;
	}

	@Test
	void portIsTheOneOfRedisUnlessSet() {
		assertThat(nodes("redlock.nodes[0].host=a.invalid")).singleElement()
			.satisfies((node) -> assertThat(node.port()).isEqualTo(6379))
			.satisfies((node) -> assertThat(node.name()).isEqualTo("a.invalid:6379"))
			.satisfies((node) -> assertThat(node.sslBundle()).isNull());
	}

	@Test
	void everyPartOfAUrlIsUsed() {
		assertThat(nodes("redlock.nodes[0].url=rediss://us%40er:p%3Ass@a.invalid:7000/5")).singleElement()
			.satisfies((node) -> {
				assertThat(node.host()).isEqualTo("a.invalid");
				assertThat(node.port()).isEqualTo(7000);
				assertThat(node.username()).isEqualTo("us@er");
				assertThat(node.password()).isEqualTo("p:ss");
				assertThat(node.database()).isEqualTo(5);
				assertThat(node.sslBundle()).isNotNull();
				assertThat(node.toString()).doesNotContain("p:ss");
			});
	}

	@ParameterizedTest
	@CsvSource({ "redis://a.invalid, , ", "redis://:secret@a.invalid, , secret", "redis://secret@a.invalid, , secret",
			"redis://user:secret@a.invalid/, user, secret", "redis://user:a+b@a.invalid, user, a+b" })
	void userInfoOfAUrlMayBeShort(String url, String username, String password) {
		assertThat(nodes("redlock.nodes[0].url=" + url)).singleElement().satisfies((node) -> {
			assertThat(node.username()).isEqualTo(username);
			assertThat(node.password()).isEqualTo(password);
			assertThat(node.port()).isEqualTo(6379);
		});
	}

	@Test
	void addressOfVersionSixIsUnderstood() {
		assertThat(nodes("redlock.nodes[0].url=redis://[::1]:7000")).singleElement()
			.satisfies((node) -> assertThat(node.host()).isEqualTo("::1"));
	}

	@Test
	void everyPropertyOfANodeIsUsed() {
		assertThat(nodes("redlock.nodes[0].host=a.invalid", "redlock.nodes[0].port=7000",
				"redlock.nodes[0].username=user", "redlock.nodes[0].password=secret", "redlock.nodes[0].database=4",
				"redlock.nodes[0].ssl.enabled=true", "redlock.nodes[0].name=first"))
			.singleElement()
			.satisfies((node) -> {
				assertThat(node.name()).isEqualTo("first");
				assertThat(node.port()).isEqualTo(7000);
				assertThat(node.username()).isEqualTo("user");
				assertThat(node.password()).isEqualTo("secret");
				assertThat(node.database()).isEqualTo(4);
				assertThat(node.sslBundle()).isNotNull();
			});
	}

	@Test
	void propertiesOfANodeCompleteItsUrl() {
		assertThat(nodes("redlock.nodes[0].url=redis://a.invalid", "redlock.nodes[0].password=secret")).singleElement()
			.satisfies((node) -> assertThat(node.password()).isEqualTo("secret"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "http://a.invalid|begins with neither", "a.invalid:6379|begins with neither",
					"redis://|cannot be read", "redis:///3|has no host", "redis://a_b.invalid|has no host",
					"redis://a.invalid/three|not a database number", "redis://a.invalid?x=1|query",
					"redis://user:s3cr3t @a.invalid|cannot be read", "redis://user:s3cr3t@a.invalid/x|not a database" })
	void urlThatCannotBeReadIsRefusedWithoutItsPassword(String url, String inMessage) {
		this.runner.withPropertyValues("redlock.nodes[0].url=" + url).run((context) -> {
			FailureAnalysis analysis = analysis(context);
			assertThat(analysis.getDescription()).contains("redlock.nodes[0].url").contains(inMessage);
			assertThat(context.getStartupFailure()).satisfies((failure) -> {
				java.io.StringWriter trace = new java.io.StringWriter();
				failure.printStackTrace(new java.io.PrintWriter(trace));
				assertThat(trace.toString()).doesNotContain("s3cr3t");
			});
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"redlock.nodes[0].url=redis://a.invalid;redlock.nodes[0].host=a|a url and also a host",
			"redlock.nodes[0].url=redis://a.invalid;redlock.nodes[0].port=1|a url and also a port",
			"redlock.nodes[0].password=x|neither a host nor a url",
			"redlock.nodes[0].host=a;redlock.nodes[0].port=70000|redlock.nodes[0].port = 70000",
			"redlock.nodes[0].host=a;redlock.nodes[0].database=-1|redlock.nodes[0].database = -1",
			"redlock.nodes[0].url=redis://:x@a;redlock.nodes[0].password=y|say different things",
			"redlock.nodes[0].url=rediss://a;redlock.nodes[0].ssl.enabled=false|begins with rediss",
			"redlock.nodes[0].host=a;redlock.nodes[0].ssl.bundle=b;redlock.nodes[0].ssl.enabled=false|ssl.bundle is set",
			"redlock.nodes[0].host=a;redlock.nodes[0].ssl.bundle=none|\"none\" is not defined" })
	void nodeThatContradictsItselfIsRefused(String properties, String inMessage) {
		this.runner.withPropertyValues(properties.split(";"))
			.run((context) -> assertThat(analysis(context).getDescription()).contains("redlock.nodes[0]")
				.contains(inMessage));
	}

	@Configuration(proxyBeanMethods = false)
	static class TwoConnections {

		@Bean
		JedisConnectionFactory first() {
			return new JedisConnectionFactory();
		}

		@Bean
		JedisConnectionFactory second() {
			return new JedisConnectionFactory();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnRedlock {

		@Bean
		DefaultRedlock own() {
			return new FakeCluster(3).client((builder) -> builder.callbackExecutor(Runnable::run));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnConnectionDetails {

		@Bean
		RedlockConnectionDetails own() {
			return () -> List.of(new RedlockConnectionDetails.Node("container", "127.0.0.1", 1, null, null, 0, null));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Client {

		@Bean
		RedisConnectionFactory client() {
			return new JedisConnectionFactory();
		}

	}

	@AutoConfiguration(after = RedlockAutoConfiguration.class)
	static class LateClient {

		@Bean
		RedisConnectionFactory lateClient() {
			return new JedisConnectionFactory();
		}

	}

	/** [59] */
	@Test
	void clientOfTheApplicationIsFoundWhereverItIsDeclared() {
		for (ApplicationContextRunner each : List.of(this.runner.withUserConfiguration(Client.class),
				this.runner.withConfiguration(AutoConfigurations.of(LateClient.class)))) {
			each.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes()).extracting(LockNode::name)
				.containsExactly("spring.data.redis"));
		}
	}

}
