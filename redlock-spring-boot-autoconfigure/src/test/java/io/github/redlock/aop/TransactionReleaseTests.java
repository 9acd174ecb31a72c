package io.github.redlock.aop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.redlock.LockLostException;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockLossPolicy;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Number 52 of docs/traps.md: a locked method inside a transaction of its caller.
 */
class TransactionReleaseTests {

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	private final Redlock redlock = this.cluster.client((builder) -> builder.listener(this.recorder));

	private final List<String> trace = new ArrayList<>();

	private final Transactions transactions = new Transactions();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withUserConfiguration(TransactionManagement.class)
		.withBean(Redlock.class, () -> this.redlock)
		.withBean("transactionManager", Transactions.class, () -> this.transactions)
		.withBean(Service.class);

	private interface BeanTest {

		void accept(Service bean, TransactionTemplate transaction) throws Exception;

	}

	private void run(BeanTest test) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(Service.class), new TransactionTemplate(this.transactions));
			this.trace.add("after " + held());
		});
	}

	private String held() {
		return (this.cluster.holding("a") >= 2) ? "held" : "free";
	}

	@AfterEach
	void nothingIsLeftOnTheThread() {
		assertThat(CurrentLock.find()).isEmpty();
		assertThat(CurrentLock.findAnyOf(this.redlock, List.of("a"))).isEmpty();
	}

	@Test
	void releaseWaitsForTheCommitOfTheCaller() {
		run((bean, transaction) -> transaction.executeWithoutResult((status) -> {
			bean.run(() -> this.trace.add("body " + held()));
			assertThat(CurrentLock.find()).as("the method is over").isEmpty();
			this.trace.add("between " + held());
		}));
		assertThat(this.trace).containsExactly("begin free", "body held", "between held", "commit held", "after free");
	}

	@Test
	void releaseWaitsForTheRollbackOfTheCaller() {
		run((bean, transaction) -> assertThatIllegalStateException()
			.isThrownBy(() -> transaction.executeWithoutResult((status) -> bean.run(() -> {
				throw new IllegalStateException("mine");
			}))));
		assertThat(this.trace).containsExactly("begin free", "rollback held", "after free");
	}

	@Test
	void lockIsExtendedUntilThen() {
		run((bean, transaction) -> transaction.executeWithoutResult((status) -> {
			bean.run(() -> {
			});
			this.cluster.time().advance(Duration.ofMinutes(2));
			this.trace.add("later " + held());
		}));
		assertThat(this.trace).containsExactly("begin free", "later held", "commit held", "after free");
		this.cluster.time().advance(Duration.ofMillis(1));
		assertThat(this.recorder.events("released")).hasSize(1);
	}

	@Test
	void laterCallInTheSameTransactionJoinsTheLock() {
		run((bean, transaction) -> transaction.executeWithoutResult((status) -> {
			bean.run(() -> {
			});
			bean.run(() -> this.trace.add("again " + held()));
		}));
		assertThat(this.trace).containsExactly("begin free", "again held", "commit held", "after free");
		assertThat(this.recorder.events("acquired")).hasSize(1);
	}

	/** The work was not protected to the end: it must not be committed. */
	@Test
	void lossBeforeTheCommitRollsBack() {
		run((bean, transaction) -> assertThatExceptionOfType(LockLostException.class)
			.isThrownBy(() -> transaction.executeWithoutResult((status) -> {
				bean.run(() -> {
				});
				lose();
			})));
		assertThat(this.trace).containsExactly("begin free", "rollback free", "after free");
	}

	private void lose() {
		this.cluster.nodes().forEach(FakeLockNode::wipe);
		this.cluster.time().advance(Duration.ofSeconds(30));
	}

	@Test
	void lossThatIsOnlyLoggedDoesNotStopTheCommit() {
		run((bean, transaction) -> transaction.executeWithoutResult((status) -> {
			bean.runAndLog(() -> {
			});
			lose();
		}));
		assertThat(this.trace).containsExactly("begin free", "commit free", "after free");
	}

	@Test
	void lossDuringTheMethodComesOutAtItsEnd() {
		run((bean, transaction) -> transaction.executeWithoutResult(
				(status) -> assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> bean.run(this::lose))));
	}

	@Test
	void releaseComesWithTheMethodWhereThatIsWanted() {
		run((bean, transaction) -> transaction.executeWithoutResult((status) -> {
			bean.runAndRelease(() -> this.trace.add("body " + held()));
			this.trace.add("between " + held());
		}));
		assertThat(this.trace).containsExactly("begin free", "body held", "between free", "commit free", "after free");
	}

	@Test
	void methodWithATransactionOfItsOwnReleasesBehindThat() {
		run((bean, transaction) -> transaction
			.executeWithoutResult((status) -> bean.runInItsOwn(() -> this.trace.add("body " + held()))));
		assertThat(this.trace).containsExactly("begin free", "begin held", "body held", "commit held", "commit free",
				"after free");
	}

	@Test
	void withoutATransactionTheReleaseComesAtOnce() {
		run((bean, transaction) -> bean.run(() -> this.trace.add("body " + held())));
		assertThat(this.trace).containsExactly("body held", "after free");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableTransactionManagement
	static class TransactionManagement {

	}

	static class Service {

		@DistributedLock(key = "a")
		public void run(Runnable body) {
			body.run();
		}

		@DistributedLock(key = "a", onLost = LockLossPolicy.LOG)
		public void runAndLog(Runnable body) {
			body.run();
		}

		@DistributedLock(key = "a", releaseAfterTransaction = false)
		public void runAndRelease(Runnable body) {
			body.run();
		}

		@DistributedLock(key = "a")
		@Transactional(propagation = Propagation.REQUIRES_NEW)
		public void runInItsOwn(Runnable body) {
			body.run();
		}

	}

	private final class Transactions extends AbstractPlatformTransactionManager {

		private static final long serialVersionUID = 1L;

		@Override
		protected Object doGetTransaction() {
			return new Object();
		}

		@Override
		protected boolean isExistingTransaction(Object transaction) {
			return org.springframework.transaction.support.TransactionSynchronizationManager
				.isActualTransactionActive();
		}

		@Override
		protected Object doSuspend(Object transaction) {
			return transaction;
		}

		@Override
		protected void doResume(Object transaction, Object suspended) {
		}

		@Override
		protected void doBegin(Object transaction, TransactionDefinition definition) {
			TransactionReleaseTests.this.trace.add("begin " + held());
		}

		@Override
		protected void doCommit(DefaultTransactionStatus status) {
			TransactionReleaseTests.this.trace.add("commit " + held());
		}

		@Override
		protected void doRollback(DefaultTransactionStatus status) {
			TransactionReleaseTests.this.trace.add("rollback " + held());
		}

	}

}
