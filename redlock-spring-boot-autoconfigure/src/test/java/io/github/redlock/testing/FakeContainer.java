package io.github.redlock.testing;

import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.GenericContainer;

/**
 * A container without an engine: its server is a process of this machine.
 */
public final class FakeContainer extends GenericContainer<FakeContainer> {

	private final String image;

	private volatile @Nullable RedisServer server;

	public FakeContainer(String image) {
		super(image);
		this.image = image;
	}

	@Override
	public void start() {
		if (this.server == null) {
			this.server = new RedisServer();
		}
	}

	@Override
	public void stop() {
		RedisServer server = this.server;
		this.server = null;
		if (server != null) {
			server.close();
		}
	}

	@Override
	public boolean isRunning() {
		return this.server != null;
	}

	@Override
	public @Nullable String getContainerId() {
		RedisServer server = this.server;
		return (server != null) ? "fake-" + server.port() : null;
	}

	@Override
	public String getHost() {
		return "127.0.0.1";
	}

	@Override
	public Integer getMappedPort(int originalPort) {
		RedisServer server = this.server;
		if (server == null || originalPort != 6379) {
			throw new IllegalStateException(
					"Mapped port can only be obtained after the container is started: " + originalPort);
		}
		return server.port();
	}

	@Override
	public String getDockerImageName() {
		return this.image;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return this == other;
	}

	@Override
	public int hashCode() {
		return System.identityHashCode(this);
	}

}
