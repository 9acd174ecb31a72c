package io.github.redlock.aop;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.Test;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.support.ApplicationObjectSupport;
import org.springframework.core.annotation.AliasFor;
import org.springframework.samples.redlock.SampleService;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockReleaseException;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Annotated methods on fake nodes. Numbers in brackets: see docs/traps.md.
 */
class DistributedLockTests {

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, () -> this.cluster.client((builder) -> builder.listener(this.recorder)))
		.withPropertyValues("app.name=prod", "app.ttl=7s", "app.unit=shop");

	/** What the methods saw of their lock. */
	private static final List<LockHandle> seen = new ArrayList<>();

	private interface BeanTest<T> {

		void accept(T bean) throws Exception;

	}

	private <T> void with(Class<T> type, BeanTest<T> test) {
		seen.clear();
		this.runner.withBean(type).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(type));
		});
	}

	private static void see() {
		seen.add(CurrentLock.get());
	}

	private static List<String> seenResources() {
		return seen.stream().flatMap((lock) -> lock.resources().stream()).toList();
	}

	public record Order(String id, List<String> items) {
	}

	static class Keys {

		@DistributedLock(key = "'order:' + #order.id")
		public void byName(Order order) {
			see();
		}

		@DistributedLock(key = "#p0 + '-' + #a1")
		public void byPosition(String first, int second) {
			see();
		}

		@DistributedLock(key = "#root.method.name + #root.target.prefix + #root.targetClass.simpleName + #root.args[0]")
		public void byRoot(String argument) {
			see();
		}

		public String getPrefix() {
			return "/";
		}

		@DistributedLock(key = "@names.shop")
		public void byBean() {
			see();
		}

		@DistributedLock(key = "nightly-report")
		public void literal() {
			see();
		}

		@DistributedLock(key = "user-#{#id}")
		public void template(long id) {
			see();
		}

		@DistributedLock(key = "'order#' + #id")
		public void literalWithHash(long id) {
			see();
		}

		@DistributedLock(name = "order", key = "#id")
		public void named(long id) {
			see();
		}

		@DistributedLock(name = "report")
		public void nameOnly() {
			see();
		}

		@DistributedLock
		public void nothing() {
			see();
		}

		@DistributedLock(name = "account", key = { "#from", "#to" })
		public void several(String from, String to) {
			see();
		}

		@DistributedLock(key = "#order.items")
		public void collection(Order order) {
			see();
		}

		@DistributedLock(key = "#ids")
		public void array(long[] ids) {
			see();
		}

		@DistributedLock(name = "${app.unit}", key = "'${app.name}:' + #id")
		public void placeholders(long id) {
			see();
		}

		@DistributedLock(key = "${app.name}-report")
		public void placeholderInLiteral() {
			see();
		}

		@DistributedLock(key = "#list[0]")
		public void keyOfAMutatedArgument(List<String> list) {
			see();
			list.set(0, "changed");
		}

	}

	public static class Names {

		public String getShop() {
			return "corner-shop";
		}

	}

	@Test
	void keysAreEvaluated() {
		this.runner.withBean("names", Names.class).withBean(Keys.class).run((context) -> {
			Keys keys = context.getBean(Keys.class);
			seen.clear();
			keys.byName(new Order("42", List.of()));
			keys.byPosition("a", 1);
			keys.byRoot("x");
			keys.byBean();
			keys.literal();
			keys.template(7);
			keys.literalWithHash(8);
			keys.named(9);
			keys.nameOnly();
			keys.nothing();
			keys.placeholders(5);
			keys.placeholderInLiteral();
			assertThat(seenResources()).containsExactly("order:42", "a-1", "byRoot/Keysx", "corner-shop",
					"nightly-report", "user-7", "order#8", "order:9", "report", Keys.class.getName() + ".nothing",
					"shop:prod:5", "prod-report");
		});
	}

	@Test
	void severalKeysAreLockedTogetherByOneLock() {
		with(Keys.class, (keys) -> {
			keys.several("a", "b");
			keys.several("a", "a");
			keys.collection(new Order("1", List.of("x", "y")));
			keys.array(new long[] { 1, 2 });
			assertThat(seen).extracting(LockHandle::resources)
				.containsExactly(List.of("account:a", "account:b"), List.of("account:a"), List.of("x", "y"),
						List.of("1", "2"));
		});
	}

	/** [47] */
	@Test
	void keyIsEvaluatedOnceBeforeTheBody() {
		with(Keys.class, (keys) -> {
			keys.keyOfAMutatedArgument(new ArrayList<>(List.of("original")));
			assertThat(seenResources()).containsExactly("original");
			assertThat(this.cluster.holding("original")).isZero();
		});
	}

	static class BadAtRuntime {

		@DistributedLock(key = "#order.id")
		public void pay(Order order) {
			throw new AssertionError("ran without a lock");
		}

	}

	/** [48] */
	@Test
	void keyThatCannotBeUsedIsAnErrorAndTheBodyDoesNotRun() {
		with(BadAtRuntime.class, (bean) -> {
			assertThatIllegalArgumentException().isThrownBy(() -> bean.pay(new Order(null, List.of())))
				.withMessageContaining("#order.id")
				.withMessageContaining("BadAtRuntime.pay(Order)")
				.withMessageContaining("null");
			assertThatIllegalArgumentException().isThrownBy(() -> bean.pay(new Order("  ", List.of())))
				.withMessageContaining("blank");
			assertThatIllegalArgumentException().isThrownBy(() -> bean.pay(null))
				.withMessageContaining("BadAtRuntime.pay(Order)");
		});
		with(Keys.class,
				(keys) -> assertThatIllegalArgumentException()
					.isThrownBy(() -> keys.collection(new Order("1", List.of())))
					.withMessageContaining("empty"));
	}

	static class Times {

		@DistributedLock(key = "a", ttl = 10_000)
		public void millis() {
			see();
		}

		@DistributedLock(key = "a", ttl = 2, timeUnit = TimeUnit.MINUTES)
		public void unit() {
			see();
		}

		@DistributedLock(key = "a", ttlString = "10s")
		public void text() {
			see();
		}

		@DistributedLock(key = "a", ttlString = "PT20S")
		public void iso() {
			see();
		}

		@DistributedLock(key = "a", ttlString = "15", timeUnit = TimeUnit.SECONDS)
		public void number() {
			see();
		}

		@DistributedLock(key = "a", ttlString = "${app.ttl}")
		public void placeholder() {
			see();
		}

		@DistributedLock(key = "a")
		public void unset() {
			see();
		}

	}

	@Test
	void ttlMayBeANumberOrATextOrLeftOut() {
		with(Times.class, (times) -> {
			times.millis();
			times.unit();
			times.text();
			times.iso();
			times.number();
			times.placeholder();
			times.unset();
			assertThat(seen).extracting((lock) -> lock.ttl().toSeconds())
				.containsExactly(10L, 120L, 10L, 20L, 15L, 7L, 30L);
		});
	}

	static class Worker {

		Callable<String> work = () -> "done";

		@DistributedLock(key = "a", ttl = 9000)
		public String run() throws Exception {
			return this.work.call();
		}

		@DistributedLock(key = "a", ttl = 9000, autoExtend = false)
		public String runWithoutExtension() throws Exception {
			return this.work.call();
		}

		@DistributedLock(key = "a", waitTime = 0)
		public String runAtOnce() throws Exception {
			return this.work.call();
		}

		@DistributedLock(key = "a", waitTimeString = "3s")
		public String runPatiently() throws Exception {
			return this.work.call();
		}

		public Worker doing(Callable<String> work) {
			this.work = work;
			return this;
		}

	}

	private Duration elapsed() {
		return this.cluster.time().elapsed();
	}

	/** [45] */
	@Test
	void lockIsHeldDuringTheMethodAndGoneAfterIt() {
		with(Worker.class, (worker) -> {
			worker.doing(() -> {
				assertThat(this.cluster.holding("a", CurrentLock.get().value())).isGreaterThanOrEqualTo(2);
				return "result";
			});
			assertThat(worker.run()).isEqualTo("result");
			this.cluster.time().advance(Duration.ZERO);
			assertThat(this.cluster.holding("a")).isZero();
			assertThat(CurrentLock.find()).isEmpty();
		});
	}

	/** [46] */
	@Test
	void bodyDoesNotRunWithoutTheLock() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		with(Worker.class, (worker) -> {
			worker.doing(() -> {
				throw new AssertionError("ran without the lock");
			});
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(worker::run);
		});
	}

	@Test
	void waitTimeOfTheAnnotationIsUsed() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", Duration.ofHours(1)));
		with(Worker.class, (worker) -> {
			Duration start = elapsed();
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(worker::runAtOnce);
			assertThat(elapsed()).isEqualTo(start);
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(worker::runPatiently);
			assertThat(elapsed().minus(start)).isEqualTo(Duration.ofSeconds(3));
		});
	}

	@Test
	void lockIsExtendedForTenTimesItsTtl() {
		with(Worker.class, (worker) -> {
			worker.doing(() -> {
				this.cluster.time().advance(Duration.ofSeconds(90));
				assertThat(CurrentLock.get().isValid()).isTrue();
				return "done";
			});
			assertThat(worker.run()).isEqualTo("done");
			assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> {
				worker.doing(() -> {
					this.cluster.time().advance(Duration.ofSeconds(90));
					return "done";
				});
				worker.runWithoutExtension();
			});
		});
	}

	/** [40] */
	@Test
	void exceptionOfTheBodyComesOutUnchangedWithTheProblemOfTheReleaseSuppressed() {
		IOException mine = new IOException("mine");
		with(Worker.class, (worker) -> {
			worker.doing(() -> {
				this.cluster.node(0).refuse(true);
				this.cluster.node(1).refuse(true);
				throw mine;
			});
			assertThatExceptionOfType(IOException.class).isThrownBy(worker::run).isSameAs(mine);
			assertThat(mine.getSuppressed()).singleElement().isInstanceOf(LockReleaseException.class);
		});
	}

	/** [41] */
	@Test
	void resultComesOutEvenIfTheReleaseFails() {
		with(Worker.class, (worker) -> {
			worker.doing(() -> {
				this.cluster.node(0).refuse(true);
				this.cluster.node(1).refuse(true);
				return "result";
			});
			assertThat(worker.run()).isEqualTo("result");
		});
	}

	@Test
	void lossIsThrownAfterANormalReturnAndSuppressedOtherwise() {
		IllegalStateException mine = new IllegalStateException("mine");
		with(Worker.class, (worker) -> {
			worker.doing(() -> {
				this.cluster.time().advance(Duration.ofMillis(1));
				this.cluster.nodes().forEach(FakeLockNode::wipe);
				this.cluster.time().advance(Duration.ofSeconds(9));
				return "result";
			});
			assertThatExceptionOfType(LockLostException.class).isThrownBy(worker::run);
			worker.doing(() -> {
				this.cluster.time().pause(Duration.ofSeconds(9));
				throw mine;
			});
			assertThatIllegalStateException().isThrownBy(worker::run).isSameAs(mine);
			assertThat(mine.getSuppressed()).singleElement().isInstanceOf(LockLostException.class);
		});
	}

	static class Outer {

		private final Inner inner;

		Outer(Inner inner) {
			this.inner = inner;
		}

		@DistributedLock(key = "a")
		public void nestedSame() {
			see();
			this.inner.same();
			see();
		}

		@DistributedLock(key = "a")
		public void nestedOther() {
			see();
			this.inner.other();
			see();
		}

		@DistributedLock(key = { "'a'", "'b'" })
		public void nestedSubset() {
			see();
			this.inner.same();
		}

		@DistributedLock(key = "b")
		public void nestedOverlap() {
			this.inner.both();
		}

		@DistributedLock(key = "a")
		public void nestedBackAgain() {
			see();
			this.inner.otherThen(() -> this.inner.same());
		}

		@DistributedLock(key = "a")
		public void nestedUnion() {
			see();
			this.inner.otherThen(() -> this.inner.both());
		}

		@DistributedLock(key = "a", ttl = 1000, autoExtend = false)
		public void nestedAfter(Runnable action) {
			action.run();
			this.inner.same();
		}

	}

	static class Inner {

		@DistributedLock(key = "a")
		public void same() {
			see();
		}

		@DistributedLock(key = "b")
		public void other() {
			see();
		}

		@DistributedLock(key = "b")
		public void otherThen(Runnable action) {
			see();
			action.run();
			see();
		}

		@DistributedLock(key = { "'a'", "'b'" })
		public void both() {
			see();
		}

	}

	private void withOuter(BeanTest<Outer> test) {
		seen.clear();
		this.runner.withBean(Inner.class)
			.withBean(Outer.class)
			.run((context) -> test.accept(context.getBean(Outer.class)));
	}

	/** [50] */
	@Test
	void nestedCallWithTheSameResourceJoins() {
		withOuter((outer) -> {
			outer.nestedSame();
			outer.nestedSubset();
			assertThat(seen).hasSize(5);
			assertThat(seen.get(0)).isSameAs(seen.get(1)).isSameAs(seen.get(2));
			assertThat(seen.get(3)).isSameAs(seen.get(4));
			this.cluster.time().advance(Duration.ofMillis(1));
			assertThat(this.recorder.events("acquired")).hasSize(2);
			assertThat(this.recorder.events("released")).hasSize(2);
		});
	}

	/** [49] */
	@Test
	void nestedCallsWithOtherResourcesAreReleasedInReverseOrder() {
		withOuter((outer) -> {
			outer.nestedOther();
			assertThat(seenResources()).containsExactly("a", "b", "a");
			this.cluster.time().advance(Duration.ofMillis(1));
			assertThat(this.recorder.events()).containsExactly("acquired [a]", "acquired [b]", "released [b] true",
					"released [a] true");
		});
	}

	@Test
	void currentLockIsThatOfTheInnermostMethod() {
		withOuter((outer) -> {
			outer.nestedBackAgain();
			assertThat(seenResources()).containsExactly("a", "b", "a", "b");
			assertThat(seen.get(2)).isSameAs(seen.get(0));
			assertThat(CurrentLock.find()).isEmpty();
			assertThatIllegalStateException().isThrownBy(CurrentLock::get).withMessageContaining("proxy");
		});
	}

	@Test
	void nestedCallThatWouldWaitForItselfFailsAtOnce() {
		withOuter((outer) -> {
			assertThatIllegalStateException().isThrownBy(outer::nestedOverlap)
				.withMessageContaining("[b]")
				.withMessageContaining("[a, b]");
			assertThat(elapsed()).isZero();
		});
	}

	@Test
	void nestedCallJoinsSeveralLocksThatCoverItTogether() {
		withOuter((outer) -> {
			outer.nestedUnion();
			assertThat(seen).hasSize(4);
			assertThat(seen.get(2)).as("the one acquired last").isSameAs(seen.get(1));
			assertThat(elapsed()).isZero();
		});
	}

	@Test
	void nestedCallDoesNotJoinALostLock() {
		withOuter((outer) -> {
			assertThatExceptionOfType(LockLostException.class)
				.isThrownBy(() -> outer.nestedAfter(() -> this.cluster.time().pause(Duration.ofSeconds(2))));
			assertThat(seen).isEmpty();
		});
	}

	@Test
	void fencingTokenIsReachableInsideTheMethod() {
		with(Worker.class, (worker) -> {
			List<Long> tokens = new ArrayList<>();
			worker.doing(() -> {
				tokens.add(CurrentLock.get().fencingToken());
				return "";
			});
			worker.run();
			worker.run();
			assertThat(tokens.get(1)).isGreaterThan(tokens.get(0));
		});
	}

	@DistributedLock(name = "class-level")
	static class OnClass {

		public void locked() {
			see();
		}

		@DistributedLock(name = "own")
		public void own() {
			see();
		}

		void packagePrivate() {
			assertThat(CurrentLock.find()).isEmpty();
		}

		@Override
		public String toString() {
			return "OnClass";
		}

	}

	static class SubClass extends OnClass {

		@Override
		public void locked() {
			see();
		}

	}

	interface Api {

		@DistributedLock(key = "#id")
		void onInterface(String id);

	}

	static class Implementation implements Api {

		@Override
		public void onInterface(String id) {
			see();
		}

	}

	abstract static class Generic<T> {

		@DistributedLock(key = "#p0")
		public abstract void handle(T value);

	}

	static class Bridged extends Generic<String> {

		@Override
		public void handle(String value) {
			see();
		}

	}

	@Retention(RetentionPolicy.RUNTIME)
	@Target(ElementType.METHOD)
	@DistributedLock(name = "composed", ttl = 5000)
	@interface Composed {

		@AliasFor(annotation = DistributedLock.class, attribute = "key")
		String[] key() default {};

	}

	static class WithComposed {

		@Composed(key = "#id")
		public void run(long id) {
			see();
		}

	}

	/** [55] */
	@Test
	void annotationIsFoundOnClassInterfaceSuperclassBridgeAndComposed() {
		with(OnClass.class, (bean) -> {
			bean.locked();
			bean.own();
			bean.packagePrivate();
			assertThat(seenResources()).containsExactly("class-level", "own");
		});
		with(SubClass.class, (bean) -> {
			bean.locked();
			assertThat(seenResources()).containsExactly("class-level");
		});
		with(Implementation.class, (bean) -> {
			bean.onInterface("i");
			assertThat(seenResources()).containsExactly("i");
		});
		with(Bridged.class, (bean) -> {
			((Generic<String>) bean).handle("g");
			assertThat(seenResources()).containsExactly("g");
		});
		with(WithComposed.class, (bean) -> {
			bean.run(3);
			assertThat(seenResources()).containsExactly("composed:3");
			assertThat(seen.get(0).ttl()).isEqualTo(Duration.ofSeconds(5));
		});
	}

	/** [55], with a JDK proxy */
	@Test
	void annotationIsFoundThroughAJdkProxy() {
		seen.clear();
		this.runner.withPropertyValues("spring.aop.proxy-target-class=false")
			.withBean("impl", Implementation.class)
			.run((context) -> {
				assertThat(org.springframework.aop.support.AopUtils.isJdkDynamicProxy(context.getBean("impl")))
					.isTrue();
				context.getBean(Api.class).onInterface("i");
				assertThat(seenResources()).containsExactly("i");
			});
	}

	@DistributedLock(name = "repository")
	interface Repository {

		void save();

	}

	static class Store {

		public void save() {
			see();
		}

	}

	/**
	 * As a repository or an HTTP client is made: a proxy whose target does not have the
	 * interface.
	 */
	@Test
	void annotationOnAnInterfaceIsFoundThroughSomebodyElsesProxy() {
		seen.clear();
		this.runner.withBean(Repository.class, () -> {
			ProxyFactory factory = new ProxyFactory(new Store());
			factory.addInterface(Repository.class);
			factory.addAdvice((MethodInterceptor) (invocation) -> {
				see();
				return null;
			});
			return (Repository) factory.getProxy();
		})
			.withBean("handMade", Api.class, () -> (Api) Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { Api.class }, (proxy, method, arguments) -> {
						if (method.getDeclaringClass() == Api.class) {
							see();
						}
						return null;
					}))
			.run((context) -> {
				context.getBean(Repository.class).save();
				context.getBean(Api.class).onInterface("i");
				assertThat(seenResources()).containsExactly("repository", "i");
			});
	}

	@DistributedLock(name = "service")
	static class WithFrameworkParent extends ApplicationObjectSupport {

		public void locked() {
			see();
		}

		@Override
		public String toString() {
			assertThat(CurrentLock.find()).isEmpty();
			return "not locked";
		}

	}

	/** A class speaks for its own methods, not for final ones of a framework. */
	@Test
	void annotationOnAClassLeavesInheritedAndObjectMethodsAlone() {
		with(WithFrameworkParent.class, (bean) -> {
			bean.locked();
			assertThat(bean.toString()).isEqualTo("not locked");
			assertThat(seenResources()).containsExactly("service");
		});
	}

	static class NullResult {

		@DistributedLock(key = "a")
		public Object run() {
			see();
			return null;
		}

	}

	@Test
	void nullResultComesOut() {
		with(NullResult.class, (bean) -> {
			assertThat(bean.run()).isNull();
			assertThat(seenResources()).containsExactly("a");
		});
	}

	@Test
	void annotationWorksEvenIfAutoConfiguredAopIsSwitchedOff() {
		seen.clear();
		this.runner.withPropertyValues("spring.aop.auto=false").withBean(Keys.class).run((context) -> {
			context.getBean(Keys.class).literal();
			assertThat(seenResources()).containsExactly("nightly-report");
		});
	}

	interface Runnable2 {

		@DistributedLock(key = "declared")
		void run2();

	}

	@DistributedLock(name = "type")
	interface Type {

		void ofType();

	}

	static class KnowsNoInterface {

		public void run2() {
			see();
		}

		public void ofType() {
			see();
		}

		public void own() {
			assertThat(CurrentLock.find()).isEmpty();
		}

	}

	static class Joins extends KnowsNoInterface implements Runnable2, Type {

	}

	interface Wide {

		Object narrowed();

	}

	interface Narrow {

		@DistributedLock(name = "narrow")
		String narrowed();

	}

	interface Both extends Wide, Narrow {

	}

	static class Narrowed {

		public String narrowed() {
			see();
			return "";
		}

	}

	static class JoinsBoth extends Narrowed implements Both {

	}

	/** Several interfaces declare it, and not all of them annotate it. */
	@Test
	void annotationIsFoundOnAnyOfTheInterfacesThatDeclareTheMethod() {
		with(JoinsBoth.class, (bean) -> {
			bean.narrowed();
			assertThat(seenResources()).containsExactly("narrow");
		});
	}

	@Test
	void annotationIsFoundInAPackageBelowThatOfTheFramework() {
		with(SampleService.class, (bean) -> assertThat(bean.isLocked()).isTrue());
	}

	/** [55]: the class that has the method does not have the interface. */
	@Test
	void annotationOnAnInterfaceIsFoundWhereASuperclassProvidesTheMethod() {
		with(Joins.class, (bean) -> {
			bean.run2();
			bean.ofType();
			bean.own();
			assertThat(seenResources()).containsExactly("declared", "type");
		});
	}

}
