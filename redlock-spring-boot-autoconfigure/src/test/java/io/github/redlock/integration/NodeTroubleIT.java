package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.spi.Vote;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.Proxy;
import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Real servers that answer, but cannot serve, or whose connections end. Numbers in
 * brackets: see docs/traps.md.
 */
class NodeTroubleIT extends AbstractQuorumIT {

	private static final Duration TTL = Duration.ofSeconds(30);

	private final List<Proxy> proxies = new ArrayList<>();

	private final Recorder recorder = new Recorder();

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	private final Logger logger = (Logger) LoggerFactory.getLogger("io.github.redlock.core");

	@BeforeEach
	void listen() {
		this.log.start();
		this.logger.setLevel(Level.INFO);
		this.logger.addAppender(this.log);
	}

	@AfterEach
	void closeProxies() {
		this.logger.detachAppender(this.log);
		this.proxies.forEach(Proxy::close);
	}

	private List<String> logged(Level level) {
		return List.copyOf(this.log.list)
			.stream()
			.filter((event) -> event.getLevel() == level)
			.map(ILoggingEvent::getFormattedMessage)
			.filter((message) -> message.startsWith("Redis node "))
			.toList();
	}

	private void on(int server, java.util.function.Consumer<Jedis> action) {
		try (Jedis jedis = this.servers.server(server).connect()) {
			action.accept(jedis);
		}
	}

	private DefaultRedlock listening() {
		return client((builder) -> builder.listener(this.recorder));
	}

	/** A client whose addresses lead to the servers through proxies. */
	private DefaultRedlock throughProxies(int size) {
		RedisLockNodes nodes = new RedisLockNodes("redlock:");
		for (int i = 0; i < size; i++) {
			Proxy proxy = new Proxy(this.servers.server(i).port());
			this.proxies.add(proxy);
			nodes.add(new RedisNodeSettings("node" + i, "127.0.0.1", proxy.port(), null, null, 0, null),
					Duration.ofSeconds(1), Duration.ofMillis(200));
		}
		return opened(new RedlockBuilder().nodes(nodes.nodes()).listener(this.recorder).build(), nodes);
	}

	private static int votes(LockHandle lock) {
		List<ExecutionStats> attempts = lock.attempts();
		return (int) attempts.get(attempts.size() - 1)
			.votes()
			.stream()
			.filter((vote) -> vote.vote() instanceof Vote.Granted)
			.count();
	}

	/** [80] */
	@Test
	void primaryThatHasMovedIsFoundWithinSeconds() {
		start(6);
		DefaultRedlock redlock = throughProxies(3);
		redlock.acquire("a", TTL).close();
		for (int i = 0; i < 3; i++) {
			int newPrimary = this.servers.server(3 + i).port();
			this.proxies.get(i).pointTo(newPrimary);
			on(i, (jedis) -> jedis.replicaof("127.0.0.1", newPrimary));
		}
		await().atMost(Duration.ofSeconds(10))
			.ignoreExceptions()
			.untilAsserted(() -> redlock.acquire("a", TTL).close());
	}

	enum Trouble {

		REPLICA("read-only replica") {
			@Override
			void begin(Jedis jedis, int otherPort) {
				jedis.replicaof("127.0.0.1", otherPort);
			}

			@Override
			void end(Jedis jedis) {
				jedis.replicaofNoOne();
			}
		},

		FULL("free memory") {
			@Override
			void begin(Jedis jedis, int otherPort) {
				jedis.configSet("maxmemory", "1");
			}

			@Override
			void end(Jedis jedis) {
				jedis.configSet("maxmemory", "0");
			}
		},

		RIGHT_MISSING("grant its user the rights") {
			@Override
			void begin(Jedis jedis, int otherPort) {
				jedis.aclSetUser("default", "-pexpire");
			}

			@Override
			void end(Jedis jedis) {
				jedis.aclSetUser("default", "+pexpire");
			}
		},

		TOO_FEW_REPLICAS("min-replicas-to-write") {
			@Override
			void begin(Jedis jedis, int otherPort) {
				jedis.configSet("min-replicas-to-write", "1");
			}

			@Override
			void end(Jedis jedis) {
				jedis.configSet("min-replicas-to-write", "0");
			}
		};

		private final String remedy;

		Trouble(String remedy) {
			this.remedy = remedy;
		}

		abstract void begin(Jedis jedis, int otherPort);

		abstract void end(Jedis jedis);

	}

	/** [79] */
	@ParameterizedTest
	@EnumSource
	void nodeThatAnswersButCannotServeIsSaidOnceAndVotesWhenItCan(Trouble trouble) {
		start(3);
		DefaultRedlock redlock = listening();
		assertThat(votes(acquired(redlock))).isGreaterThanOrEqualTo(2);
		on(0, (jedis) -> trouble.begin(jedis, this.servers.server(1).port()));
		await().untilAsserted(() -> {
			LockHandle lock = redlock.acquire("a", TTL);
			lock.extend(TTL.plusSeconds(1));
			lock.close();
			assertThat(this.recorder.events("nodeDown")).containsExactly("nodeDown node0");
		});
		for (int i = 0; i < 20; i++) {
			redlock.acquire("a", TTL).close();
		}
		assertThat(logged(Level.WARN)).singleElement()
			.asString()
			.contains("node0 does not vote", trouble.remedy, "2 of 3 nodes left, quorum 2");
		assertThat(this.recorder.events("nodeUp")).isEmpty();
		on(0, trouble::end);
		await().untilAsserted(() -> assertThat(this.recorder.events("nodeUp")).containsExactly("nodeUp node0"));
		assertThat(logged(Level.INFO)).singleElement()
			.asString()
			.contains("node0 votes again", "3 of 3 nodes left, quorum 2");
		await().untilAsserted(() -> {
			try (LockHandle lock = redlock.acquire("a", TTL)) {
				assertThat(this.servers.holding("redlock:a")).as("nodes that hold %s", lock).isEqualTo(3);
			}
		});
	}

	private static LockHandle acquired(DefaultRedlock redlock) {
		try (LockHandle lock = redlock.acquire("a", TTL)) {
			return lock;
		}
	}

	/** An unknown command repeats its arguments, the value of a lock among them. */
	@Test
	void valueOfALockIsNotShownWhereACommandIsUnknown() {
		this.servers = new RedisServers(1, "--rename-command", "EVALSHA", "", "--rename-command", "SET", "");
		DefaultRedlock redlock = listening();
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> redlock.acquire("a", TTL))
			.satisfies((ex) -> assertThat(ex.toString() + ex.getAttempts()).doesNotContainPattern("[0-9a-f]{32}"));
		assertThat(logged(Level.WARN)).singleElement()
			.asString()
			.contains("does not know a command")
			.doesNotContainPattern("[0-9a-f]{32}");
	}

	/** [81] */
	@Test
	void connectionsThatEndedWhileIdleCostNothing() {
		start(3);
		DefaultRedlock redlock = listening();
		redlock.acquire("a", TTL).close();
		for (int round = 0; round < 10; round++) {
			// A release that a server has not read yet would be lost with its connection.
			await().until(() -> this.servers.holding("redlock:a") == 0);
			// One that is still being opened is not idle.
			for (int i = 0; i < 3; i++) {
				int server = i;
				await().until(() -> usedConnectionsOf(server) == 1);
			}
			killConnections();
			Optional<LockHandle> lock = redlock.tryAcquire("a", TTL);
			assertThat(lock).as("round %d", round).isPresent();
			assertThat(lock.get().release()).isTrue();
		}
		assertThat(this.recorder.events("nodeDown")).isEmpty();
	}

	private void killConnections() {
		for (int i = 0; i < this.servers.servers().size(); i++) {
			on(i, (jedis) -> jedis
				.clientKill(new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES)));
		}
	}

	/** [81] */
	@Test
	void serverThatClosesIdleConnectionsCostsNothing() {
		start(3);
		IntStream.range(0, 3).forEach((i) -> on(i, (jedis) -> jedis.configSet("timeout", "1")));
		DefaultRedlock redlock = listening();
		for (int round = 0; round < 2; round++) {
			Optional<LockHandle> lock = redlock.tryAcquire("a", TTL);
			assertThat(lock).as("round %d", round).isPresent();
			assertThat(lock.get().release()).isTrue();
			// The first is opened again ahead of need, the second is not: it was not
			// used.
			for (int i = 0; i < 3; i++) {
				int server = i;
				await().until(() -> connectionsOf(server) == 0);
			}
		}
		assertThat(this.recorder.events("nodeDown")).isEmpty();
	}

	private long usedConnectionsOf(int server) {
		try (Jedis jedis = this.servers.server(server).connect()) {
			return jedis.clientList()
				.lines()
				.filter((line) -> line.contains("name=redlock ") && line.contains("cmd=eval"))
				.count();
		}
	}

	private long connectionsOf(int server) {
		try (Jedis jedis = this.servers.server(server).connect()) {
			return jedis.clientList().lines().filter((line) -> line.contains("name=redlock ")).count();
		}
	}

	/** [81] */
	@Test
	void rollingRestartCostsNothing() {
		start(3);
		DefaultRedlock redlock = listening();
		redlock.acquire("a", TTL).close();
		for (RedisServer server : this.servers.servers()) {
			server.kill();
			server.start();
			Optional<LockHandle> lock = redlock.tryAcquire("a", TTL);
			assertThat(lock).isPresent();
			assertThat(lock.get().release()).isTrue();
		}
	}

	/** A firewall has forgotten the connections, or a machine is gone. */
	@Test
	void connectionsThatSwallowEverythingCostLessThanTheUsualPatience() {
		start(3);
		DefaultRedlock redlock = throughProxies(3);
		redlock.acquire("a", TTL).close();
		this.proxies.forEach(Proxy::swallow);
		try (LockHandle lock = redlock.acquire("b", TTL)) {
			assertThat(lock.isValid()).isTrue();
		}
	}

	private DefaultRedlock quarantining(Duration quarantine) {
		RedisLockNodes nodes = new RedisLockNodes("redlock:", quarantine);
		for (int i = 0; i < 3; i++) {
			nodes.add(
					new RedisNodeSettings("node" + i, "127.0.0.1", this.servers.server(i).port(), null, null, 0, null),
					Duration.ofSeconds(1), Duration.ofMillis(200));
		}
		return opened(new RedlockBuilder().nodes(nodes.nodes()).listener(this.recorder).build(), nodes);
	}

	/** [35] */
	@Test
	void nodeThatWasRestartedDoesNotVoteForAWhile() {
		start(3);
		DefaultRedlock redlock = quarantining(Duration.ofSeconds(2));
		await().ignoreExceptions().untilAsserted(() -> {
			try (LockHandle warm = redlock.acquire("warm", TTL)) {
				assertThat(this.servers.holding("redlock:warm")).as("nodes that hold %s", warm).isEqualTo(3);
			}
		});
		try (LockHandle lock = redlock.acquire("a", TTL)) {
			await().until(() -> this.servers.holding("redlock:a") == 3);
			for (int i = 0; i < 2; i++) {
				this.servers.server(i).kill();
				this.servers.server(i).start();
			}
			DefaultRedlock other = quarantining(Duration.ofMinutes(10));
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> other.acquire("a", TTL))
				.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(LockNotAcquiredException.Reason.NO_QUORUM));
			assertThat(this.servers.holding("redlock:a")).isEqualTo(1);
			assertThat(logged(Level.WARN))
				.anySatisfy((message) -> assertThat(message).contains("was restarted", "redlock.restart-quarantine"));
			assertThat(lock.isValid()).isTrue();
		}
		await().atMost(Duration.ofSeconds(20)).ignoreExceptions().untilAsserted(() -> {
			try (LockHandle lock = redlock.acquire("b", TTL)) {
				assertThat(this.servers.holding("redlock:b")).as("nodes that hold %s", lock).isEqualTo(3);
			}
		});
	}

}
