package io.github.redlock.autoconfigure;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.yaml.snakeyaml.Yaml;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.docker.compose.core.ConnectionPorts;
import org.springframework.boot.docker.compose.core.ImageReference;
import org.springframework.boot.docker.compose.core.RunningService;
import org.springframework.boot.docker.compose.lifecycle.DockerComposeServicesReadyEvent;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.autoconfigure.RedlockConnectionDetails.Node;
import io.github.redlock.redis.RedisLockNodes;
import io.github.redlock.testing.FakeContainer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Nodes from services that were started for the application, without an engine that could
 * start them.
 */
class ServiceConnectionTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(ServiceConnectionAutoConfiguration.class, RedlockAutoConfiguration.class));

	@Configuration(proxyBeanMethods = false)
	static class Containers {

		@Bean
		@ServiceConnection("redlock")
		GenericContainer<?> firstNode() {
			return new FakeContainer("redis:8");
		}

		@Bean
		@ServiceConnection("redlock")
		GenericContainer<?> secondNode() {
			return new FakeContainer("redis:8");
		}

		@Bean
		@ServiceConnection("redlock")
		GenericContainer<?> thirdNode() {
			return new FakeContainer("valkey/valkey:9");
		}

	}

	@Test
	void containersThatAreBeansAreTheNodes() {
		this.runner.withUserConfiguration(Containers.class)
			.withPropertyValues("redlock.nodes=elsewhere:1")
			.run((context) -> {
				assertThat(context).hasSingleBean(RedlockConnectionDetails.class);
				assertThat(context.getBean(RedlockConnectionDetails.class).getNodes()).extracting(Node::port)
					.containsExactlyInAnyOrderElementsOf(context.getBeansOfType(FakeContainer.class)
						.values()
						.stream()
						.map((container) -> container.getMappedPort(6379))
						.toList());
				assertThat(context.getBean(RedisLockNodes.class).nodes()).extracting((node) -> node.name())
					.containsExactly("redlock-1", "redlock-2", "redlock-3");
			});
	}

	@Test
	void servicesWithTheLabelAreTheNodes() {
		this.runner
			.withInitializer((context) -> start(context, service("shop-redlock-3-1", 7003, "redlock"),
					service("shop-redlock-1-1", 7001, "redlock"), service("shop-redlock-2-1", 7002, "redlock"),
					service("shop-cache-1", 7004, null), service("shop-other-1", 7005, "redis")))
			.withPropertyValues("redlock.nodes=elsewhere:1")
			.run((context) -> {
				assertThat(context.getBeansOfType(RedlockConnectionDetails.class)).hasSize(3);
				assertThat(context.getBean(RedisLockNodes.class).nodes()).extracting((node) -> node.name())
					.containsExactly("shop-redlock-1-1", "shop-redlock-2-1", "shop-redlock-3-1");
				assertThat(context.getBeansOfType(RedlockConnectionDetails.class)
					.values()
					.stream()
					.flatMap((details) -> details.getNodes().stream())).extracting(Node::port)
					.containsExactlyInAnyOrder(7001, 7002, 7003);
			});
	}

	/** What docs/testing.md tells to copy. */
	@Test
	@SuppressWarnings("unchecked")
	void servicesOfTheDocumentedFileAreThreeNodes() throws IOException {
		Map<String, Object> file = new Yaml().load(Files.readString(Path.of("../docs/compose.yaml")));
		List<RunningService> services = new ArrayList<>();
		((Map<String, Map<String, Object>>) file.get("services")).forEach((name, service) -> {
			List<String> ports = (List<String>) service.get("ports");
			assertThat(ports).singleElement(InstanceOfAssertFactories.STRING).endsWith(":6379");
			assertThat(service.get("image")).isEqualTo("redis:8");
			services.add(new Service(name, Integer.parseInt(ports.get(0).split(":")[1]),
					(Map<String, String>) service.get("labels")));
		});
		this.runner.withInitializer((context) -> start(context, services.toArray(RunningService[]::new)))
			.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes())
				.extracting((node) -> node.name())
				.containsExactly("redlock-1", "redlock-2", "redlock-3"));
	}

	@Test
	void certificatesInLabelsAreUsed() {
		Map<String, String> labels = Map.of("org.springframework.boot.service-connection", "redlock",
				"org.springframework.boot.sslbundle.pem.truststore.certificate", "classpath:missing.pem");
		this.runner.withInitializer((context) -> start(context, new Service("node", 7001, labels)))
			.run((context) -> assertThat(context).getFailure().rootCause().hasMessageContaining("missing.pem"));
	}

	@Test
	void servicesBesideDetailsOfTheApplicationAreRefused() {
		RedlockConnectionDetails own = () -> List.of(new Node("own", "localhost", 1, null, null, 0, null));
		ApplicationContextRunner both = this.runner
			.withInitializer((context) -> start(context, service("shop-redlock-1-1", 7001, "redlock")));
		both.withBean("own", RedlockConnectionDetails.class, () -> own)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(RedlockConfigurationException.class)
				.hasMessageContaining("2 beans of type RedlockConnectionDetails"));
		both.withBean("own", RedlockConnectionDetails.class, () -> own, (definition) -> definition.setPrimary(true))
			.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes())
				.extracting((node) -> node.name())
				.containsExactly("own"));
	}

	@Test
	void nothingOfItIsNeeded() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(RedlockAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader("org.testcontainers", "org.springframework.boot.testcontainers",
					"org.springframework.boot.docker"))
			.withPropertyValues("redlock.nodes=localhost:1,localhost:2,localhost:3")
			.run((context) -> assertThat(context.getBean(RedisLockNodes.class).nodes()).hasSize(3));
	}

	private static Service service(String name, int port, @Nullable String connection) {
		return new Service(name, port,
				(connection != null) ? Map.of("org.springframework.boot.service-connection", connection) : Map.of());
	}

	/** What Spring Boot does when the services are up. */
	@SuppressWarnings("unchecked")
	static void start(ApplicationContext context, RunningService... services) {
		try {
			Constructor<DockerComposeServicesReadyEvent> event = DockerComposeServicesReadyEvent.class
				.getDeclaredConstructor(ApplicationContext.class, List.class);
			Class<?> listener = Class.forName("org.springframework.boot.docker.compose.service.connection"
					+ ".DockerComposeServiceConnectionsApplicationListener");
			((ApplicationListener<DockerComposeServicesReadyEvent>) BeanUtils.instantiateClass(listener))
				.onApplicationEvent(BeanUtils.instantiateClass(event, context, List.of(services)));
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** A service of Docker Compose that is not there. */
	record Service(String name, int port, Map<String, String> labels) implements RunningService {

		@Override
		public ImageReference image() {
			return ImageReference.of("valkey/valkey:9");
		}

		@Override
		public String host() {
			return "127.0.0.1";
		}

		@Override
		public ConnectionPorts ports() {
			return new ConnectionPorts() {

				@Override
				public int get(int containerPort) {
					assertThat(containerPort).isEqualTo(6379);
					return Service.this.port;
				}

				@Override
				public List<Integer> getAll() {
					return List.of(Service.this.port);
				}

				@Override
				public List<Integer> getAll(@Nullable String protocol) {
					return getAll();
				}

			};
		}

		@Override
		public Map<String, @Nullable String> env() {
			return Map.of();
		}

	}

}
