package io.github.redlock.test;

import java.util.List;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.test.autoconfigure.json.JsonTest;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.ContextConfiguration;
import org.springframework.test.context.TestContextManager;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.memory.InMemoryLocks;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

/**
 * Locked methods in slices of an application.
 */
class AutoConfigureRedlockTests {

	@SpringBootConfiguration(proxyBeanMethods = false)
	@Import(Controller.class)
	static class Application {

	}

	@RestController
	static class Controller {

		@GetMapping("/locked")
		@DistributedLock(key = "a")
		public String isLocked() {
			return String.valueOf(CurrentLock.find().isPresent());
		}

		@GetMapping("/busy")
		@DistributedLock(key = "busy", waitTime = 0)
		public String busy() {
			return "done";
		}

		@GetMapping("/needed")
		@DistributedLock(key = "a")
		public String needed() {
			CurrentLock.assertLocked("a");
			return "done";
		}

	}

	@Nested
	@WebMvcTest(Controller.class)
	@AutoConfigureRedlock
	class SliceOfTheWeb {

		@Autowired
		private MockMvc mvc;

		@Autowired
		private InMemoryLocks locks;

		@Test
		void isLocked() throws Exception {
			this.mvc.perform(get("/locked")).andExpect(content().string("true"));
			this.locks.hold("busy", java.time.Duration.ofHours(1));
			this.mvc.perform(get("/busy")).andExpect(status().isConflict());
		}

	}

	/** A slice that has neither a web nor the proxies of Spring AOP. */
	@Nested
	@JsonTest
	@AutoConfigureRedlock
	class SmallestSlice {

		@Autowired
		private Controller controller;

		@Autowired
		private InMemoryLocks locks;

		@Test
		void isLocked() {
			assertThat(this.controller.isLocked()).isEqualTo("true");
			this.locks.hold("busy", java.time.Duration.ofHours(1));
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(this.controller::busy);
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class, webEnvironment = SpringBootTest.WebEnvironment.NONE)
	@AutoConfigureRedlock
	class WholeApplication {

		@Autowired
		private Controller controller;

		@Test
		void isLocked() {
			assertThat(this.controller.isLocked()).isEqualTo("true");
		}

	}

	@SpringJUnitConfig(Slice.class)
	static class WithoutTheLock {

		@Autowired
		private Controller controller;

	}

	@JsonTest(properties = "logging.level.io.github.redlock=warn")
	@ContextConfiguration(classes = Application.class)
	static class SliceWithoutTheLock extends WithoutTheLock {

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Controller.class)
	static class Slice {

	}

	@Test
	void sliceWithoutTheLockIsWarnedOf() {
		WithoutTheLock test = new WithoutTheLock();
		List<String> log = Warnings.during(() -> {
			try {
				new TestContextManager(WithoutTheLock.class).prepareTestInstance(test);
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		});
		assertThat(log).singleElement()
			.asString()
			.contains("run without a lock in this test", "Controller", "Add @AutoConfigureRedlock");
		assertThat(test.controller.isLocked()).isEqualTo("false");
		assertThatIllegalStateException().isThrownBy(test.controller::needed)
			.withMessageContaining("slice of the application without @AutoConfigureRedlock");
	}

	/** Spring Boot sets logging up again, so that this one is read from the output. */
	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void smallestSliceWithoutTheLockIsWarnedOf(CapturedOutput output) throws Exception {
		SliceWithoutTheLock test = new SliceWithoutTheLock();
		new TestContextManager(SliceWithoutTheLock.class).prepareTestInstance(test);
		assertThat(output).containsOnlyOnce("run without a lock in this test").contains("Add @AutoConfigureRedlock");
		assertThat(((WithoutTheLock) test).controller.isLocked()).isEqualTo("false");
	}

}
