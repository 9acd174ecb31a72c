package io.github.redlock.sample;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.LongFunction;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.core.io.ClassPathResource;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

import io.github.redlock.LockHandle;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.memory.InMemoryLocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What a fencing token has to do with a read: two holders, the first of which is paused
 * beyond its ttl, and three ways to use their tokens. Each statement is its own
 * transaction, which is the most that the two can get in each other's way.
 */
class FencingTests {

	private static final int SEATS = 5;

	private static final int STEPS_OF_A_SECTION = 3;

	private final SingleConnectionDataSource database = new SingleConnectionDataSource(
			"jdbc:h2:mem:" + UUID.randomUUID(), true);

	private final JdbcClient jdbc = JdbcClient.create(this.database);

	private final ShowRepository shows = new ShowRepository(this.jdbc);

	private final InMemoryLocks locks = new InMemoryLocks(System::nanoTime);

	private final DefaultRedlock redlock = new RedlockBuilder().nodes(this.locks.newNodes()).build();

	FencingTests() {
		this.locks.register(this.redlock);
		new ResourceDatabasePopulator(new ClassPathResource("schema.sql")).execute(this.database);
		this.jdbc.sql("INSERT INTO show (name, capacity, available) VALUES ('opera', :seats, :seats)")
			.param("seats", SEATS)
			.update();
	}

	@AfterEach
	void close() {
		this.redlock.close();
		this.database.destroy();
	}

	private int available() {
		return this.shows.find("opera").available();
	}

	private LockHandle lock() {
		return this.redlock.acquire("show:opera", Duration.ofMinutes(1));
	}

	/**
	 * The first holder reads and is paused beyond its ttl. The second one locks and
	 * reads. The first one goes on and writes, then the second one does.
	 */
	private List<Holder> firstOversleepsBetweenReadAndWrite(LongFunction<Holder> newHolder) {
		LockHandle lock = lock();
		Holder first = newHolder.apply(lock.fencingToken());
		first.enter();
		first.read();
		this.locks.lose("show:opera");
		try (LockHandle next = lock()) {
			assertThat(next.fencingToken()).isGreaterThan(lock.fencingToken());
			Holder second = newHolder.apply(next.fencingToken());
			second.enter();
			second.read();
			first.write();
			second.write();
			return List.of(first, second);
		}
	}

	/** Why the other two are needed. */
	@Test
	void tokenThatIsComparedOnlyByTheWriteLosesAnUpdate() {
		List<Holder> holders = firstOversleepsBetweenReadAndWrite(ComparedByTheWrite::new);
		assertThat(holders).extracting(Holder::sold).as("both have sold a seat").containsExactly(1, 1);
		assertThat(available()).as("and one was counted").isEqualTo(SEATS - 1);
	}

	@Test
	void tokenThatIsRaisedBeforeTheReadLosesNone() {
		List<Holder> holders = firstOversleepsBetweenReadAndWrite(RaisedBeforeTheRead::new);
		assertThat(holders).extracting(Holder::sold).containsExactly(0, 1);
		assertThat(available()).isEqualTo(SEATS - 1);
	}

	@Test
	void tokenThatWasReadAsAConditionOfTheWriteLosesNone() {
		List<Holder> holders = firstOversleepsBetweenReadAndWrite(ReadAndExpected::new);
		assertThat(holders).extracting(Holder::sold).containsExactly(1, 0);
		assertThat(available()).isEqualTo(SEATS - 1);
	}

	@Test
	void holderThatIsPausedBeforeItRaisesItsTokenIsTurnedAway() {
		Holder first = new RaisedBeforeTheRead(1);
		Holder second = new RaisedBeforeTheRead(2);
		second.enter();
		first.enter();
		second.read();
		second.write();
		first.read();
		first.write();
		assertThat(first.sold()).isZero();
		assertThat(second.sold()).isEqualTo(1);
		assertThat(available()).isEqualTo(SEATS - 1);
	}

	@Test
	void holderThatWritesMoreThanOnceKeepsItsToken() {
		Holder holder = new RaisedBeforeTheRead(1);
		for (int sold = 1; sold <= 2; sold++) {
			holder.enter();
			holder.read();
			holder.write();
			assertThat(available()).isEqualTo(SEATS - sold);
		}
	}

	/**
	 * Every order in which the steps of two holders can follow each other, one of whom
	 * goes twice through its section.
	 */
	@Test
	void noOrderOfStepsLosesAnUpdate() {
		assertThat(losses(ComparedByTheWrite::new)).as("the wrong way loses some, so they would be seen").isNotEmpty();
		assertThat(losses(RaisedBeforeTheRead::new)).isEmpty();
		assertThat(losses(ReadAndExpected::new)).isEmpty();
	}

	private List<String> losses(LongFunction<Holder> newHolder) {
		List<String> losses = new ArrayList<>();
		int steps = 3 * STEPS_OF_A_SECTION;
		for (int order = 0; order < 1 << steps; order++) {
			int ofTheSecond = Integer.bitCount(order);
			if (ofTheSecond == STEPS_OF_A_SECTION || ofTheSecond == 2 * STEPS_OF_A_SECTION) {
				this.jdbc.sql("UPDATE show SET available = :seats, fence = 0").param("seats", SEATS).update();
				List<Holder> holders = List.of(newHolder.apply(1), newHolder.apply(2));
				StringBuilder turns = new StringBuilder();
				for (int i = 0; i < steps; i++) {
					int turn = order >> i & 1;
					turns.append(turn + 1);
					holders.get(turn).step();
				}
				if (available() != SEATS - holders.get(0).sold() - holders.get(1).sold()) {
					losses.add(turns.toString());
				}
			}
		}
		return losses;
	}

	/** What stands behind all that. */
	@Test
	void seatIsNotSoldTwiceWhateverTheTokens() {
		this.shows.addTicket("opera", 1, "ann");
		assertThatExceptionOfType(DuplicateKeyException.class)
			.isThrownBy(() -> this.shows.addTicket("opera", 1, "bob"));
		this.shows.addTicket("opera", 2, "bob");
	}

	@Test
	void unknownShowIsNotTakenForAnOldToken() {
		assertThatExceptionOfType(ShowRepository.UnknownShowException.class)
			.isThrownBy(() -> this.shows.raiseFence("cinema", 1));
	}

	/**
	 * Sells a seat in steps, so that another holder can come in between.
	 */
	private abstract static class Holder {

		private int step;

		private int sold;

		int sold() {
			return this.sold;
		}

		void hasSold() {
			this.sold++;
		}

		void step() {
			switch (this.step++ % STEPS_OF_A_SECTION) {
				case 0 -> enter();
				case 1 -> read();
				default -> write();
			}
		}

		abstract void enter();

		abstract void read();

		abstract void write();

	}

	/** Wrong. */
	private final class ComparedByTheWrite extends Holder {

		private final long token;

		private int available;

		ComparedByTheWrite(long token) {
			this.token = token;
		}

		@Override
		void enter() {
		}

		@Override
		void read() {
			this.available = available();
		}

		@Override
		void write() {
			int updated = FencingTests.this.jdbc
				.sql("UPDATE show SET available = :available, fence = :token WHERE name = 'opera' AND fence < :token")
				.param("available", this.available - 1)
				.param("token", this.token)
				.update();
			if (updated == 1) {
				hasSold();
			}
		}

	}

	/** As the shop does it. */
	private final class RaisedBeforeTheRead extends Holder {

		private final long token;

		private boolean stopped;

		private int available;

		RaisedBeforeTheRead(long token) {
			this.token = token;
		}

		@Override
		void enter() {
			unlessStopped(() -> FencingTests.this.shows.raiseFence("opera", this.token));
		}

		@Override
		void read() {
			this.available = available();
		}

		@Override
		void write() {
			unlessStopped(() -> {
				FencingTests.this.shows.setAvailable("opera", this.available - 1, this.token);
				hasSold();
			});
		}

		private void unlessStopped(Runnable statement) {
			try {
				if (!this.stopped) {
					statement.run();
				}
			}
			catch (ShowRepository.StaleTokenException ex) {
				this.stopped = true;
			}
		}

	}

	/**
	 * The other way. A section writes once: a second write would leave the fence as it
	 * is, and so go unnoticed by somebody who has read it.
	 */
	private final class ReadAndExpected extends Holder {

		private final long token;

		private Show read;

		ReadAndExpected(long token) {
			this.token = token;
		}

		@Override
		void enter() {
		}

		@Override
		void read() {
			this.read = FencingTests.this.shows.find("opera");
		}

		@Override
		void write() {
			int updated = FencingTests.this.jdbc.sql("""
					UPDATE show SET available = :available, fence = :token
					WHERE name = 'opera' AND fence = :read AND fence < :token""")
				.param("available", this.read.available() - 1)
				.param("token", this.token)
				.param("read", this.read.fence())
				.update();
			if (updated == 1) {
				hasSold();
			}
		}

	}

}
