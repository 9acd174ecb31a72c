package io.github.redlock.autoconfigure;

import java.util.List;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ssl.SslBundles;

import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.autoconfigure.RedlockProperties.NodeSet;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.redis.RedisLockNodes;

/**
 * The lock on one set of nodes under {@code redlock.sets}, and those nodes.
 */
final class NodeSetFactoryBean implements FactoryBean<DefaultRedlock>, DisposableBean {

	private final @Nullable RedisLockNodes nodes;

	private final DefaultRedlock redlock;

	NodeSetFactoryBean(String name, RedlockProperties properties, RedlockFactory factory,
			ObjectProvider<SslBundles> sslBundles) {
		String property = "redlock.sets." + name + ".nodes";
		Supplier<NodeSet> set = () -> properties.getSets().getOrDefault(name, new NodeSet());
		this.nodes = factory.isInMemory() ? null
				: nodes(name, property, set, properties, factory, sslBundles.getIfAvailable());
		this.redlock = factory.create(name, this.nodes);
	}

	private static RedisLockNodes nodes(String name, String property, Supplier<NodeSet> set,
			RedlockProperties properties, RedlockFactory factory, @Nullable SslBundles sslBundles) {
		RedlockConnectionDetails connectionDetails = new PropertiesRedlockConnectionDetails(property,
				() -> set.get().getNodes(), properties::getCredentials, sslBundles);
		List<Node> configured = connectionDetails.getNodes();
		if (configured.isEmpty()) {
			throw new RedlockConfigurationException(property + " is empty.",
					"List the nodes, best three or five independent ones, or take the entry away.");
		}
		return factory.nodes(name, property, connectionDetails, configured, set.get().getKeyPrefix());
	}

	@Override
	public DefaultRedlock getObject() {
		return this.redlock;
	}

	@Override
	public Class<?> getObjectType() {
		return DefaultRedlock.class;
	}

	@Override
	public void destroy() {
		this.redlock.close();
		if (this.nodes != null) {
			this.nodes.close();
		}
	}

}
