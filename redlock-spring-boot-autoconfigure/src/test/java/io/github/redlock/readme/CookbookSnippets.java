package io.github.redlock.readme;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockLossPolicy;
import io.github.redlock.annotation.ScheduledLock;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.aop.ReactiveCurrentLock;

/**
 * The recipes of docs/cookbook.md, word for word. {@link CookbookTests} and
 * {@link FencingRecipeTests} run them.
 */
class CookbookSnippets {

	record Invoice(String id) {
	}

	interface Invoices {

		List<Invoice> due();

		/** Sends it, and remembers that it was sent. */
		void send(Invoice invoice);

	}

	static class InvoiceJob {

		private final Invoices invoices;

		InvoiceJob(Invoices invoices) {
			this.invoices = invoices;
		}

		@Scheduled(cron = "0 0 2 * * *", zone = "UTC")
		@ScheduledLock(name = "send-invoices", holdAtLeast = "1m", maxHold = "2h")
		public void sendInvoices() {
			for (Invoice invoice : this.invoices.due()) {
				CurrentLock.get().signal().throwIfAborted();
				this.invoices.send(invoice);
			}
		}

	}

	record PaymentMessage(String id, long amount) {
	}

	interface PaymentProvider {

		void charge(String idempotencyKey, long amount);

	}

	static class Messages {

		private final JdbcTemplate jdbc;

		Messages(JdbcTemplate jdbc) {
			this.jdbc = jdbc;
		}

		boolean isDone(String id) {
			return !this.jdbc.queryForList("SELECT id FROM message WHERE id = ?", id).isEmpty();
		}

		void setDone(String id) {
			this.jdbc.update("INSERT INTO message (id) VALUES (?)", id);
		}

	}

	static class PaymentConsumer {

		private final Messages messages;

		private final PaymentProvider provider;

		PaymentConsumer(Messages messages, PaymentProvider provider) {
			this.messages = messages;
			this.provider = provider;
		}

		@DistributedLock(name = "payment", key = "#message.id", waitTime = 10_000)
		@Transactional
		public void on(PaymentMessage message) {
			if (this.messages.isDone(message.id())) {
				return;
			}
			this.provider.charge(message.id(), message.amount());
			this.messages.setDone(message.id());
			CurrentLock.get().signal().throwIfAborted();
		}

	}

	static final class StaleTokenException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		StaleTokenException(String id, long token) {
			super("The holder of a later lock than that with the token " + token + " has been at " + id);
		}

	}

	static class Accounts {

		private final JdbcTemplate jdbc;

		Accounts(JdbcTemplate jdbc) {
			this.jdbc = jdbc;
		}

		void raiseFence(String id, long token) {
			int raised = this.jdbc.update("UPDATE account SET fence = ? WHERE id = ? AND fence <= ?", token, id, token);
			if (raised == 0) {
				throw new StaleTokenException(id, token);
			}
		}

		long balance(String id) {
			return Objects
				.requireNonNull(this.jdbc.queryForObject("SELECT balance FROM account WHERE id = ?", Long.class, id));
		}

		void setBalance(String id, long balance, long token) {
			int updated = this.jdbc.update("UPDATE account SET balance = ? WHERE id = ? AND fence = ?", balance, id,
					token);
			if (updated == 0) {
				throw new StaleTokenException(id, token);
			}
		}

	}

	static class AccountService {

		private final Accounts accounts;

		AccountService(Accounts accounts) {
			this.accounts = accounts;
		}

		@DistributedLock(name = "account", key = "#id", waitTime = 2_000)
		@Transactional
		public void withdraw(String id, long amount) {
			long token = CurrentLock.get().fencingToken();
			this.accounts.raiseFence(id, token);
			this.accounts.setBalance(id, this.accounts.balance(id) - amount, token);
			CurrentLock.get().signal().throwIfAborted();
		}

	}

	static class Withdrawals {

		private final Redlock redlock;

		private final TransactionTemplate transaction;

		private final Accounts accounts;

		Withdrawals(Redlock redlock, TransactionTemplate transaction, Accounts accounts) {
			this.redlock = redlock;
			this.transaction = transaction;
			this.accounts = accounts;
		}

		void withdraw(String id, long amount) {
			this.redlock.using("account:" + id, Duration.ofSeconds(10), (lock, signal) -> {
				this.transaction.executeWithoutResult((status) -> {
					this.accounts.raiseFence(id, lock.fencingToken());
					this.accounts.setBalance(id, this.accounts.balance(id) - amount, lock.fencingToken());
					signal.throwIfAborted();
				});
				return id;
			});
		}

	}

	interface SeatStore {

		Mono<Integer> reserve(String seat, long token);

		Flux<String> tickets(String show);

	}

	static class Seats {

		private final SeatStore store;

		private final Redlock redlock;

		Seats(SeatStore store, Redlock redlock) {
			this.store = store;
			this.redlock = redlock;
		}

		@DistributedLock(name = "seat", key = "#seat", waitTime = 2_000)
		public Mono<Integer> reserve(String seat) {
			return ReactiveCurrentLock.get().flatMap((lock) -> this.store.reserve(seat, lock.fencingToken()));
		}

		@DistributedLock(name = "show", key = "#show", onLost = LockLossPolicy.INTERRUPT)
		public Flux<String> tickets(String show) {
			return this.store.tickets(show);
		}

		Mono<Integer> reserveByHand(String seat) {
			return Mono.fromFuture(() -> this.redlock.usingAsync("seat:" + seat, Duration.ofSeconds(10),
					(lock, signal) -> this.store.reserve(seat, lock.fencingToken()).toFuture()));
		}

	}

	record AccountDocument(long balance, long fence) {
	}

	interface AccountDocuments {

		/** Raises the fence and reads, in one step; empty if the fence is higher. */
		Optional<AccountDocument> raiseFenceAndFind(String id, long token);

		/** Writes if the fence is at the token. */
		boolean setBalance(String id, long balance, long token);

	}

	static class DocumentAccounts {

		private final AccountDocuments documents;

		DocumentAccounts(AccountDocuments documents) {
			this.documents = documents;
		}

		void withdraw(String id, long amount, long token) {
			AccountDocument account = this.documents.raiseFenceAndFind(id, token)
				.orElseThrow(() -> new StaleTokenException(id, token));
			if (!this.documents.setBalance(id, account.balance() - amount, token)) {
				throw new StaleTokenException(id, token);
			}
		}

	}

	record StoredReport(long token, List<String> lines, String etag) {
	}

	interface ReportObjects {

		StoredReport get(String key);

		/** Writes token and lines as one object, if its ETag is still this one. */
		boolean putIfMatch(String key, long token, List<String> lines, String etag);

	}

	static class Reports {

		private final ReportObjects objects;

		Reports(ReportObjects objects) {
			this.objects = objects;
		}

		void append(String key, String line, long token) {
			StoredReport read = this.objects.get(key);
			if (read.token() > token) {
				throw new StaleTokenException(key, token);
			}
			List<String> lines = new ArrayList<>(read.lines());
			lines.add(line);
			if (!this.objects.putIfMatch(key, token, lines, read.etag())) {
				throw new StaleTokenException(key, token);
			}
		}

	}

	record Tenant(String name, boolean isGold) {
	}

	static class Imports {

		@DistributedLock(name = "import", key = "#{#tenant.name}/#{#file}", waitTime = 0)
		public List<String> load(Tenant tenant, String file) {
			return CurrentLock.get().resources();
		}

	}

	static class TenantLocks {

		private final Redlock shared;

		private final Redlock gold;

		TenantLocks(Redlock shared, @Qualifier("gold") Redlock gold) {
			this.shared = shared;
			this.gold = gold;
		}

		Redlock of(Tenant tenant) {
			return tenant.isGold() ? this.gold : this.shared;
		}

	}

}
