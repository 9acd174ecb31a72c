package io.github.redlock.sample;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.scheduling.annotation.EnableScheduling;

/**
 * Starts the shop. By default it brings its own Redis servers and its own database; with
 * the profile {@code nodes} it uses those of another instance.
 */
@SpringBootApplication
@EnableScheduling
@EnableConfigurationProperties(EmbeddedProperties.class)
public class TicketShopApplication {

	public static void main(String[] args) {
		SpringApplication.run(TicketShopApplication.class, args);
	}

}
