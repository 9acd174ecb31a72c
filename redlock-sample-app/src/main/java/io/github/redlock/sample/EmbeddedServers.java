package io.github.redlock.sample;

import java.sql.SQLException;
import java.util.List;

import org.h2.tools.Server;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.redlock.autoconfigure.RedlockConnectionDetails;

/**
 * Real Redis servers and a database server inside this process, so that the sample needs
 * nothing installed. An application of your own has none of this.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnBooleanProperty(name = "sample.embedded.enabled", matchIfMissing = true)
class EmbeddedServers {

	@Bean(initMethod = "start", destroyMethod = "stop")
	Server databaseServer(EmbeddedProperties properties) throws SQLException {
		return Server.createTcpServer("-tcpPort", String.valueOf(properties.databasePort()), "-ifNotExists");
	}

	@Bean
	JdbcConnectionDetails databaseAddress(Server databaseServer) {
		String url = "jdbc:h2:tcp://localhost:" + databaseServer.getPort() + "/mem:shop;DB_CLOSE_DELAY=-1";
		return new JdbcConnectionDetails() {

			@Override
			public String getJdbcUrl() {
				return url;
			}

			@Override
			public String getUsername() {
				return "sa";
			}

			@Override
			public String getPassword() {
				return "";
			}

		};
	}

	@Bean(destroyMethod = "stop")
	RedisServers redisServers(EmbeddedProperties properties) {
		return new RedisServers(properties.redisPorts());
	}

	@Bean
	RedlockConnectionDetails redisAddresses(RedisServers redisServers) {
		List<RedlockConnectionDetails.Node> nodes = redisServers.all()
			.stream()
			.map((server) -> new RedlockConnectionDetails.Node(server.name(), "127.0.0.1", server.port(), null, null, 0,
					null))
			.toList();
		return () -> nodes;
	}

}
