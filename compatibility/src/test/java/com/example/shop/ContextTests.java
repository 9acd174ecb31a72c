package com.example.shop;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.test.AutoConfigureRedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * What the lock does with the context of an application: locks in memory for its tests,
 * and a report of what it is configured wrong.
 */
@SpringBootTest
@AutoConfigureRedlock
@ExtendWith(OutputCaptureExtension.class)
class ContextTests {

	@Autowired
	private Stock stock;

	@Autowired
	private Redlock redlock;

	@Test
	void locksAreInMemory() {
		LockHandle lock = this.redlock.acquire("stock:a", Duration.ofSeconds(20));
		assertThat(this.stock.reserve("a")).isEqualTo("held by somebody else");
		assertThat(lock.release()).isTrue();
		assertThat(this.stock.reserve("a")).isEqualTo("reserved");
	}

	@Test
	void mistakeIsReported(CapturedOutput output) {
		assertThatException().isThrownBy(() -> new SpringApplicationBuilder(ShopApplication.class)
			.run("--redlock.nodes=localhost:1", "--redlock.wait-tiem=5s", "--server.port=0"));
		assertThat(output).contains("APPLICATION FAILED TO START").contains("redlock.wait-tiem");
	}

}
