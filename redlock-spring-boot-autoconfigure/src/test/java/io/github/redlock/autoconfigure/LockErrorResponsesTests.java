package io.github.redlock.autoconfigure;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

import io.github.redlock.LockLostException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.memory.InMemoryLocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

/**
 * What a browser gets to see where a request finds no lock.
 */
class LockErrorResponsesTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(RedlockAutoConfiguration.class,
			DistributedLockAutoConfiguration.class, RedlockWebAutoConfiguration.class);

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
		.withConfiguration(CONFIGURATIONS)
		.withPropertyValues("redlock.mode=in-memory")
		.withUserConfiguration(Web.class);

	@Configuration(proxyBeanMethods = false)
	@EnableWebMvc
	static class Web {

	}

	@RestController
	static class Controller {

		@GetMapping("/")
		@DistributedLock(key = "secret-resource", waitTime = 0)
		public String get() {
			return "done";
		}

		@GetMapping("/own-answer")
		public String ownAnswer() {
			throw new ResponseStatusException(HttpStatus.GONE, "own answer",
					new LockLostException(List.of("secret-resource"), "redis1:6379 is gone", null));
		}

		@GetMapping("/lost")
		public String lost() {
			throw new LockLostException(List.of("secret-resource"), "redis1:6379 is gone", null);
		}

	}

	private static MockMvc mvc(org.springframework.web.context.WebApplicationContext context) {
		return MockMvcBuilders.webAppContextSetup(context).build();
	}

	@Test
	void requestsAreAnsweredWithProblems() {
		this.runner.withBean(Controller.class).run((context) -> {
			MockMvc mvc = mvc(context);
			InMemoryLocks locks = context.getBean(InMemoryLocks.class);
			mvc.perform(get("/")).andExpect(status().isOk()).andExpect(content().string("done"));
			locks.hold("secret-resource", Duration.ofHours(1));
			mvc.perform(get("/"))
				.andExpect(status().isConflict())
				.andExpect(header().string("Retry-After", "1"))
				.andExpect(content().string(containsString("Somebody else is working on this")))
				.andExpect(content().string(not(containsString("secret"))));
			locks.fail();
			mvc.perform(get("/"))
				.andExpect(status().isServiceUnavailable())
				.andExpect(header().string("Retry-After", "1"))
				.andExpect(content().string(not(containsString("node"))));
			mvc.perform(get("/lost"))
				.andExpect(status().isInternalServerError())
				.andExpect(header().doesNotExist("Retry-After"))
				.andExpect(content().string(not(containsString("redis1"))));
		});
	}

	@Test
	void answerOfTheApplicationStays() {
		this.runner.withBean(Controller.class)
			.run((context) -> mvc(context).perform(get("/own-answer")).andExpect(status().isGone()));
	}

	@Test
	void canBeSwitchedOffAndIsNotThereWithoutAWeb() {
		this.runner.withPropertyValues("redlock.web.error-responses=false")
			.run((context) -> assertThat(context).doesNotHaveBean(LockErrorResponses.class));
		this.runner.withPropertyValues("redlock.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(LockErrorResponses.class));
		new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.withPropertyValues("redlock.mode=in-memory")
			.run((context) -> assertThat(context).doesNotHaveBean(LockErrorResponses.class));
		new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.withClassLoader(new FilteredClassLoader(ErrorResponse.class))
			.withPropertyValues("redlock.mode=in-memory")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("lockErrorResponses"));
	}

}
