package io.github.redlock.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import redis.clients.jedis.Jedis;

import static org.awaitility.Awaitility.await;

/**
 * A Redis Cluster of two masters, with half of the slots each, and a replica of the
 * second one.
 */
public final class RedisCluster implements AutoCloseable {

	private static final int SLOTS = 16_384;

	private final Path directory;

	private final List<RedisServer> servers = new ArrayList<>();

	public RedisCluster() {
		try {
			this.directory = Files.createTempDirectory("redlock-cluster");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		for (int i = 0; i < 3; i++) {
			this.servers.add(new RedisServer("--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
					"--cluster-require-full-coverage", "no", "--dir", this.directory.toString(),
					"--cluster-config-file", "nodes-" + i + ".conf"));
		}
		assign(0, 0, SLOTS / 2 - 1);
		assign(1, SLOTS / 2, SLOTS - 1);
		for (int i = 1; i < 3; i++) {
			try (Jedis jedis = server(i).connect()) {
				jedis.clusterMeet("127.0.0.1", server(0).port());
			}
		}
		await().ignoreExceptions().until(this::isComplete);
		try (Jedis master = server(1).connect(); Jedis replica = server(2).connect()) {
			String id = master.clusterMyId();
			await().ignoreExceptions().until(() -> replica.clusterNodes().contains(id));
			replica.clusterReplicate(id);
			await().until(() -> replica.info("replication").contains("master_link_status:up"));
		}
		await().ignoreExceptions().until(this::isComplete);
	}

	private void assign(int index, int first, int last) {
		try (Jedis jedis = server(index).connect()) {
			jedis.clusterAddSlotsRange(first, last);
		}
	}

	private boolean isComplete() {
		return this.servers.stream().allMatch((server) -> {
			try (Jedis jedis = server.connect()) {
				String info = jedis.clusterInfo();
				return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
						&& info.contains("cluster_slots_assigned:" + SLOTS);
			}
		});
	}

	/**
	 * A master with the first half, one with the second half, and the replica of that.
	 */
	public RedisServer server(int index) {
		return this.servers.get(index);
	}

	/** The replica takes the place of the second master. */
	public void takeOver() {
		try (Jedis replica = server(2).connect()) {
			replica.clusterFailover(redis.clients.jedis.args.ClusterFailoverOption.TAKEOVER);
		}
	}

	/**
	 * Move a slot of the first master, with its keys, to the second one, as a resharding
	 * does.
	 * @param between done before the keys move, and again before the slot does
	 */
	public void moveToTheSecond(int slot, Runnable between) {
		try (Jedis first = server(0).connect(); Jedis second = server(1).connect()) {
			second.clusterSetSlotImporting(slot, first.clusterMyId());
			first.clusterSetSlotMigrating(slot, second.clusterMyId());
			between.run();
			for (String key : first.clusterGetKeysInSlot(slot, 1000)) {
				first.migrate("127.0.0.1", server(1).port(), key, 0, 5000);
			}
			between.run();
			second.clusterSetSlotNode(slot, second.clusterMyId());
			first.clusterSetSlotNode(slot, second.clusterMyId());
		}
	}

	@Override
	public void close() {
		this.servers.forEach(RedisServer::close);
		try (var files = Files.walk(this.directory)) {
			files.sorted(java.util.Comparator.reverseOrder()).map(Path::toFile).forEach(java.io.File::delete);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
