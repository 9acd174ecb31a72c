package io.github.redlock.integration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.junit.jupiter.api.AfterEach;

import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.redis.RedisNodeSettings;
import io.github.redlock.testing.RedisServers;

/**
 * Clients on real Redis servers, without Spring.
 */
abstract class AbstractQuorumIT {

	private final List<AutoCloseable> opened = new ArrayList<>();

	protected RedisServers servers;

	protected void start(int size) {
		this.servers = new RedisServers(size);
	}

	protected DefaultRedlock client() {
		return client((builder) -> {
		});
	}

	protected DefaultRedlock client(Consumer<RedlockBuilder> customizer) {
		RedisLockNodes nodes = new RedisLockNodes("redlock:");
		for (int i = 0; i < this.servers.servers().size(); i++) {
			nodes.add(
					new RedisNodeSettings("node" + i, "127.0.0.1", this.servers.server(i).port(), null, null, 0, null),
					Duration.ofSeconds(1), Duration.ofMillis(200));
		}
		RedlockBuilder builder = new RedlockBuilder().nodes(nodes.nodes());
		customizer.accept(builder);
		return opened(builder.build(), nodes);
	}

	/** What is to be closed after the test. */
	protected DefaultRedlock opened(DefaultRedlock redlock, RedisLockNodes nodes) {
		this.opened.add(redlock);
		this.opened.add(nodes);
		return redlock;
	}

	@AfterEach
	void closeAll() throws Exception {
		for (AutoCloseable closeable : this.opened) {
			closeable.close();
		}
		if (this.servers != null) {
			this.servers.close();
		}
	}

}
