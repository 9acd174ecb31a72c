package io.github.redlock.readme;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.github.redlock.memory.InMemoryLocks;
import io.github.redlock.readme.ReadmeSnippets.Annotated;

import static org.assertj.core.api.Assertions.assertThat;

/** The test that docs/testing.md shows. */
@SpringBootTest(properties = "redlock.mode=in-memory")
class InvoiceTests {

	@Autowired
	private InMemoryLocks locks;

	@Autowired
	private Annotated service;

	@Test
	void busyInvoiceIsQueued() {
		this.locks.hold("invoice:42", Duration.ofMinutes(1));
		assertThat(this.service.invoice(42)).isEqualTo("queued 42");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Annotated.class)
	static class Application {

	}

}
