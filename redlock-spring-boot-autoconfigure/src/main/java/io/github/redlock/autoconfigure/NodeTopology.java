package io.github.redlock.autoconfigure;

import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisPassword;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;

import io.github.redlock.autoconfigure.RedlockConnectionDetails.Address;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Cluster;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Sentinel;

/**
 * Where a node is, in the terms of Spring Data Redis.
 */
final class NodeTopology {

	private NodeTopology() {
	}

	static RedisStandaloneConfiguration standalone(Node node) {
		RedisStandaloneConfiguration configuration = new RedisStandaloneConfiguration(node.host(), node.port());
		configuration.setUsername(node.username());
		configuration.setPassword(RedisPassword.of(node.password()));
		configuration.setDatabase(node.database());
		return configuration;
	}

	static RedisSentinelConfiguration sentinel(Node node, Sentinel sentinel) {
		RedisSentinelConfiguration configuration = new RedisSentinelConfiguration().master(sentinel.master());
		for (Address address : sentinel.nodes()) {
			configuration.sentinel(address.host(), address.port());
		}
		configuration.setUsername(node.username());
		configuration.setPassword(RedisPassword.of(node.password()));
		configuration.setDatabase(node.database());
		configuration.setSentinelUsername(sentinel.username());
		configuration.setSentinelPassword(RedisPassword.of(sentinel.password()));
		return configuration;
	}

	static RedisClusterConfiguration cluster(Node node, Cluster cluster) {
		RedisClusterConfiguration configuration = new RedisClusterConfiguration();
		for (Address address : cluster.nodes()) {
			configuration.clusterNode(address.host(), address.port());
		}
		configuration.setUsername(node.username());
		configuration.setPassword(RedisPassword.of(node.password()));
		return configuration;
	}

}
