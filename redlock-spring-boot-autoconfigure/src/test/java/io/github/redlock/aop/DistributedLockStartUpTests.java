package io.github.redlock.aop;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.reactivex.rxjava3.core.Single;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.ConnectableFlux;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.PriorityOrdered;
import org.springframework.scheduling.annotation.Async;

import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.annotation.ScheduledLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.OtherPackage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Annotations that cannot work stop the application, with the method, the value and the
 * remedy.
 */
@ExtendWith(OutputCaptureExtension.class)
class DistributedLockStartUpTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class,
				PropertyPlaceholderAutoConfiguration.class))
		.withBean(Redlock.class, () -> new FakeCluster(3).client());

	private void assertRefused(Class<?> type, String... inMessage) {
		this.runner.withBean(type).run((context) -> {
			assertThat(context).hasFailed();
			Throwable failure = context.getStartupFailure();
			while (!(failure instanceof RedlockConfigurationException) && failure.getCause() != null) {
				failure = failure.getCause();
			}
			assertThat(failure).isInstanceOf(RedlockConfigurationException.class);
			String text = failure.getMessage() + " | " + ((RedlockConfigurationException) failure).getAction();
			assertThat(text).contains("DistributedLockStartUpTests$" + type.getSimpleName() + ".run")
				.contains(inMessage);
		});
	}

	static class PrivateMethod {

		@DistributedLock
		private void run() {
		}

	}

	static class StaticMethod {

		@DistributedLock
		public static void run() {
		}

	}

	static class FinalMethod {

		@DistributedLock
		public final void run() {
		}

	}

	@DistributedLock
	static class FinalMethodOfALockedClass {

		public final void run() {
		}

	}

	/** [56] */
	@Test
	void methodThatNoProxyCanInterceptIsRefused() {
		assertRefused(PrivateMethod.class, "private", "ordinary method");
		assertRefused(StaticMethod.class, "static");
		assertRefused(FinalMethod.class, "final");
		assertRefused(FinalMethodOfALockedClass.class, "final");
	}

	@Test
	void lazyAndPrototypeBeansAreLookedAtToo() {
		this.runner
			.withBean(PrivateMethod.class, () -> new PrivateMethod(),
					(definition) -> definition.setScope(BeanDefinition.SCOPE_PROTOTYPE))
			.run((context) -> assertThat(context).hasFailed());
		this.runner
			.withBean(PrivateMethod.class, () -> new PrivateMethod(), (definition) -> definition.setLazyInit(true))
			.run((context) -> assertThat(context).hasFailed());
	}

	static class MissingHash {

		@DistributedLock(key = "order.id")
		public void run(String order) {
		}

	}

	static class MissingHashWithoutProperty {

		@DistributedLock(key = "order")
		public void run(String order) {
		}

	}

	@Test
	void literalThatLooksLikeAParameterIsRefused() {
		assertRefused(MissingHash.class, "order.id", "Did you mean #order.id?");
		assertRefused(MissingHashWithoutProperty.class, "Did you mean #order?");
	}

	static class SimilarLiteral {

		@DistributedLock(key = "order-report")
		public void run(String order) {
		}

	}

	@Test
	void literalThatOnlyBeginsLikeAParameterIsFine() {
		this.runner.withBean(SimilarLiteral.class).run((context) -> assertThat(context).hasNotFailed());
	}

	static class BrokenExpression {

		@DistributedLock(key = "'order:' + ")
		public void run() {
		}

	}

	static class UnquotedHash {

		@DistributedLock(key = "order#1")
		public void run() {
		}

	}

	static class UnknownVariable {

		@DistributedLock(key = "#ordr.id")
		public void run(String order) {
		}

	}

	static class UnknownVariableInTemplate {

		@DistributedLock(key = "order-#{#ordr}")
		public void run(String order) {
		}

	}

	static class PositionOutOfRange {

		@DistributedLock(key = "#p1")
		public void run(String order) {
		}

	}

	static class BlankKey {

		@DistributedLock(key = " ")
		public void run() {
		}

	}

	static class BlankName {

		@DistributedLock(name = " ")
		public void run() {
		}

	}

	static class UnknownPlaceholder {

		@DistributedLock(key = "${no.such.property}")
		public void run() {
		}

	}

	@Test
	void keyThatCannotWorkIsRefused() {
		assertRefused(BrokenExpression.class, "'order:' +", "not a valid expression");
		assertRefused(UnquotedHash.class, "order#1", "single quotes");
		assertRefused(UnknownVariable.class, "#ordr", "#order");
		assertRefused(UnknownVariableInTemplate.class, "#ordr", "#order");
		assertRefused(PositionOutOfRange.class, "#p1", "#p0");
		assertRefused(BlankKey.class, "key", "blank");
		assertRefused(BlankName.class, "name", "blank");
		assertRefused(UnknownPlaceholder.class, "no.such.property");
	}

	static class ZeroTtl {

		@DistributedLock(ttl = 0)
		public void run() {
		}

	}

	static class NegativeTtl {

		@DistributedLock(ttl = -1)
		public void run() {
		}

	}

	static class FractionalTtl {

		@DistributedLock(ttl = 1500, timeUnit = TimeUnit.MICROSECONDS)
		public void run() {
		}

	}

	static class TtlWithoutValidity {

		@DistributedLock(ttl = 2)
		public void run() {
		}

	}

	static class TtlTooLong {

		@DistributedLock(ttl = 4000, timeUnit = TimeUnit.DAYS)
		public void run() {
		}

	}

	static class TwoTtls {

		@DistributedLock(ttl = 1000, ttlString = "1s")
		public void run() {
		}

	}

	static class UnreadableTtl {

		@DistributedLock(ttlString = "ten seconds")
		public void run() {
		}

	}

	static class UnreadableTtlProperty {

		@DistributedLock(ttlString = "${java.version}x")
		public void run() {
		}

	}

	static class NegativeWaitTime {

		@DistributedLock(waitTime = -1)
		public void run() {
		}

	}

	static class TwoWaitTimes {

		@DistributedLock(waitTime = 0, waitTimeString = "1s")
		public void run() {
		}

	}

	@Test
	void timeThatCannotWorkIsRefused() {
		assertRefused(ZeroTtl.class, "ttl", "PT0S", "not positive");
		assertRefused(NegativeTtl.class, "ttl", "not positive");
		assertRefused(FractionalTtl.class, "whole number of milliseconds");
		assertRefused(TtlWithoutValidity.class, "leaves no validity");
		assertRefused(TtlTooLong.class, "longer than");
		assertRefused(TwoTtls.class, "ttlString", "together with ttl = 1000");
		assertRefused(UnreadableTtl.class, "ttlString", "ten seconds", "not a duration");
		assertRefused(UnreadableTtlProperty.class, "ttlString", "resolves to");
		assertRefused(NegativeWaitTime.class, "waitTime", "negative");
		assertRefused(TwoWaitTimes.class, "waitTimeString");
	}

	static class ReturnsCallable {

		@DistributedLock()
		public Callable<String> run() {
			return null;
		}

	}

	static class ReturnsStream {

		@DistributedLock()
		public Stream<String> run() {
			return null;
		}

	}

	static class ReturnsFutureTask {

		@DistributedLock()
		public FutureTask<String> run() {
			return null;
		}

	}

	@Test
	void methodWhoseEndNobodyCanFollowIsRefused() {
		assertRefused(ReturnsCallable.class, "Callable", "CompletableFuture");
		assertRefused(ReturnsStream.class, "Stream");
		assertRefused(ReturnsFutureTask.class, "FutureTask", "Declare a CompletableFuture");
	}

	static class NegativeHoldAtLeast {

		@DistributedLock(holdAtLeast = -1)
		public void run() {
		}

	}

	static class ZeroMaxHold {

		@DistributedLock(maxHold = 0)
		public void run() {
		}

	}

	static class MaxHoldBelowHoldAtLeast {

		@DistributedLock(holdAtLeastString = "1m", maxHoldString = "30s")
		public void run() {
		}

	}

	static class HoldAtLeastBeyondTtl {

		@DistributedLock(ttl = 5_000, holdAtLeast = 6_000, autoExtend = false)
		public void run() {
		}

	}

	static class TwoMaxHolds {

		@DistributedLock(maxHold = 1_000, maxHoldString = "1s")
		public void run() {
		}

	}

	@Test
	void boundsOfHoldingThatCannotWorkAreRefused() {
		assertRefused(NegativeHoldAtLeast.class, "holdAtLeast", "PT-0.001S", "negative");
		assertRefused(ZeroMaxHold.class, "maxHold", "PT0S", "not positive");
		assertRefused(MaxHoldBelowHoldAtLeast.class, "maxHold", "PT30S", "PT1M",
				"Make maxHold at least as long as holdAtLeast");
		assertRefused(HoldAtLeastBeyondTtl.class, "holdAtLeast PT6S", "PT5S");
		assertRefused(TwoMaxHolds.class, "maxHoldString");
	}

	@Test
	void maxHoldOfAllThatIsTooShortForAMethodIsRefused() {
		LockOptions bounded = LockOptions.builder().maxHold(Duration.ofSeconds(10)).build();
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
			.withBean(Redlock.class, () -> new FakeCluster(3).client((builder) -> builder.defaults(bounded)))
			.withBean(HoldAtLeastForAMinute.class)
			.run((context) -> assertThat(context).getFailure().hasMessageContaining("maxHold"));
	}

	static class HoldAtLeastForAMinute {

		@DistributedLock(holdAtLeastString = "1m")
		public void run() {
		}

	}

	static class FallbackWithoutMethod {

		@DistributedLock(onUnavailable = LockFailurePolicy.FALLBACK)
		public void run() {
		}

	}

	static class UselessFallback {

		@DistributedLock(fallback = "other")
		public void run() {
		}

		void other() {
		}

	}

	static class UnknownFallback {

		@DistributedLock(onUnavailable = LockFailurePolicy.FALLBACK, fallback = "other")
		public void run() {
		}

	}

	static class FallbackWithOtherParameters {

		@DistributedLock(onNoQuorum = LockFailurePolicy.FALLBACK, fallback = "other")
		public void run(String id) {
		}

		void other(long id) {
		}

	}

	static class FallbackWithOtherResult {

		@DistributedLock(onUnavailable = LockFailurePolicy.FALLBACK, fallback = "other")
		public List<String> run() {
			return null;
		}

		List<Long> other() {
			return List.of();
		}

	}

	static class FallbackWithOtherException {

		@DistributedLock(onUnavailable = LockFailurePolicy.FALLBACK, fallback = "other")
		public void run() {
		}

		void other(IllegalStateException error) {
		}

	}

	static class SkipsPrimitive {

		@DistributedLock(onUnavailable = LockFailurePolicy.SKIP)
		public int run() {
			return 1;
		}

	}

	static class SkipsPrimitiveInAnOutage {

		@DistributedLock(onNoQuorum = LockFailurePolicy.SKIP)
		public boolean run() {
			return true;
		}

	}

	@Test
	void fallbackThatCannotBeCalledIsRefused() {
		assertRefused(FallbackWithoutMethod.class, "fallback", "names no method");
		assertRefused(UselessFallback.class, "fallback", "other", "never be called");
		assertRefused(UnknownFallback.class, "other", "no method of");
		assertRefused(FallbackWithOtherParameters.class, "other", "other parameters", "(long)");
		assertRefused(FallbackWithOtherResult.class, "other", "another result", "List<java.lang.String>");
		assertRefused(FallbackWithOtherException.class, "other", "LockNotAcquiredException");
	}

	/** [57] */
	@Test
	void skippingAPrimitiveIsRefused() {
		assertRefused(SkipsPrimitive.class, "onUnavailable", "int", "OptionalInt");
		assertRefused(SkipsPrimitiveInAnOutage.class, "onNoQuorum", "boolean");
	}

	static class BlankCondition {

		@DistributedLock(condition = " ")
		public void run() {
		}

	}

	static class UnknownVariableInCondition {

		@DistributedLock(condition = "#oder.paid")
		public void run(String order) {
		}

	}

	static class BrokenCondition {

		@DistributedLock(condition = "#order.(")
		public void run(String order) {
		}

	}

	static class UnknownRedlock {

		@DistributedLock(redlock = "billing")
		public void run() {
		}

	}

	static class UnresolvableRedlock {

		@DistributedLock(redlock = "${no.such}")
		public void run() {
		}

	}

	static class UnresolvableMaxHold {

		@DistributedLock(maxHoldString = "${no.such}")
		public void run() {
		}

	}

	@Test
	void conditionAndQualifierThatCannotWorkAreRefused() {
		assertRefused(BlankCondition.class, "condition", "blank");
		assertRefused(UnknownVariableInCondition.class, "condition", "#oder", "#order");
		assertRefused(BrokenCondition.class, "condition", "not a valid expression");
		assertRefused(UnknownRedlock.class, "redlock", "billing", "redlock.sets.billing.nodes");
		assertRefused(UnresolvableRedlock.class, "redlock", "${no.such}", "Define the property");
		assertRefused(UnresolvableMaxHold.class, "maxHoldString", "${no.such}", "Define the property");
	}

	@Test
	void unadvisableMethodIsOnlyWarnedOfWhereThatIsWanted(CapturedOutput output) {
		this.runner.withPropertyValues("redlock.annotation.on-unadvisable=warn")
			.withInitializer((context) -> LoggingSystem.get(getClass().getClassLoader())
				.setLogLevel(DistributedLockValidator.class.getName(), LogLevel.WARN))
			.withBean(FinalMethod.class)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(output).contains("FinalMethod.run").contains("the method is final");
			});
	}

	interface Declared {

		void declared();

	}

	static class BehindAnInterface implements Declared {

		@Override
		@DistributedLock
		public void declared() {
		}

		@DistributedLock
		public void run() {
		}

	}

	@Test
	void methodThatAJdkProxyDoesNotHaveIsRefused() {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
			.withBean(Redlock.class, () -> new FakeCluster(3).client())
			.withPropertyValues("spring.aop.proxy-target-class=false")
			.withBean(BehindAnInterface.class)
			.run((context) -> assertThat(context).getFailure()
				.hasMessageContaining("BehindAnInterface.run")
				.hasMessageContaining("proxied for its interfaces"));
		this.runner.withBean(BehindAnInterface.class).run((context) -> assertThat(context).hasNotFailed());
	}

	static class Fine {

		@DistributedLock
		public void run() {
		}

	}

	static class InheritsFine extends Fine {

	}

	@Configuration(proxyBeanMethods = false)
	static class TooEarly {

		@Bean
		static InheritsFine fine() {
			return new InheritsFine();
		}

		@Bean
		static EarlyProcessor early(InheritsFine fine) {
			return new EarlyProcessor();
		}

	}

	/** Comes before the one that makes proxies. */
	static class EarlyProcessor implements BeanPostProcessor, PriorityOrdered {

		@Override
		public int getOrder() {
			return 0;
		}

	}

	@Test
	void beanThatWasCreatedBeforeProxiesIsRefused() {
		this.runner.withUserConfiguration(TooEarly.class).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).hasStackTraceContaining("created too early for a proxy");
		});
	}

	static class SkipsQueue {

		@DistributedLock(onUnavailable = LockFailurePolicy.SKIP)
		public Queue<String> run() {
			return null;
		}

	}

	static class SkipsSingle {

		@DistributedLock(onUnavailable = LockFailurePolicy.SKIP)
		public Single<String> run() {
			return null;
		}

	}

	@Test
	void skippingWhatCannotBeEmptyIsRefused() {
		assertRefused(SkipsQueue.class, "onUnavailable", "java.util.Queue", "Return a List");
		assertRefused(SkipsSingle.class, "onUnavailable", "Single", "cannot be empty");
	}

	static class LockedFallback {

		@DistributedLock(onUnavailable = LockFailurePolicy.FALLBACK, fallback = "other")
		public void run() {
		}

		@DistributedLock(key = "b")
		public void other() {
		}

	}

	@Test
	void fallbackWithALockOfItsOwnIsRefused() {
		assertRefused(LockedFallback.class, "fallback", "other", "without its lock");
	}

	static class ReturnsConnectable {

		@DistributedLock
		public ConnectableFlux<String> run() {
			return null;
		}

	}

	@Test
	void publisherThatTheLockCannotMakeIsRefused() {
		assertRefused(ReturnsConnectable.class, "ConnectableFlux", "Declare the general type");
	}

	static class TooLongAWait {

		@DistributedLock(waitTime = Long.MAX_VALUE, timeUnit = TimeUnit.DAYS)
		public void run() {
		}

	}

	@Test
	void numberThatOverflowsIsRefusedByName() {
		assertRefused(TooLongAWait.class, "waitTime", "9223372036854775807", "out of range");
	}

	static class WaitsAndRunsAgain {

		@DistributedLock(waitTime = 500, holdAtLeast = 500, onUnavailable = LockFailurePolicy.SKIP)
		public void run() {
		}

	}

	static class ShortScheduledLock {

		@ScheduledLock(name = "job", holdAtLeast = "100ms")
		public void run() {
		}

	}

	@Test
	void jobThatOthersWouldRunAgainIsRefused() {
		assertRefused(WaitsAndRunsAgain.class, "holdAtLeast", "waitTime",
				"a waiting caller would get the lock when it ends and run what it should skip");
		assertRefused(ShortScheduledLock.class, "holdAtLeast", "PT0.1S");
	}

	static class InAnotherPackage extends OtherPackage.Base {

		public void run() {
		}

	}

	@Test
	void packagePrivateMethodOfAnotherPackageIsRefused() {
		this.runner.withBean(InAnotherPackage.class)
			.run((context) -> assertThat(context).getFailure()
				.hasMessageContaining("OtherPackage$Base.hidden")
				.hasMessageContaining("lies in another"));
	}

	static class ReturnsFutureInside {

		@DistributedLock
		public Optional<CompletableFuture<String>> run() {
			return Optional.empty();
		}

	}

	static class ReturnsFluxInside {

		@DistributedLock
		public Mono<List<Flux<String>>> run() {
			return Mono.empty();
		}

	}

	static class ReturnsStreamInside {

		@DistributedLock
		public CompletableFuture<Stream<String>> run() {
			return null;
		}

	}

	@Test
	void resultWithUnfinishedWorkInsideIsRefused() {
		assertRefused(ReturnsFutureInside.class, "contains a java.util.concurrent.CompletableFuture");
		assertRefused(ReturnsFluxInside.class, "may go on after the release");
		assertRefused(ReturnsStreamInside.class, "java.util.stream.Stream");
	}

	static class AsyncWithoutAsync {

		@Async
		@DistributedLock
		public CompletableFuture<String> run() {
			return null;
		}

	}

	@Test
	void asyncThatNothingMakesAsynchronousIsRefused() {
		assertRefused(AsyncWithoutAsync.class, "@Async", "@EnableAsync");
	}

	static class FallbackThatGoesOn {

		@DistributedLock(onUnavailable = LockFailurePolicy.FALLBACK, fallback = "other")
		public void run() {
		}

		Mono<String> other() {
			return Mono.empty();
		}

	}

	static class FenceName {

		@DistributedLock(name = "fence:{a}")
		public void run() {
		}

	}

	@Test
	void fallbackThatNobodyWouldFollowAndNamesOfFencesAreRefused() {
		assertRefused(FallbackThatGoesOn.class, "fallback", "other");
		assertRefused(FenceName.class, "name", "fence:{a}");
	}

	/** The wait may come from the defaults. */
	@Test
	void jobThatOthersWouldRunAgainByTheDefaultsIsRefused() {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
			.withBean(Redlock.class, () -> new FakeCluster(3)
				.client((builder) -> builder.defaults(LockOptions.builder().waitTime(Duration.ofMinutes(2)).build())))
			.withBean(SkipsForAMinute.class)
			.run((context) -> assertThat(context).getFailure().hasMessageContaining("PT2M"));
		this.runner.withBean(SkipsForAMinute.class).run((context) -> assertThat(context).hasNotFailed());
		assertRefused(SkipsForHalfASecond.class, "holdAtLeast", "PT0.9S");
	}

	static class SkipsForAMinute {

		@DistributedLock(holdAtLeastString = "1m", onUnavailable = LockFailurePolicy.SKIP)
		public void run() {
		}

	}

	static class SkipsForHalfASecond {

		@DistributedLock(holdAtLeastString = "500ms", onUnavailable = LockFailurePolicy.SKIP)
		public void run() {
		}

	}

}
