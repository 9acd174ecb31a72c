package io.github.redlock.readme;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.time.Duration;
import java.util.List;

import org.testcontainers.containers.GenericContainer;
import reactor.core.publisher.Mono;

import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.AliasFor;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.transaction.annotation.Transactional;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.annotation.ScheduledLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.aop.ReactiveCurrentLock;
import io.github.redlock.event.LockLostEvent;

/**
 * The Java snippets of the README and of the reference, word for word;
 * {@link DocumentSnippetTests} compares them and {@link ReadmeTests} runs them.
 */
class ReadmeSnippets {

	record Order(String id) {
	}

	record Receipt(String orderId, long token) {
	}

	static class Payments {

		Receipt charge(Order order, long token) {
			return new Receipt(order.id(), token);
		}

	}

	static class Accounts {

		void move(String from, String to, long amount) {
		}

	}

	static class Alarm {

		private Throwable raised;

		void raise(Throwable error) {
			this.raised = error;
		}

		Throwable raised() {
			return this.raised;
		}

	}

	static class Annotated {

		private final Payments payments = new Payments();

		private final Accounts accounts = new Accounts();

		@DistributedLock(key = "'order:' + #order.id", ttl = 10_000)
		public Receipt pay(Order order) {
			return this.payments.charge(order, CurrentLock.get().fencingToken());
		}

		@DistributedLock(name = "account", key = { "#from", "#to" }, ttlString = "${transfer.ttl:10s}",
				waitTime = 2_000)
		@Transactional
		public void transfer(String from, String to, long amount) {
			this.accounts.move(from, to, amount);
		}

		@DistributedLock(key = "'invoice:' + #id", waitTime = 500, onUnavailable = LockFailurePolicy.FALLBACK,
				fallback = "later")
		public String invoice(long id) {
			return "sent " + id;
		}

		private String later(long id, LockNotAcquiredException error) {
			return "queued " + id;
		}

		@AccountLock(key = "#account")
		public List<String> close(String account) {
			return CurrentLock.get().resources();
		}

	}

	@Retention(RetentionPolicy.RUNTIME)
	@Target(ElementType.METHOD)
	@DistributedLock(name = "account", waitTime = 2_000)
	public @interface AccountLock {

		@AliasFor(annotation = DistributedLock.class)
		String[] key();

	}

	static class Seats {

		Mono<Long> book(long id, long token) {
			return Mono.just(token);
		}

	}

	static class Reactive {

		private final Seats seats = new Seats();

		@DistributedLock(key = "#id")
		public Mono<Long> book(long id) {
			return ReactiveCurrentLock.get().flatMap((lock) -> this.seats.book(id, lock.fencingToken()));
		}

	}

	static class Archive {

		private int shrunk;

		void shrink() {
			this.shrunk++;
		}

		int shrunk() {
			return this.shrunk;
		}

	}

	static class Jobs {

		private final Archive archive;

		Jobs(Archive archive) {
			this.archive = archive;
		}

		@Scheduled(cron = "0 0 3 * * *")
		@ScheduledLock(name = "nightly-cleanup", holdAtLeast = "1m", maxHold = "1h")
		public void cleanUp() {
			this.archive.shrink();
		}

	}

	static class Stock {

		private int taken;

		void take(String item, int count) {
			this.taken += count;
		}

		int taken() {
			return this.taken;
		}

	}

	static class Warehouse {

		private final Stock stock;

		Warehouse(Stock stock) {
			this.stock = stock;
		}

		@DistributedLock(name = "stock", key = "#item", redlock = "warehouse")
		public void take(String item, int count) {
			CurrentLock.assertLocked("stock:" + item);
			this.stock.take(item, count);
		}

	}

	static class Programmatic {

		private final Redlock redlock;

		private long moved;

		private boolean written;

		Programmatic(Redlock redlock) {
			this.redlock = redlock;
		}

		String block() {
			String receipt = this.redlock.using("order:42", Duration.ofSeconds(10), (lock, signal) -> {
				String result = pay(42, lock.fencingToken());
				signal.throwIfAborted();
				return result;
			});
			return receipt;
		}

		void resources() {
			LockOptions patient = LockOptions.builder().waitTime(Duration.ofSeconds(5)).build();
			try (LockHandle lock = this.redlock.acquire(List.of("account:1", "account:2"), Duration.ofSeconds(10),
					patient)) {
				move(lock.fencingToken());
				lock.extend(Duration.ofSeconds(20));
			}
		}

		void once() {
			this.redlock.tryAcquire("nightly-report").ifPresent((lock) -> {
				try (lock) {
					write();
				}
			});
		}

		void async() {
			this.redlock.acquireAsync("order:42", Duration.ofSeconds(10)).whenComplete((lock, error) -> {
				if (lock != null) {
					lock.releaseAsync();
				}
			});
		}

		private static String pay(int order, long token) {
			return "receipt " + order + " " + (token > 0);
		}

		private void move(long token) {
			this.moved = token;
		}

		private void write() {
			this.written = true;
		}

		long moved() {
			return this.moved;
		}

		boolean written() {
			return this.written;
		}

	}

	static class Listening {

		private final Alarm alarm = new Alarm();

		@EventListener
		void on(LockLostEvent event) {
			this.alarm.raise(event.error());
		}

		Alarm alarm() {
			return this.alarm;
		}

	}

	/** Never initialized: there may be no engine. */
	static final class Containers {

		@ServiceConnection("redlock")
		static final GenericContainer<?> first = new GenericContainer<>("redis:8").withExposedPorts(6379);

		@ServiceConnection("redlock")
		static final GenericContainer<?> second = new GenericContainer<>("redis:8").withExposedPorts(6379);

		@ServiceConnection("redlock")
		static final GenericContainer<?> third = new GenericContainer<>("valkey/valkey:8.1").withExposedPorts(6379);

	}

}
