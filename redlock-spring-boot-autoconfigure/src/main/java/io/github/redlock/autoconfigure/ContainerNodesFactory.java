package io.github.redlock.autoconfigure;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.Container;

import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.autoconfigure.service.connection.ConnectionDetails;
import org.springframework.boot.testcontainers.service.connection.ContainerConnectionDetailsFactory;
import org.springframework.boot.testcontainers.service.connection.ContainerConnectionSource;

import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;

/**
 * Makes the nodes of all containers that are a {@code @ServiceConnection} with the name
 * {@code redlock}, or one of the type {@link RedlockConnectionDetails} alone.
 * <p>
 * Spring Boot asks for the details of one container after the other and registers the
 * first ones of a type only, before any bean is made. So the factory, of which each
 * context or test class has its own, answers with the same details always: they know all
 * containers by the time when they are used.
 */
final class ContainerNodesFactory extends ContainerConnectionDetailsFactory<Container<?>, ServiceConnectionDetails> {

	private final ContainerNodes nodes = new ContainerNodes();

	ContainerNodesFactory() {
		super(ServiceConnectionDetails.CONNECTION_NAME);
	}

	/**
	 * A source that would also do for details of any type is not meant for locks.
	 */
	@Override
	protected boolean sourceAccepts(ContainerConnectionSource<Container<?>> source, Class<?> requiredContainerType,
			Class<?> requiredConnectionDetailsType) {
		return super.sourceAccepts(source, requiredContainerType, requiredConnectionDetailsType)
				|| (source.accepts(ANY_CONNECTION_NAME, requiredContainerType, requiredConnectionDetailsType)
						&& !source.accepts(ANY_CONNECTION_NAME, requiredContainerType, ConnectionDetails.class));
	}

	@Override
	protected ServiceConnectionDetails getContainerConnectionDetails(ContainerConnectionSource<Container<?>> source) {
		this.nodes.add(source);
		return this.nodes;
	}

	/**
	 * The nodes in the order in which their containers were found, which is the order of
	 * their declaration.
	 */
	private static final class ContainerNodes implements ServiceConnectionDetails, InitializingBean {

		private final Map<ContainerConnectionSource<Container<?>>, ContainerNode> containers = new LinkedHashMap<>();

		/**
		 * A context that is built again brings the same sources.
		 */
		private synchronized void add(ContainerConnectionSource<Container<?>> source) {
			String name = CONNECTION_NAME + "-" + (this.containers.size() + 1);
			this.containers.computeIfAbsent(source, (key) -> new ContainerNode(name, key));
		}

		@Override
		public synchronized void afterPropertiesSet() throws Exception {
			for (ContainerNode container : this.containers.values()) {
				container.afterPropertiesSet();
			}
		}

		@Override
		public synchronized List<Node> getNodes() {
			return this.containers.values().stream().map(ContainerNode::node).toList();
		}

	}

	/**
	 * One of the nodes. It is used under the monitor of the set.
	 */
	private static final class ContainerNode extends ContainerConnectionDetails<Container<?>> {

		private final String name;

		private @Nullable Container<?> started;

		private @Nullable Node last;

		private ContainerNode(String name, ContainerConnectionSource<Container<?>> source) {
			super(source);
			this.name = name;
		}

		@Override
		public void afterPropertiesSet() throws Exception {
			super.afterPropertiesSet();
			this.started = null;
			this.last = null;
		}

		/**
		 * Starts the container when it is first asked. One that a test stops later stays
		 * so, as a node that has failed; when the test starts it again, its port is
		 * another one.
		 */
		private Node node() {
			Container<?> container = this.started;
			Node node = this.last;
			if (container == null || node == null) {
				container = getContainer();
				node = of(container);
			}
			else if (container.getContainerId() != null) {
				node = of(container);
			}
			this.started = container;
			this.last = node;
			return node;
		}

		private Node of(Container<?> container) {
			return new Node(this.name, container.getHost(), container.getMappedPort(ServiceConnectionDetails.PORT),
					null, null, 0, getSslBundle());
		}

	}

}
