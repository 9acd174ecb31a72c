package io.github.redlock.integration;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import reactor.core.publisher.Mono;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;

import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockListener;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.event.LockReleasedEvent;

/**
 * An application that uses locks in every way, and ends. {@link ClosedContextIT} loads it
 * with class loaders that are thrown away.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@ImportAutoConfiguration({ RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
		LifecycleAutoConfiguration.class })
public class RestartedApplication implements Consumer<String[]> {

	private static final Duration TTL = Duration.ofSeconds(20);

	@Bean
	Service service() {
		return new Service();
	}

	@Bean
	RedlockListener listener() {
		return new RedlockListener() {
		};
	}

	@EventListener
	void on(LockReleasedEvent event) {
	}

	/** Run it once, with these properties. */
	@Override
	public void accept(String[] properties) {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(RestartedApplication.class)
			.web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.properties("spring.main.banner-mode=off",
					// Spring Boot's thread for it keeps the class loader of the first
					// one.
					"logging.register-shutdown-hook=false", "spring.docker.compose.enabled=false",
					"spring.lifecycle.timeout-per-shutdown-phase=100ms", "redlock.retry.count=0",
					"redlock.lock-events=true")
			.properties(properties)
			.run()) {
			Service service = context.getBean(Service.class);
			Redlock redlock = context.getBean(Redlock.class);
			for (int i = 0; i < 100; i++) {
				service.run(new Order(i));
				service.later(new Order(i)).join();
				service.reactive(new Order(i)).block();
				redlock.using("block", TTL, (lock, signal) -> lock.resources().size());
			}
			String leftBehind = "left behind by " + getClass().getClassLoader().hashCode();
			redlock.acquire(leftBehind, TTL, LockOptions.builder().autoExtend(true).build());
			try {
				redlock.acquire(leftBehind);
				throw new IllegalStateException("acquired twice");
			}
			catch (LockNotAcquiredException ex) {
				// As it should be.
			}
		}
	}

	/** A type of the application in the key. */
	record Order(int id) {
	}

	static class Service {

		@DistributedLock(key = "'order:' + #order.id", condition = "#order.id >= 0")
		public long run(Order order) {
			return CurrentLock.get().fencingToken();
		}

		@DistributedLock(key = "'order:' + #order.id")
		public CompletableFuture<Order> later(Order order) {
			return CompletableFuture.supplyAsync(() -> order);
		}

		@DistributedLock(key = "'order:' + #order.id")
		public Mono<Order> reactive(Order order) {
			return Mono.just(order);
		}

	}

}
