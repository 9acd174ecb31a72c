package io.github.redlock.autoconfigure;

import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;

/**
 * Changes how Lettuce connects to a node, when everything else has been set. It is called
 * for each node that is reached through a connection factory of Spring Data Redis.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface RedlockLettuceClientCustomizer {

	/**
	 * Customize the client of one node.
	 * @param set the name of the set of nodes, {@code redlock} for {@code redlock.nodes}
	 * @param node the name of the node
	 * @param builder what to change
	 */
	void customize(String set, String node, LettuceClientConfiguration.LettuceClientConfigurationBuilder builder);

}
