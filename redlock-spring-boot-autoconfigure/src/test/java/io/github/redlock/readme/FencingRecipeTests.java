package io.github.redlock.readme;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabase;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;

import io.github.redlock.readme.CookbookSnippets.AccountDocument;
import io.github.redlock.readme.CookbookSnippets.AccountDocuments;
import io.github.redlock.readme.CookbookSnippets.Accounts;
import io.github.redlock.readme.CookbookSnippets.DocumentAccounts;
import io.github.redlock.readme.CookbookSnippets.ReportObjects;
import io.github.redlock.readme.CookbookSnippets.Reports;
import io.github.redlock.readme.CookbookSnippets.StaleTokenException;
import io.github.redlock.readme.CookbookSnippets.StoredReport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The fencing recipes of docs/cookbook.md: a holder with token 1 is paused after its
 * read, and its successor with token 2 comes in between. SQL runs on H2; the document
 * store and the object store are stand-ins in memory.
 */
class FencingRecipeTests {

	private final EmbeddedDatabase database = new EmbeddedDatabaseBuilder().generateUniqueName(true)
		.setType(EmbeddedDatabaseType.H2)
		.build();

	@AfterEach
	void close() {
		this.database.shutdown();
	}

	private Accounts accounts() {
		JdbcTemplate jdbc = new JdbcTemplate(this.database);
		jdbc.execute("CREATE TABLE account (id VARCHAR(20) PRIMARY KEY, balance BIGINT, fence BIGINT)");
		jdbc.update("INSERT INTO account (id, balance, fence) VALUES ('a', 100, 0)");
		return new Accounts(jdbc);
	}

	@Test
	void rowRefusesAHolderWhoseSuccessorHasOnlyRead() {
		Accounts accounts = accounts();
		accounts.raiseFence("a", 1);
		long read = accounts.balance("a");
		accounts.raiseFence("a", 2);
		long readByTheSuccessor = accounts.balance("a");
		assertThatExceptionOfType(StaleTokenException.class).isThrownBy(() -> accounts.setBalance("a", read - 10, 1));
		accounts.setBalance("a", readByTheSuccessor - 20, 2);
		assertThat(accounts.balance("a")).isEqualTo(80);
	}

	@Test
	void rowRefusesAHolderThatIsPausedBeforeItsFirstStatement() {
		Accounts accounts = accounts();
		accounts.raiseFence("a", 2);
		assertThatExceptionOfType(StaleTokenException.class).isThrownBy(() -> accounts.raiseFence("a", 1));
	}

	@Test
	void documentRefusesAHolderWhoseSuccessorHasOnlyRead() {
		Documents documents = new Documents();
		DocumentAccounts accounts = new DocumentAccounts(documents);
		documents.afterTheRead = () -> assertThat(documents.raiseFenceAndFind("a", 2)).isPresent();
		assertThatExceptionOfType(StaleTokenException.class).isThrownBy(() -> accounts.withdraw("a", 10, 1));
		documents.afterTheRead = () -> {
		};
		accounts.withdraw("a", 20, 2);
		assertThat(documents.account.balance()).isEqualTo(80);
		assertThatExceptionOfType(StaleTokenException.class).isThrownBy(() -> accounts.withdraw("a", 10, 1));
	}

	@Test
	void objectRefusesAHolderWhoseSuccessorHasWritten() {
		Objects objects = new Objects();
		Reports reports = new Reports(objects);
		objects.afterTheRead = () -> {
			objects.afterTheRead = () -> {
			};
			reports.append("r", "second", 2);
		};
		assertThatExceptionOfType(StaleTokenException.class).isThrownBy(() -> reports.append("r", "first", 1));
		assertThat(objects.report.lines()).containsExactly("second");
		assertThatExceptionOfType(StaleTokenException.class).isThrownBy(() -> reports.append("r", "late", 1));
	}

	/** The token is in the content, because an ETag says nothing of anything else. */
	@Test
	void objectThatWasWrittenWithTheSameLinesIsAnotherOne() {
		Objects objects = new Objects();
		String before = objects.get("r").etag();
		assertThat(objects.putIfMatch("r", 2, List.of(), before)).isTrue();
		assertThat(objects.putIfMatch("r", 1, List.of("first"), before)).isFalse();
	}

	/**
	 * A holder that was paused while its successor has only read wins, and the successor
	 * is told.
	 */
	@Test
	void objectRefusesTheSuccessorIfThePausedHolderWritesFirst() {
		Objects objects = new Objects();
		Reports reports = new Reports(objects);
		objects.afterTheRead = () -> {
			objects.afterTheRead = () -> {
			};
			reports.append("r", "first", 1);
		};
		assertThatExceptionOfType(StaleTokenException.class).isThrownBy(() -> reports.append("r", "second", 2));
		reports.append("r", "second", 2);
		assertThat(objects.report.lines()).containsExactly("first", "second");
	}

	/** One document with the two conditional writes of the recipe. */
	private static final class Documents implements AccountDocuments {

		private AccountDocument account = new AccountDocument(100, 0);

		private Runnable afterTheRead = () -> {
		};

		@Override
		public Optional<AccountDocument> raiseFenceAndFind(String id, long token) {
			if (this.account.fence() > token) {
				return Optional.empty();
			}
			AccountDocument read = new AccountDocument(this.account.balance(), token);
			this.account = read;
			if (token == 1) {
				this.afterTheRead.run();
			}
			return Optional.of(read);
		}

		@Override
		public boolean setBalance(String id, long balance, long token) {
			if (this.account.fence() != token) {
				return false;
			}
			this.account = new AccountDocument(balance, token);
			return true;
		}

	}

	/** One object, whose ETag is made of its content and nothing else. */
	private static final class Objects implements ReportObjects {

		private StoredReport report = stored(0, List.of());

		private Runnable afterTheRead = () -> {
		};

		private static StoredReport stored(long token, List<String> lines) {
			return new StoredReport(token, lines, token + " " + lines);
		}

		@Override
		public StoredReport get(String key) {
			StoredReport read = this.report;
			this.afterTheRead.run();
			return read;
		}

		@Override
		public boolean putIfMatch(String key, long token, List<String> lines, String etag) {
			if (!this.report.etag().equals(etag)) {
				return false;
			}
			this.report = stored(token, new ArrayList<>(lines));
			return true;
		}

	}

}
