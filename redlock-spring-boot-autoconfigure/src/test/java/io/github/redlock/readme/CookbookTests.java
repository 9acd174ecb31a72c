package io.github.redlock.readme;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabase;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.AbstractReactiveTransactionManager;
import org.springframework.transaction.reactive.GenericReactiveTransaction;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.readme.CookbookSnippets.AccountService;
import io.github.redlock.readme.CookbookSnippets.Accounts;
import io.github.redlock.readme.CookbookSnippets.Imports;
import io.github.redlock.readme.CookbookSnippets.Invoice;
import io.github.redlock.readme.CookbookSnippets.InvoiceJob;
import io.github.redlock.readme.CookbookSnippets.Invoices;
import io.github.redlock.readme.CookbookSnippets.Messages;
import io.github.redlock.readme.CookbookSnippets.PaymentConsumer;
import io.github.redlock.readme.CookbookSnippets.PaymentMessage;
import io.github.redlock.readme.CookbookSnippets.PaymentProvider;
import io.github.redlock.readme.CookbookSnippets.SeatStore;
import io.github.redlock.readme.CookbookSnippets.Seats;
import io.github.redlock.readme.CookbookSnippets.Tenant;
import io.github.redlock.readme.CookbookSnippets.TenantLocks;
import io.github.redlock.readme.CookbookSnippets.Withdrawals;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeLockNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The recipes of docs/cookbook.md do what the page says, also when the lock is lost.
 */
class CookbookTests {

	private static final long BALANCE = 100;

	private final FakeCluster cluster = new FakeCluster(3);

	private final EmbeddedDatabase database = new EmbeddedDatabaseBuilder().generateUniqueName(true)
		.setType(EmbeddedDatabaseType.H2)
		.build();

	private final JdbcTemplate jdbc = new JdbcTemplate(this.database);

	private final JdbcTransactionManager transactions = new JdbcTransactionManager(this.database);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withUserConfiguration(TransactionManagement.class)
		.withBean("redlock", Redlock.class, this.cluster::client)
		.withBean("transactionManager", JdbcTransactionManager.class, () -> this.transactions);

	CookbookTests() {
		this.jdbc.execute("CREATE TABLE message (id VARCHAR(20) PRIMARY KEY)");
		this.jdbc.execute("CREATE TABLE account (id VARCHAR(20) PRIMARY KEY, balance BIGINT, fence BIGINT)");
		this.jdbc.update("INSERT INTO account (id, balance, fence) VALUES ('a', ?, 0)", BALANCE);
	}

	@AfterEach
	void close() {
		this.database.shutdown();
	}

	/** The nodes forget everything, and the next extension finds it out. */
	private void loseLocks() {
		this.cluster.nodes().forEach(FakeLockNode::wipe);
		passTime(Duration.ofSeconds(30));
	}

	private void passTime(Duration time) {
		this.cluster.time().advance(time);
	}

	private long balance() {
		return new Accounts(this.jdbc).balance("a");
	}

	@Test
	void jobRunsOnceInATick() {
		RecordedInvoices invoices = new RecordedInvoices();
		this.runner.withBean(InvoiceJob.class, () -> new InvoiceJob(invoices)).run((context) -> {
			context.getBean(InvoiceJob.class).sendInvoices();
			context.getBean(InvoiceJob.class).sendInvoices();
			assertThat(invoices.sent).containsExactly(new Invoice("1"), new Invoice("2"));
		});
	}

	@Test
	void jobStopsBetweenTwoInvoicesAndTheNextTickGoesOn() {
		RecordedInvoices invoices = new RecordedInvoices();
		invoices.onSend = this::loseLocks;
		this.runner.withBean(InvoiceJob.class, () -> new InvoiceJob(invoices)).run((context) -> {
			InvoiceJob job = context.getBean(InvoiceJob.class);
			assertThatExceptionOfType(LockLostException.class).isThrownBy(job::sendInvoices);
			assertThat(invoices.sent).containsExactly(new Invoice("1"));
			invoices.onSend = () -> {
			};
			job.sendInvoices();
			assertThat(invoices.sent).containsExactly(new Invoice("1"), new Invoice("2"));
		});
	}

	private void withConsumer(RecordedPayments payments, CookbookTest<PaymentConsumer> test) {
		this.runner
			.withBean(PaymentConsumer.class, () -> new PaymentConsumer(new Messages(this.jdbc), payments::charge))
			.run((context) -> test.run(context.getBean(PaymentConsumer.class)));
	}

	@Test
	void messageThatComesTwiceIsChargedOnce() {
		RecordedPayments payments = new RecordedPayments();
		withConsumer(payments, (consumer) -> {
			consumer.on(new PaymentMessage("1", 5));
			consumer.on(new PaymentMessage("1", 5));
			assertThat(payments.keys).containsExactly("1");
		});
	}

	@Test
	void messageWhoseLockWasLostIsChargedAgainWithTheSameKey() {
		RecordedPayments payments = new RecordedPayments();
		payments.onCharge = this::loseLocks;
		withConsumer(payments, (consumer) -> {
			assertThatExceptionOfType(LockLostException.class)
				.isThrownBy(() -> consumer.on(new PaymentMessage("1", 5)));
			assertThat(new Messages(this.jdbc).isDone("1")).as("rolled back").isFalse();
			payments.onCharge = () -> {
			};
			consumer.on(new PaymentMessage("1", 5));
			assertThat(payments.keys).containsExactly("1", "1");
			assertThat(new Messages(this.jdbc).isDone("1")).isTrue();
		});
	}

	@Test
	void messageThatSomebodyElseHasGoesBackToTheBroker() {
		RecordedPayments payments = new RecordedPayments();
		LockHandle elsewhere = this.cluster.client().acquire("payment:1", Duration.ofMinutes(1));
		withConsumer(payments, (consumer) -> {
			assertThatExceptionOfType(LockNotAcquiredException.class)
				.isThrownBy(() -> consumer.on(new PaymentMessage("1", 5)))
				.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(LockNotAcquiredException.Reason.HELD));
			assertThat(payments.keys).isEmpty();
			assertThat(elsewhere.isValid()).isTrue();
		});
	}

	@Test
	void withdrawalIsCommittedBeforeTheRelease() {
		this.runner.withBean(AccountService.class, () -> new AccountService(new Accounts(this.jdbc))).run((context) -> {
			context.getBean(AccountService.class).withdraw("a", 30);
			assertThat(balance()).isEqualTo(BALANCE - 30);
			assertThat(this.cluster.holding("account:a")).isZero();
		});
	}

	@Test
	void lossBeforeTheCommitRollsBack() {
		this.runner
			.withBean(AccountService.class, () -> new AccountService(new HookedAccounts(this.jdbc, this::loseLocks)))
			.run((context) -> {
				assertThatExceptionOfType(LockLostException.class)
					.isThrownBy(() -> context.getBean(AccountService.class).withdraw("a", 30));
				assertThat(balance()).isEqualTo(BALANCE);
			});
	}

	/** Why the last line of the recipe is there. */
	@Test
	void withoutTheLastLineTheLossComesOutAfterTheCommit() {
		this.runner.withBean(Unchecked.class, () -> new Unchecked(new HookedAccounts(this.jdbc, this::loseLocks)))
			.run((context) -> {
				assertThatExceptionOfType(LockLostException.class)
					.isThrownBy(() -> context.getBean(Unchecked.class).withdraw("a", 30));
				assertThat(balance()).isEqualTo(BALANCE - 30);
			});
	}

	@Test
	void withdrawalByHandIsRolledBackToo() {
		TransactionTemplate transaction = new TransactionTemplate(this.transactions);
		Redlock redlock = this.cluster.client();
		new Withdrawals(redlock, transaction, new Accounts(this.jdbc)).withdraw("a", 30);
		assertThat(balance()).isEqualTo(BALANCE - 30);
		Withdrawals losing = new Withdrawals(redlock, transaction, new HookedAccounts(this.jdbc, this::loseLocks));
		assertThatExceptionOfType(LockLostException.class).isThrownBy(() -> losing.withdraw("a", 30));
		assertThat(balance()).isEqualTo(BALANCE - 30);
	}

	private void withSeats(SinkStore store, CookbookTest<Seats> test) {
		this.runner.withBean(SeatStore.class, () -> store)
			.withBean(Seats.class)
			.run((context) -> test.run(context.getBean(Seats.class)));
	}

	@Test
	void monoHoldsItsLockUntilItEnds() {
		SinkStore store = new SinkStore();
		withSeats(store, (seats) -> {
			for (Mono<Integer> reservation : List.of(seats.reserve("7"), seats.reserveByHand("7"))) {
				store.token = 0;
				store.reservation = Sinks.one();
				CompletableFuture<Integer> result = reservation.toFuture();
				passTime(Duration.ofMinutes(2));
				assertThat(store.token).isPositive();
				assertThat(this.cluster.holding("seat:7")).isEqualTo(3);
				store.reservation.tryEmitValue(12);
				passTime(Duration.ofMillis(1));
				assertThat(result).isCompletedWithValue(12);
				assertThat(this.cluster.holding("seat:7")).isZero();
			}
		});
	}

	@Test
	void monoWhoseLockWasLostEndsWithTheLoss() {
		SinkStore store = new SinkStore();
		withSeats(store, (seats) -> {
			for (Mono<Integer> reservation : List.of(seats.reserve("7"), seats.reserveByHand("7"))) {
				store.reservation = Sinks.one();
				CompletableFuture<Integer> result = reservation.toFuture();
				passTime(Duration.ofMillis(1));
				loseLocks();
				assertThat(result).as("FAIL lets the work end").isNotDone();
				store.reservation.tryEmitValue(12);
				passTime(Duration.ofMillis(1));
				assertThat(result).isCompletedExceptionally();
				assertThat(result.handle((value, error) -> error).join()).isInstanceOf(LockLostException.class);
			}
		});
	}

	@Test
	void fluxWhoseLockWasLostIsCancelled() {
		SinkStore store = new SinkStore();
		withSeats(store, (seats) -> {
			List<String> seen = new ArrayList<>();
			CompletableFuture<Void> end = seats.tickets("opera").doOnNext(seen::add).then().toFuture();
			passTime(Duration.ofMillis(1));
			store.tickets.tryEmitNext("first");
			loseLocks();
			assertThat(store.tickets.currentSubscriberCount()).as("the work was cancelled").isZero();
			assertThat(seen).containsExactly("first");
			assertThat(end.handle((value, error) -> error).join()).isInstanceOf(LockLostException.class);
		});
	}

	@Test
	void reactiveTransactionOfTheSameMethodEndsBeforeTheRelease() {
		List<String> trace = new ArrayList<>();
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
			.withUserConfiguration(TransactionManagement.class)
			.withBean("redlock", Redlock.class, this.cluster::client)
			.withBean("transactionManager", TracingTransactions.class,
					() -> new TracingTransactions((what) -> trace.add(what + " " + this.cluster.holding("seat:7"))))
			.withBean(ReactiveTransactional.class)
			.run((context) -> {
				CompletableFuture<String> result = context.getBean(ReactiveTransactional.class).book("7").toFuture();
				passTime(Duration.ofMillis(1));
				assertThat(result).isCompletedWithValue("7");
				trace.add("after " + this.cluster.holding("seat:7"));
			});
		assertThat(trace).containsExactly("begin 3", "commit 3", "after 0");
	}

	@Test
	void coroutinesHoldTheirLocksUntilTheyEnd() {
		RecordingSeatStore store = new RecordingSeatStore();
		this.runner.withBean(CoroutineSeats.class, () -> new CoroutineSeats(store, this.cluster.client()))
			.run((context) -> {
				CoroutineRecipe recipe = new CoroutineRecipe(context.getBean(CoroutineSeats.class));
				CompletableFuture<Integer> cancelled = recipe.reserveByHand("7");
				passTime(Duration.ofMinutes(2));
				assertThat(this.cluster.holding("seat:7")).isEqualTo(3);
				cancelled.cancel(true);
				passTime(Duration.ofMillis(1));
				assertThat(this.cluster.holding("seat:7")).as("cancelled, released").isZero();
				CompletableFuture<Integer> annotated = recipe.reserve("7");
				CompletableFuture<Integer> byHand = recipe.reserveByHand("8");
				passTime(Duration.ofMinutes(2));
				assertThat(store.getToken()).isPositive();
				assertThat(this.cluster.holding("seat:7")).isEqualTo(3);
				assertThat(this.cluster.holding("seat:8")).isEqualTo(3);
				store.getWaiting().complete(kotlin.Unit.INSTANCE);
				passTime(Duration.ofMillis(1));
				assertThat(List.of(annotated, byHand))
					.allSatisfy((result) -> assertThat(result).isCompletedWithValue(1));
				assertThat(this.cluster.holding("seat:7") + this.cluster.holding("seat:8")).isZero();
			});
	}

	@Test
	void everyTenantHasResourcesOfItsOwn() {
		FakeCluster gold = new FakeCluster(3);
		this.runner
			.withBean("gold", Redlock.class, gold::client,
					(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false))
			.withBean(Imports.class)
			.withBean(TenantLocks.class)
			.run((context) -> {
				Tenant acme = new Tenant("acme", true);
				assertThat(context.getBean(Imports.class).load(acme, "prices")).containsExactly("import:acme/prices");
				try (LockHandle lock = context.getBean(TenantLocks.class).of(acme).acquire("report")) {
					assertThat(lock.isValid()).isTrue();
					assertThat(gold.holding("report")).isEqualTo(3);
					assertThat(this.cluster.holding("report")).isZero();
				}
			});
	}

	private interface CookbookTest<T> {

		void run(T bean) throws Exception;

	}

	@Configuration(proxyBeanMethods = false)
	@EnableTransactionManagement
	static class TransactionManagement {

	}

	static class Unchecked {

		private final Accounts accounts;

		Unchecked(Accounts accounts) {
			this.accounts = accounts;
		}

		@DistributedLock(name = "account", key = "#id")
		@Transactional
		public void withdraw(String id, long amount) {
			this.accounts.setBalance(id, this.accounts.balance(id) - amount, 0);
		}

	}

	static class ReactiveTransactional {

		@DistributedLock(name = "seat", key = "#seat")
		@Transactional
		public Mono<String> book(String seat) {
			return Mono.just(seat);
		}

	}

	private static final class TracingTransactions extends AbstractReactiveTransactionManager {

		private static final long serialVersionUID = 1L;

		private final transient Consumer<String> trace;

		TracingTransactions(Consumer<String> trace) {
			this.trace = trace;
		}

		@Override
		protected Object doGetTransaction(TransactionSynchronizationManager synchronizations) {
			return new Object();
		}

		@Override
		protected Mono<Void> doBegin(TransactionSynchronizationManager synchronizations, Object transaction,
				TransactionDefinition definition) {
			return Mono.fromRunnable(() -> this.trace.accept("begin"));
		}

		@Override
		protected Mono<Void> doCommit(TransactionSynchronizationManager synchronizations,
				GenericReactiveTransaction status) {
			return Mono.fromRunnable(() -> this.trace.accept("commit"));
		}

		@Override
		protected Mono<Void> doRollback(TransactionSynchronizationManager synchronizations,
				GenericReactiveTransaction status) {
			return Mono.fromRunnable(() -> this.trace.accept("rollback"));
		}

	}

	/** Something happens after the write. */
	private static final class HookedAccounts extends Accounts {

		private final Runnable afterTheWrite;

		HookedAccounts(JdbcTemplate jdbc, Runnable afterTheWrite) {
			super(jdbc);
			this.afterTheWrite = afterTheWrite;
		}

		@Override
		void setBalance(String id, long balance, long token) {
			super.setBalance(id, balance, token);
			this.afterTheWrite.run();
		}

	}

	private static final class RecordedInvoices implements Invoices {

		private final List<Invoice> sent = new ArrayList<>();

		private Runnable onSend = () -> {
		};

		@Override
		public List<Invoice> due() {
			List<Invoice> due = new ArrayList<>(List.of(new Invoice("1"), new Invoice("2")));
			due.removeAll(this.sent);
			return due;
		}

		@Override
		public void send(Invoice invoice) {
			this.sent.add(invoice);
			this.onSend.run();
		}

	}

	private static final class RecordedPayments implements PaymentProvider {

		private final List<String> keys = new ArrayList<>();

		private Runnable onCharge = () -> {
		};

		@Override
		public void charge(String idempotencyKey, long amount) {
			this.keys.add(idempotencyKey);
			this.onCharge.run();
		}

	}

	private static final class SinkStore implements SeatStore {

		private final Sinks.Many<String> tickets = Sinks.many().multicast().onBackpressureBuffer();

		private Sinks.One<Integer> reservation = Sinks.one();

		private long token;

		@Override
		public Mono<Integer> reserve(String seat, long token) {
			this.token = token;
			return this.reservation.asMono();
		}

		@Override
		public Flux<String> tickets(String show) {
			return this.tickets.asFlux();
		}

	}

}
