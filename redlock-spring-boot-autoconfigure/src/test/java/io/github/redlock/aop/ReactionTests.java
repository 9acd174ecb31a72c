package io.github.redlock.aop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.annotation.LockLossPolicy;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * What annotated methods do where there is no lock, where it is lost, and where none is
 * wanted. Numbers in brackets: see docs/traps.md.
 */
class ReactionTests {

	private static final Duration HOUR = Duration.ofHours(1);

	private final FakeCluster cluster = new FakeCluster(3);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, this.cluster::client);

	private interface BeanTest<T> {

		void accept(T bean) throws Exception;

	}

	private <T> void with(Class<T> type, BeanTest<T> test) {
		this.runner.withBean(type).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(type));
		});
	}

	private void holdElsewhere() {
		this.cluster.nodes().forEach((node) -> node.hold("a", "stranger", HOUR));
	}

	private void breakQuorum() {
		this.cluster.node(0).refuse(true);
		this.cluster.node(1).refuse(true);
	}

	@AfterEach
	void clearInterrupt() {
		Thread.interrupted();
	}

	@DistributedLock(key = "a", waitTime = 0, onUnavailable = LockFailurePolicy.SKIP)
	static class Skipping {

		public void nothing() {
			throw new AssertionError("ran without the lock");
		}

		public String text() {
			return "ran";
		}

		public Integer number() {
			return 1;
		}

		public Optional<String> optional() {
			return Optional.of("ran");
		}

		public OptionalInt optionalInt() {
			return OptionalInt.of(1);
		}

		public List<String> list() {
			return List.of("ran");
		}

		public ArrayList<String> arrayList() {
			return new ArrayList<>(List.of("ran"));
		}

		public Set<String> set() {
			return Set.of("ran");
		}

		public Iterable<String> iterable() {
			return List.of("ran");
		}

		public Map<String, String> map() {
			return Map.of("ran", "ran");
		}

		public String[] array() {
			return new String[] { "ran" };
		}

		public CompletableFuture<Optional<String>> future() {
			return CompletableFuture.completedFuture(Optional.of("ran"));
		}

	}

	/** [57] */
	@Test
	void skippedMethodReturnsNothingInTheWayOfItsType() {
		holdElsewhere();
		with(Skipping.class, (bean) -> {
			bean.nothing();
			assertThat(bean.text()).isNull();
			assertThat(bean.number()).isNull();
			assertThat(bean.optional()).isEmpty();
			assertThat(bean.optionalInt()).isEmpty();
			assertThat(bean.list()).isEmpty();
			assertThat(bean.arrayList()).isEmpty();
			assertThat(bean.set()).isEmpty();
			assertThat(bean.iterable()).isEmpty();
			assertThat(bean.map()).isEmpty();
			assertThat(bean.array()).isEmpty();
			CompletableFuture<Optional<String>> future = bean.future();
			this.cluster.time().advance(Duration.ofSeconds(1));
			assertThat(future).isCompletedWithValue(Optional.empty());
		});
	}

	@Test
	void methodThatGetsItsLockIsNotSkipped() {
		with(Skipping.class, (bean) -> assertThat(bean.text()).isEqualTo("ran"));
	}

	@Test
	void outageIsNotSkipped() {
		with(Skipping.class, (bean) -> {
			breakQuorum();
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(bean::text)
				.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.NO_QUORUM));
		});
	}

	@Test
	void interruptedWaitIsNotSkipped() {
		with(Skipping.class, (bean) -> {
			Thread.currentThread().interrupt();
			assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(bean::text)
				.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.INTERRUPTED));
			assertThat(Thread.interrupted()).isTrue();
		});
	}

	static class Reacting {

		@DistributedLock(key = "a", waitTime = 0, onUnavailable = LockFailurePolicy.SKIP,
				onNoQuorum = LockFailurePolicy.FALLBACK, fallback = "later")
		public String run(String order) {
			return "ran";
		}

		private String later(String order, RedlockException error) {
			return "later " + order + " " + ((LockNotAcquiredException) error).getReason();
		}

		String later(String order) {
			throw new AssertionError("the one with the exception comes first");
		}

		@DistributedLock(key = "a", waitTime = 0, onUnavailable = LockFailurePolicy.FALLBACK, fallback = "busy")
		public String runOrBusy(String order) {
			return "ran";
		}

		public CharSequence busy(Object order) {
			throw new AssertionError("has other parameters");
		}

		public String busy(String order) {
			return "busy " + order;
		}

		@DistributedLock(key = "a", waitTime = 0, onUnavailable = LockFailurePolicy.FALLBACK, fallback = "failing")
		public void runOrFail() throws java.io.IOException {
		}

		void failing() throws java.io.IOException {
			throw new java.io.IOException("mine");
		}

	}

	@Test
	void reactionsToAHeldLockAndToAnOutageAreDifferent() {
		with(Reacting.class, (bean) -> {
			assertThat(bean.run("42")).isEqualTo("ran");
			holdElsewhere();
			assertThat(bean.run("42")).isNull();
			breakQuorum();
			assertThat(bean.run("42")).isEqualTo("later 42 NO_QUORUM");
		});
	}

	@Test
	void fallbackIsCalledWithTheSameArguments() {
		holdElsewhere();
		with(Reacting.class, (bean) -> {
			assertThat(bean.runOrBusy("42")).isEqualTo("busy 42");
			assertThatExceptionOfType(java.io.IOException.class).isThrownBy(bean::runOrFail).withMessage("mine");
		});
	}

	@Test
	void defaultThrowsWithoutRunningTheBody() {
		holdElsewhere();
		with(Losing.class,
				(bean) -> assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> bean.fail(() -> {
					throw new AssertionError("ran without the lock");
				})));
	}

	interface Body {

		void run() throws Exception;

	}

	static class Losing {

		@DistributedLock(key = "a", ttl = 9_000)
		public String fail(Body body) throws Exception {
			body.run();
			return "result";
		}

		@DistributedLock(key = "a", ttl = 9_000, onLost = LockLossPolicy.LOG)
		public String log(Body body) throws Exception {
			body.run();
			return "result";
		}

		@DistributedLock(key = "a", ttl = 9_000, onLost = LockLossPolicy.INTERRUPT)
		public String interrupt(Body body) throws Exception {
			body.run();
			return "result";
		}

	}

	private void lose() {
		this.cluster.nodes().forEach(FakeLockNode::wipe);
		this.cluster.time().advance(Duration.ofSeconds(9));
	}

	@Test
	void lossFailsTheMethodByDefault() {
		with(Losing.class,
				(bean) -> assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> bean.fail(this::lose)));
	}

	@Test
	void lossIsAttachedToAnExceptionOfTheMethod() {
		with(Losing.class, (bean) -> assertThatIllegalStateException().isThrownBy(() -> bean.fail(() -> {
			lose();
			throw new IllegalStateException("mine");
		})).satisfies((ex) -> assertThat(ex.getSuppressed()).hasExactlyElementsOfTypes(LockLostException.class)));
	}

	@Test
	void lossThatTheMethodNoticedItselfComesOutOnce() {
		with(Losing.class,
				(bean) -> assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> bean.fail(() -> {
					lose();
					CurrentLock.get().signal().throwIfAborted();
				})).satisfies((ex) -> assertThat(ex.getSuppressed()).isEmpty()));
	}

	@Test
	void lossThatIsOnlyLoggedLetsTheResultOut() {
		with(Losing.class, (bean) -> {
			assertThat(bean.log(this::lose)).isEqualTo("result");
			assertThatIllegalStateException().isThrownBy(() -> bean.log(() -> {
				lose();
				throw new IllegalStateException("mine");
			}));
		});
	}

	@Test
	void lossInterruptsTheHolder() {
		with(Losing.class, (bean) -> {
			assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> bean.interrupt(() -> {
				lose();
				new CountDownLatch(1).await();
			})).satisfies((ex) -> assertThat(ex.getSuppressed()).hasExactlyElementsOfTypes(InterruptedException.class));
			assertThat(Thread.interrupted()).isFalse();
		});
	}

	/** The thread may belong to a pool: the interrupt must not meet its next task. */
	@Test
	void interruptThatNobodyNoticedEndsWithTheMethod() {
		with(Losing.class, (bean) -> {
			assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> bean.interrupt(() -> {
				lose();
				assertThat(Thread.currentThread().isInterrupted()).isTrue();
			}));
			assertThat(Thread.interrupted()).isFalse();
		});
	}

	@Test
	void interruptOfSomebodyElseStays() {
		with(Losing.class, (bean) -> {
			assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> bean.interrupt(() -> {
				Thread.currentThread().interrupt();
				lose();
			}));
			assertThat(Thread.interrupted()).isTrue();
		});
	}

	/** The loss is noticed while or after the method returns. */
	@Test
	void lateInterruptNeverHitsTheNextTaskOfThePool() {
		List<Runnable> late = new ArrayList<>();
		ExecutorService pool = Executors.newSingleThreadExecutor();
		FakeCluster other = new FakeCluster(3);
		Redlock redlock = other.client((builder) -> builder.callbackExecutor(late::add));
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
			.withBean(Redlock.class, () -> redlock)
			.withBean(Losing.class)
			.run((context) -> {
				Losing bean = context.getBean(Losing.class);
				pool.submit(
						() -> assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> bean.interrupt(() -> {
							other.nodes().forEach(FakeLockNode::wipe);
							other.time().advance(Duration.ofSeconds(9));
						})))
					.get();
				assertThat(late).isNotEmpty();
				boolean interrupted = pool.submit(() -> {
					late.forEach(Runnable::run);
					return Thread.currentThread().isInterrupted();
				}).get();
				assertThat(interrupted).isFalse();
			});
		pool.shutdown();
	}

	static class Conditional {

		@DistributedLock(key = "a", condition = "#amount > 100")
		public boolean isLocked(long amount) {
			return CurrentLock.find().isPresent();
		}

		@DistributedLock(key = "a", condition = "#p0")
		public boolean byObject(Object condition) {
			return CurrentLock.find().isPresent();
		}

	}

	@Test
	void whereTheConditionIsFalseTheMethodRunsWithoutALock() {
		with(Conditional.class, (bean) -> {
			assertThat(bean.isLocked(101)).isTrue();
			assertThat(bean.isLocked(100)).isFalse();
			assertThatIllegalArgumentException().isThrownBy(() -> bean.byObject("perhaps"))
				.withMessageContaining("condition")
				.withMessageContaining("neither true nor false");
		});
	}

	static class Asserting {

		@DistributedLock(key = "#id")
		public void locked(String id) {
			CurrentLock.assertLocked();
			CurrentLock.assertLocked(id);
		}

		@DistributedLock(key = "outer")
		public void selfInvoking(String id) {
			locked(id);
		}

		public void unlocked() {
			locked("a");
		}

		@DistributedLock(key = "a", ttl = 9_000)
		public void losing(Runnable loss) {
			loss.run();
			CurrentLock.assertLocked("a");
		}

	}

	/** [56] */
	@Test
	void assertionFindsOutThatTheProxyWasPassedBy() {
		with(Asserting.class, (bean) -> {
			bean.locked("a");
			assertThatIllegalStateException().isThrownBy(() -> bean.selfInvoking("a"))
				.withMessageContaining("[a]")
				.withMessageContaining("[outer]");
			assertThatIllegalStateException().isThrownBy(bean::unlocked).withMessageContaining("past the proxy");
			assertThatIllegalStateException().isThrownBy(() -> bean.losing(this::lose))
				.withMessageContaining("not valid any more");
		});
	}

	static class Dishonest {

		@DistributedLock(key = "a")
		public Object run() {
			return new CompletableFuture<String>();
		}

		@DistributedLock(key = "a")
		public Object finished() {
			return CompletableFuture.completedFuture("done");
		}

	}

	@Test
	void unfinishedResultThatWasDeclaredAsSomethingElseIsAnError() {
		with(Dishonest.class, (bean) -> {
			assertThatIllegalStateException().isThrownBy(bean::run)
				.withMessageContaining("Dishonest.run")
				.withMessageContaining("CompletableFuture");
			assertThat(bean.finished()).isInstanceOf(CompletableFuture.class);
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	static class Bounded {

		@DistributedLock(key = "a", ttl = 9_000, holdAtLeastString = "1m")
		public void atLeast() {
		}

		@DistributedLock(key = "a", ttl = 9_000, maxHoldString = "1m")
		public LockHandle atMost(Runnable body) {
			body.run();
			return CurrentLock.get();
		}

	}

	@Test
	void boundsOfHoldingReachTheLock() {
		with(Bounded.class, (bean) -> {
			assertThatExceptionOfType(LockLostException.class)
				.isThrownBy(() -> bean.atMost(() -> this.cluster.time().advance(Duration.ofSeconds(61))))
				.withMessageContaining("PT1M");
			bean.atMost(() -> this.cluster.time().advance(Duration.ofSeconds(59)));
			bean.atLeast();
			this.cluster.time().advance(Duration.ofSeconds(59));
			assertThat(this.cluster.holding("a")).isEqualTo(3);
			this.cluster.time().advance(Duration.ofSeconds(2));
			assertThat(this.cluster.holding("a")).isZero();
		});
	}

	@Test
	void autoExtensionThatIsSwitchedOffForAllIsOffHere() {
		FakeCluster other = new FakeCluster(3);
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
			.withBean(Redlock.class, () -> other.client(
					(builder) -> builder.defaults(io.github.redlock.LockOptions.builder().autoExtend(false).build())))
			.withBean(Losing.class)
			.run((context) -> assertThatExceptionOfType(LockLostException.class).isThrownBy(
					() -> context.getBean(Losing.class).fail(() -> other.time().advance(Duration.ofSeconds(10)))));
	}

	abstract static class Finder<T> {

		@DistributedLock(key = "a", waitTime = 0, onUnavailable = LockFailurePolicy.SKIP)
		public abstract T find();

	}

	static class ListFinder extends Finder<List<String>> {

		@Override
		public List<String> find() {
			return List.of("ran");
		}

	}

	@Test
	void typeThatASubclassFillsInIsSkippedInItsWay() {
		holdElsewhere();
		with(ListFinder.class, (bean) -> assertThat(bean.find()).isEmpty());
	}

	static class Inner {

		@DistributedLock(key = { "a", "b" })
		public void both() {
			CurrentLock.assertLocked("a", "b");
		}

	}

	static class Nesting {

		private final Inner inner;

		Nesting(Inner inner) {
			this.inner = inner;
		}

		@DistributedLock(key = "a")
		public void first(Nesting proxy) {
			proxy.second();
		}

		@DistributedLock(key = "b")
		public void second() {
			this.inner.both();
		}

	}

	@Test
	void assertionHoldsWhereSeveralLocksCoverTheMethod() {
		this.runner.withBean(Inner.class).withBean(Nesting.class).run((context) -> {
			Nesting bean = context.getBean(Nesting.class);
			bean.first(bean);
		});
	}

	static class LoggingOuter {

		private final Losing inner;

		LoggingOuter(Losing inner) {
			this.inner = inner;
		}

		@DistributedLock(key = "a", ttl = 9_000, onLost = LockLossPolicy.LOG)
		public String run(Body body) throws Exception {
			return this.inner.fail(body);
		}

		@DistributedLock(key = "b", ttl = 9_000, onLost = LockLossPolicy.INTERRUPT)
		public void interrupted(Body body) throws Exception {
			try {
				this.inner.interrupt(body);
			}
			catch (LockLostException ex) {
				new CountDownLatch(1).await();
			}
		}

	}

	/** The caller only logs the loss of his lock, but the method that joined it fails. */
	@Test
	void lossReachesTheMethodThatJoined() {
		this.runner.withBean(Losing.class)
			.withBean(LoggingOuter.class)
			.run((context) -> assertThatExceptionOfType(LockLostException.class)
				.isThrownBy(() -> context.getBean(LoggingOuter.class).run(this::lose)));
	}

	@Test
	void endOfAnInnerMethodDoesNotTakeTheInterruptOfTheOuterOne() {
		this.runner.withBean(Losing.class).withBean(LoggingOuter.class).run((context) -> {
			assertThatExceptionOfType(LockLostException.class)
				.isThrownBy(() -> context.getBean(LoggingOuter.class).interrupted(this::lose))
				.satisfies(
						(ex) -> assertThat(ex.getSuppressed()).hasExactlyElementsOfTypes(InterruptedException.class));
			assertThat(Thread.interrupted()).isFalse();
		});
	}

}
