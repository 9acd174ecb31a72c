package io.github.redlock.aop;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Level;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import reactor.core.publisher.Mono;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.bean.override.convention.TestBean;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.context.bean.override.mockito.MockitoSpyBean;

import io.github.redlock.LockHandle;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockLossPolicy;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.Warnings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyCollection;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;

/**
 * Tests of applications that replace a bean: the service with the locked method, or the
 * lock itself.
 */
class BeanOverrideTests {

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
			AopAutoConfiguration.class })
	@Import({ Service.class, Caller.class })
	static class Application {

	}

	static class Service {

		@DistributedLock(key = "#id")
		public String book(String id) {
			return "booked " + id + " " + CurrentLock.find().isPresent();
		}

		@DistributedLock(key = "#id")
		public Mono<String> bookOnSubscription(String id) {
			return Mono.just("booked " + id);
		}

		@DistributedLock(key = "#id", onLost = LockLossPolicy.INTERRUPT)
		public CompletableFuture<String> bookLater(String id) {
			return CompletableFuture.completedFuture("booked " + id);
		}

	}

	static class Caller {

		private final Service service;

		Caller(Service service) {
			this.service = service;
		}

		String call() {
			return this.service.book("1");
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class, properties = "redlock.mode=in-memory")
	class MockOfTheService {

		@MockitoBean
		private Service service;

		@Autowired
		private Caller caller;

		@Test
		void isStubbed() {
			given(this.service.book(any())).willReturn("stubbed");
			assertThat(this.caller.call()).isEqualTo("stubbed");
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class,
			properties = { "redlock.mode=in-memory", "redlock.annotation.on-unadvisable=warn" })
	class MockOfTheServiceWhereProblemsAreWarnings {

		@MockitoBean
		private Service service;

		@Autowired
		private Caller caller;

		@Test
		void isStubbed() {
			assertThat(this.caller.call()).isNull();
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class, properties = "redlock.mode=in-memory")
	class SpyOfTheService {

		@MockitoSpyBean
		private Service service;

		@Autowired
		private Caller caller;

		@Test
		void isLockedAndSeen() {
			assertThat(this.caller.call()).isEqualTo("booked 1 true");
			verify(this.service).book("1");
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class, properties = "redlock.mode=in-memory")
	class ObjectInThePlaceOfTheService {

		@TestBean
		private Service service;

		@Autowired
		private Caller caller;

		static Service service() {
			return new Service();
		}

		@Test
		void isNotLocked() {
			assertThat(this.caller.call()).isEqualTo("booked 1 false");
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class)
	class MockOfTheLock {

		@MockitoBean
		private Redlock redlock;

		@Autowired
		private Service service;

		@Test
		void needsNeitherNodesNorStubsToStart() {
			assertThatIllegalStateException().isThrownBy(() -> this.service.book("1"))
				.withMessageContainingAll("returned null from acquire", "If it is a mock", "redlock.mode=in-memory");
			assertThatExceptionOfType(ExecutionException.class)
				.isThrownBy(() -> this.service.bookLater("1").get(20, TimeUnit.SECONDS))
				.withMessageContaining("returned null from acquireAsync");
			assertThatIllegalStateException().isThrownBy(() -> this.service.bookOnSubscription("1").block())
				.withMessageContaining("returned null from acquireAsync");
		}

		@Test
		void isStubbed() {
			LockHandle lock = mock(LockHandle.class);
			given(lock.isValid()).willReturn(true);
			given(lock.release()).willReturn(true);
			given(this.redlock.acquire(anyCollection(), any(), any())).willReturn(lock);
			assertThat(this.service.book("1")).isEqualTo("booked 1 true");
			verify(lock).release();
		}

		/** A stub that forgets something is an error, and nobody waits for ever. */
		@Test
		void isStubbedInPart() {
			given(this.redlock.acquireAsync(anyCollection(), any(), any()))
				.willReturn(CompletableFuture.completedFuture(mock(LockHandle.class)));
			assertThatExceptionOfType(ExecutionException.class)
				.isThrownBy(() -> this.service.bookLater("1").get(20, TimeUnit.SECONDS))
				.withMessageContaining("If it is a mock");
			LockHandle broken = mock(LockHandle.class);
			given(this.redlock.acquireAsync(anyCollection(), any(), any()))
				.willReturn(CompletableFuture.completedFuture(broken));
			given(broken.releaseAsync()).willReturn(null);
			assertThatExceptionOfType(ExecutionException.class)
				.isThrownBy(() -> this.service.bookLater("1").get(20, TimeUnit.SECONDS))
				.withMessageContaining("after the method was run");
			given(broken.releaseAsync()).willThrow(new IllegalStateException("no release"));
			assertThatExceptionOfType(ExecutionException.class)
				.isThrownBy(() -> this.service.bookLater("1").get(20, TimeUnit.SECONDS))
				.withMessageContaining("no release");
		}

	}

	@Nested
	class FinishedObject {

		@Test
		void startsAndIsNotLocked() {
			List<String> log = Warnings.during(Level.INFO, () -> new ApplicationContextRunner()
				.withConfiguration(
						AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
				.withBean(Redlock.class, () -> new FakeCluster(3).client())
				.withBean(Service.class)
				.withInitializer((context) -> context.addBeanFactoryPostProcessor((beanFactory) -> {
					beanFactory.registerSingleton(beanFactory.getBeanNamesForType(Service.class)[0], new Service());
				}))
				.run((context) -> {
					assertThat(context).hasNotFailed();
					assertThat(context.getBean(Service.class).book("1")).isEqualTo("booked 1 false");
				}));
			assertThat(log).filteredOn((line) -> line.contains("was put into the context as a finished object"))
				.hasSize(1);
		}

	}

}
