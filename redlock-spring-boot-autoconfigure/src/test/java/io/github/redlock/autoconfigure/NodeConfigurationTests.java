package io.github.redlock.autoconfigure;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.spi.LockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

/**
 * Lists of nodes as people write them. No Redis: the addresses lead nowhere.
 */
class NodeConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(AutoConfigurations
		.of(RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class, SslAutoConfiguration.class));

	/** As a file has them, and the environment before it. */
	private ApplicationContextRunner with(Map<String, Object> file, Map<String, Object> environment) {
		return this.runner.withInitializer((context) -> {
			context.getEnvironment().getPropertySources().addLast(new MapPropertySource("application.yml", file));
			context.getEnvironment()
				.getPropertySources()
				.replace("systemEnvironment", new SystemEnvironmentPropertySource("systemEnvironment", environment));
		});
	}

	private static final Map<String, Object> THREE = Map.of("redlock.nodes[0].host", "127.0.0.1",
			"redlock.nodes[0].port", "1", "redlock.nodes[0].name", "first", "redlock.nodes[1].host", "127.0.0.1",
			"redlock.nodes[1].port", "2", "redlock.nodes[1].name", "second-one", "redlock.nodes[2].host", "127.0.0.1",
			"redlock.nodes[2].port", "3");

	private static void assertRefused(ApplicationContextRunner runner, String... inMessage) {
		runner.run((context) -> {
			assertThat(context).hasFailed();
			FailureAnalysis analysis = new RedlockConfigurationFailureAnalyzer().analyze(context.getStartupFailure());
			assertThat(analysis).as("failure analysis of %s", context.getStartupFailure()).isNotNull();
			assertThat(analysis.getDescription() + " | " + analysis.getAction()).contains(inMessage);
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "localhost:7001,localhost:7002, localhost:7003|localhost:7001 localhost:7002 localhost:7003",
					"redis1,redis://redis2:7|redis1:6379 redis2:7", "[::1]:7001,::2|::1:7001 ::2:6379" })
	void nodesMayBeListedInOneLine(String nodes, String names) {
		this.runner.withPropertyValues("redlock.nodes=" + nodes)
			.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes()).extracting(LockNode::name)
				.containsExactly(names.split(" ")));
	}

	@Test
	void portInTheHostIsRefused() {
		assertRefused(this.runner.withPropertyValues("redlock.nodes[0].host=localhost:7001"),
				"redlock.nodes[0].host = localhost:7001", "redlock.nodes[0].port=7001");
	}

	@Test
	void severalUrlsInOneAreRefused() {
		assertRefused(
				this.runner.withPropertyValues("redlock.nodes[0].url=redis://user:secret@a:1,redis://user:secret@b:2"),
				"redlock.nodes[0].url", "more than one URL", "an entry of its own");
		this.runner.withPropertyValues("redlock.nodes[0].url=redis://user:secret@a:1,redis://user:secret@b:2")
			.run((context) -> assertThat(context.getStartupFailure()).message().doesNotContain("secret"));
	}

	@ParameterizedTest
	@CsvSource({ "REDLOCK_NODES_0_PASSWORD,secret", "REDLOCK_NODES_0_HOST,elsewhere" })
	void singleValueInTheEnvironmentDoesNotHideTheListOfTheFile(String variable, String value) {
		assertRefused(with(THREE, Map.of(variable, value)), "redlock.nodes has 1 of its entries in systemEnvironment",
				"3 in application.yml", "redlock.credentials.<name>.password");
	}

	@Test
	void singleValueInTheEnvironmentDoesNotHideTheListOfASet() {
		assertRefused(
				with(Map.of("redlock.nodes", "a:1", "redlock.sets.more.nodes[0].host", "b",
						"redlock.sets.more.nodes[1].host", "c"),
						Map.of("REDLOCK_SETS_MORE_NODES_0_PASSWORD", "secret")),
				"redlock.sets.more.nodes has 1 of its entries in systemEnvironment");
	}

	@Test
	void wholeListInTheEnvironmentTakesThePlaceOfTheFile() {
		with(THREE, Map.of("REDLOCK_NODES_0_HOST", "a", "REDLOCK_NODES_1_HOST", "b", "REDLOCK_NODES_2_HOST", "c"))
			.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes()).extracting(LockNode::name)
				.containsExactly("a:6379", "b:6379", "c:6379"));
	}

	@Test
	void listInOneLineTakesThePlaceOfTheFile() {
		with(THREE, Map.of("REDLOCK_NODES", "a:1,b:2,c:3"))
			.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes()).extracting(LockNode::name)
				.containsExactly("a:1", "b:2", "c:3"));
		assertRefused(with(Map.of("redlock.nodes", "a,b,c"), Map.of("REDLOCK_NODES_0_HOST", "d")),
				"redlock.nodes has 1 of its entries in systemEnvironment and 3 in application.yml");
	}

	@Test
	void commaInAPasswordDoesNotMakeSeveralUrls() {
		this.runner.withPropertyValues("redlock.nodes[0].url=redis://user:a,b@host:1")
			.run((context) -> assertThat(context.getBean(RedlockConnectionDetails.class).getNodes())
				.extracting(Node::host, Node::password)
				.containsExactly(tuple("host", "a,b")));
		assertRefused(this.runner.withPropertyValues("redlock.nodes[0].url=redis://host:1,other:2"),
				"more than one URL");
	}

	@Test
	void passwordGoesToNoOtherNode() {
		with(Map.of("redlock.nodes", "redis1:6379,redis:16379", "redlock.credentials[redis1:6379].password", "one"),
				Map.of())
			.run((context) -> assertThat(context.getBean(RedlockConnectionDetails.class).getNodes())
				.extracting(Node::name, Node::password)
				.containsExactly(tuple("redis1:6379", "one"), tuple("redis:16379", null)));
		assertRefused(this.runner.withPropertyValues("redlock.nodes[0].host=a", "redlock.nodes[0].name=node-1",
				"redlock.nodes[1].host=b", "redlock.nodes[1].name=no-de1", "redlock.credentials.node1.password=x"),
				"redlock.credentials.node1 may mean each of the nodes [node-1, no-de1]");
	}

	@Test
	void passwordsMayBeGivenApart() {
		with(THREE,
				Map.of("REDLOCK_CREDENTIALS_FIRST_PASSWORD", "one", "REDLOCK_CREDENTIALS_SECONDONE_PASSWORD", "two",
						"REDLOCK_CREDENTIALS_SECONDONE_USERNAME", "locker"))
			.run((context) -> assertThat(context.getBean(RedlockConnectionDetails.class).getNodes())
				.extracting(Node::username, Node::password)
				.containsExactly(tuple(null, "one"), tuple("locker", "two"), tuple(null, null)));
		assertRefused(with(THREE, Map.of("REDLOCK_CREDENTIALS_THIRD_PASSWORD", "secret")),
				"redlock.credentials.third is the name of no node", "[first, second-one]");
	}

	@Test
	void unknownBundleIsNamed() {
		assertRefused(this.runner.withPropertyValues("redlock.nodes[0].host=a", "redlock.nodes[0].ssl.bundle=mine"),
				"redlock.nodes[0].ssl.bundle = \"mine\" is not defined", "spring.ssl.bundle");
	}

	@Test
	void sentinelAndClusterAreNodes() {
		this.runner
			.withPropertyValues("redlock.nodes[0].sentinel.master=m", "redlock.nodes[0].sentinel.nodes=s1,s2:7",
					"redlock.nodes[1].sentinel.master=n", "redlock.nodes[1].sentinel.nodes=s1,s2:7",
					"redlock.nodes[2].cluster.nodes=c1,c2:8", "redlock.nodes[2].password=secret")
			.run((context) -> assertThat(context.getBean(RedlockConnectionDetails.class).getNodes()).satisfiesExactly(
					(first) -> assertThat(first.topology()).hasToString("Sentinel[master=m, nodes=[s1:26379, s2:7]]"),
					(second) -> assertThat(second.name()).isEqualTo("n@s1:26379"),
					(third) -> assertThat(third).hasToString("Node[name=cluster@c1:6379, host=c1, port=6379]")
						.extracting(Node::topology)
						.hasToString("Cluster[nodes=[c1:6379, c2:8]]")));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"redlock.nodes[0].sentinel.nodes=a | redlock.nodes[0].sentinel has no name of a master",
			"redlock.nodes[0].sentinel.master=m | redlock.nodes[0].sentinel has no nodes",
			"redlock.nodes[0].sentinel.master=m;redlock.nodes[0].sentinel.nodes=a;redlock.nodes[0].host=b"
					+ " | a sentinel and also an address of its own",
			"redlock.nodes[0].cluster.nodes=a;redlock.nodes[0].url=redis://b | a cluster and also an address of its own",
			"redlock.nodes[0].cluster.nodes=a;redlock.nodes[0].database=1 | a Redis Cluster has database 0 only",
			"redlock.nodes[0].cluster.nodes=a:0 | redlock.nodes[0].cluster.nodes[0] is no address",
			"redlock.nodes[0].cluster.nodes=a;redlock.nodes[0].sentinel.nodes=b;redlock.nodes[0].sentinel.master=m"
					+ " | both a sentinel and a cluster" })
	void entryThatIsTwoThingsOrNoneIsRefused(String properties, String problem) {
		assertRefused(this.runner.withPropertyValues(properties.split(";")), problem);
	}

	@Test
	void driverThatIsNotThereIsNamed() {
		assertRefused(
				this.runner.withClassLoader(new FilteredClassLoader("io.lettuce"))
					.withPropertyValues("redlock.nodes[0].host=a", "redlock.client-type=LETTUCE"),
				"Lettuce is not on the class path", "io.lettuce:lettuce-core");
	}

	@Test
	void namesAreKnownHoweverTheyAreWritten() {
		this.runner
			.withPropertyValues("redlock.mode=in-memory", "redlock.commandTimeout=1s", "redlock.key_prefix=a:",
					"redlock.sets[my.set].nodes[0].ssl.enabled=false", "redlock.sets[my.set].nodes[0].host=b",
					"redlock.auto-extend.after=0.5", "redlock.web.error-responses=false")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@CsvSource({ "redlock.class.name", "redlock.ttl.seconds", "redlock.nodes[0].pasword", "redlock.comand-timeout",
			"redlock.sets.more.key-prefx" })
	void unknownPropertyIsRefused(String property) {
		assertRefused(
				this.runner.withPropertyValues("redlock.mode=in-memory", "redlock.nodes[0].host=a", property + "=1s"),
				"There is no property " + property);
	}

}
