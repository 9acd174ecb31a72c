package io.github.redlock.aop;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;

import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/** Number 51 of docs/traps.md: the release comes after the end of the transaction. */
class TransactionOrderTests {

	private final FakeCluster cluster = new FakeCluster(3);

	private final List<String> trace = new ArrayList<>();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withUserConfiguration(Transactions.class)
		.withBean(Redlock.class, this.cluster::client)
		.withBean("transactionManager", TracingTransactionManager.class, () -> new TracingTransactionManager())
		.withBean(Service.class);

	private String held() {
		return (this.cluster.holding("a") >= 2) ? "held" : "free";
	}

	@Test
	void commitComesBeforeTheRelease() {
		this.runner.run((context) -> {
			context.getBean(Service.class).run(() -> this.trace.add("body " + held()));
			this.trace.add("after " + held());
			assertThat(this.trace).containsExactly("begin held", "body held", "commit held", "after free");
		});
	}

	@Test
	void rollbackComesBeforeTheRelease() {
		this.runner.run((context) -> {
			assertThatIllegalStateException().isThrownBy(() -> context.getBean(Service.class).run(() -> {
				throw new IllegalStateException("mine");
			})).withMessage("mine");
			this.trace.add("after " + held());
			assertThat(this.trace).containsExactly("begin held", "rollback held", "after free");
		});
	}

	@Test
	void transactionAdviceAroundTheLockIsRefused() {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
			.withUserConfiguration(TransactionsOutside.class)
			.withBean(Redlock.class, this.cluster::client)
			.withBean("transactionManager", TracingTransactionManager.class, () -> new TracingTransactionManager())
			.withBean(Service.class)
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOf(RedlockConfigurationException.class)
				.hasMessageContaining("Service.run")
				.hasMessageContaining("order 0"));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableTransactionManagement
	static class Transactions {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableTransactionManagement(order = 0)
	static class TransactionsOutside {

	}

	static class Service {

		@Transactional
		@DistributedLock(key = "a")
		public void run(Runnable body) {
			body.run();
		}

	}

	private final class TracingTransactionManager extends AbstractPlatformTransactionManager {

		private static final long serialVersionUID = 1L;

		@Override
		protected Object doGetTransaction() {
			return new Object();
		}

		@Override
		protected void doBegin(Object transaction, TransactionDefinition definition) {
			TransactionOrderTests.this.trace.add("begin " + held());
		}

		@Override
		protected void doCommit(DefaultTransactionStatus status) {
			TransactionOrderTests.this.trace.add("commit " + held());
		}

		@Override
		protected void doRollback(DefaultTransactionStatus status) {
			TransactionOrderTests.this.trace.add("rollback " + held());
		}

	}

}
