package io.github.redlock.autoconfigure;

import java.util.List;

import org.springframework.boot.docker.compose.core.RunningService;
import org.springframework.boot.docker.compose.service.connection.DockerComposeConnectionDetailsFactory;
import org.springframework.boot.docker.compose.service.connection.DockerComposeConnectionSource;

/**
 * Makes a node of each service of Docker Compose that has the label
 * {@code org.springframework.boot.service-connection: redlock}.
 */
final class ComposeNodeFactory extends DockerComposeConnectionDetailsFactory<ServiceConnectionDetails> {

	ComposeNodeFactory() {
		super(ServiceConnectionDetails.CONNECTION_NAME);
	}

	@Override
	protected ServiceConnectionDetails getDockerComposeConnectionDetails(DockerComposeConnectionSource source) {
		return new ComposeNode(source.getRunningService());
	}

	/**
	 * It has the name of its container, which is unique also where one service is started
	 * several times.
	 */
	private static final class ComposeNode extends DockerComposeConnectionDetails implements ServiceConnectionDetails {

		private final List<Node> nodes;

		private ComposeNode(RunningService service) {
			super(service);
			this.nodes = List.of(new Node(service.name(), service.host(), service.ports().get(PORT), null, null, 0,
					getSslBundle(service)));
		}

		@Override
		public List<Node> getNodes() {
			return this.nodes;
		}

	}

}
