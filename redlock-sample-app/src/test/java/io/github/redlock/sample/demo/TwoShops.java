package io.github.redlock.sample.demo;

import java.io.IOException;
import java.util.List;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import io.github.redlock.sample.RedisProcess;
import io.github.redlock.sample.RedisServers;
import io.github.redlock.sample.ShopPorts;
import io.github.redlock.sample.TicketShopApplication;

/**
 * The first instance, which brings the servers, and a second one that has joined it.
 */
final class TwoShops implements AutoCloseable {

	private static final int NODES = 3;

	/** In pictures, the ports are those of the documents. */
	private static final boolean PICTURES = Boolean.getBoolean("screenshots");

	/** A machine that builds is busy: what is slow is not to be taken for dead. */
	private static final String PATIENT = "--redlock.command-timeout=1s";

	private final ShopPorts ports;

	private final ConfigurableApplicationContext first;

	private final ConfigurableApplicationContext second;

	TwoShops() throws IOException {
		this.ports = PICTURES ? new ShopPorts(List.of(7101, 7102, 7103), 7100) : ShopPorts.free(NODES);
		this.first = new SpringApplicationBuilder(TicketShopApplication.class)
			.run(this.ports.ofFirst("--server.port=" + (PICTURES ? 8080 : 0), PATIENT));
		this.second = another("join");
	}

	/**
	 * A further instance with the servers of the first one.
	 */
	ConfigurableApplicationContext another(String profile) {
		return new SpringApplicationBuilder(TicketShopApplication.class).run(this.ports
			.ofAnother("--server.port=" + (PICTURES ? 8081 : 0), PATIENT, "--spring.profiles.active=" + profile));
	}

	static String address(ConfigurableApplicationContext instance) {
		return "http://localhost:" + port(instance) + "/";
	}

	static String port(ConfigurableApplicationContext instance) {
		return instance.getEnvironment().getRequiredProperty("local.server.port");
	}

	ConfigurableApplicationContext first() {
		return this.first;
	}

	ConfigurableApplicationContext second() {
		return this.second;
	}

	List<RedisProcess> servers() {
		return this.first.getBean(RedisServers.class).all();
	}

	/**
	 * Have all servers run.
	 */
	void mend() {
		for (RedisProcess server : servers()) {
			switch (server.state()) {
				case FROZEN -> server.thaw();
				case STOPPED -> server.start();
				case RUNNING -> {
				}
			}
		}
	}

	@Override
	public void close() {
		this.second.close();
		this.first.close();
	}

}
