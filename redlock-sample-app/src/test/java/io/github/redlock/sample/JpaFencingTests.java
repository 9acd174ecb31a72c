package io.github.redlock.sample;

import java.util.UUID;

import jakarta.persistence.Entity;
import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.Id;
import jakarta.persistence.OptimisticLockException;
import jakarta.persistence.PersistenceConfiguration;
import jakarta.persistence.PersistenceException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The same as {@link FencingTests} with JPA, in transactions, with the lines that
 * docs/fencing.md shows.
 */
class JpaFencingTests {

	private static final String OPERA = "opera";

	private static final int SEATS = 5;

	private static EntityManagerFactory factory;

	/** Nobody waits long for a row that another transaction has changed. */
	@BeforeAll
	static void open() {
		factory = new PersistenceConfiguration("shop").managedClass(Show.class)
			.property("jakarta.persistence.jdbc.url", "jdbc:h2:mem:" + UUID.randomUUID() + ";LOCK_TIMEOUT=1")
			.property("jakarta.persistence.schema-generation.database.action", "create")
			.createEntityManagerFactory();
	}

	@AfterAll
	static void close() {
		factory.close();
	}

	@BeforeEach
	void offerSeats() {
		factory.runInTransaction((entities) -> entities.merge(new Show(OPERA, SEATS)));
	}

	private int available() {
		return factory.callInTransaction((entities) -> entities.find(Show.class, OPERA).getAvailable());
	}

	/** Why the other one is needed. */
	@Test
	void transactionsThatDoNotRaiseTheTokenLoseAnUpdate() {
		try (EntityManager first = factory.createEntityManager();
				EntityManager second = factory.createEntityManager()) {
			first.getTransaction().begin();
			Show firstRead = first.find(Show.class, OPERA);
			second.getTransaction().begin();
			Show secondRead = second.find(Show.class, OPERA);
			firstRead.setAvailable(firstRead.getAvailable() - 1);
			first.getTransaction().commit();
			secondRead.setAvailable(secondRead.getAvailable() - 1);
			second.getTransaction().commit();
		}
		assertThat(available()).as("both have sold a seat, and one was counted").isEqualTo(SEATS - 1);
	}

	/** The first one keeps the row until it commits, the second one reads after that. */
	@Test
	void nobodyComesInBetweenTheReadAndTheCommit() {
		try (EntityManager first = factory.createEntityManager();
				EntityManager second = factory.createEntityManager()) {
			first.getTransaction().begin();
			new Shop(first).sell(OPERA, 1);
			second.getTransaction().begin();
			assertThatExceptionOfType(PersistenceException.class).isThrownBy(() -> new Shop(second).sell(OPERA, 2));
			second.getTransaction().rollback();
			first.getTransaction().commit();
		}
		assertThat(available()).isEqualTo(SEATS - 1);
		factory.runInTransaction((entities) -> new Shop(entities).sell(OPERA, 2));
		assertThat(available()).isEqualTo(SEATS - 2);
	}

	@Test
	void holderThatComesTooLateIsTurnedAway() {
		factory.runInTransaction((entities) -> new Shop(entities).sell(OPERA, 2));
		assertThatExceptionOfType(OptimisticLockException.class)
			.isThrownBy(() -> factory.runInTransaction((entities) -> new Shop(entities).sell(OPERA, 1)));
		assertThat(available()).isEqualTo(SEATS - 1);
	}

	/**
	 * Sells one seat in a transaction.
	 */
	private static final class Shop {

		private final EntityManager entities;

		Shop(EntityManager entities) {
			this.entities = entities;
		}

		void sell(String name, long token) {
			int raised = this.entities
				.createQuery("UPDATE Show s SET s.fence = :token WHERE s.name = :name AND s.fence <= :token")
				.setParameter("token", token)
				.setParameter("name", name)
				.executeUpdate();
			if (raised == 0) {
				throw new OptimisticLockException("The holder of a later lock has been here");
			}
			Show show = this.entities.find(Show.class, name);
			show.setAvailable(show.getAvailable() - 1);
		}

	}

	/**
	 * A show as an entity.
	 */
	@Entity(name = "Show")
	static class Show {

		@Id
		private String name;

		private int available;

		private long fence;

		protected Show() {
		}

		Show(String name, int available) {
			this.name = name;
			this.available = available;
		}

		String getName() {
			return this.name;
		}

		int getAvailable() {
			return this.available;
		}

		void setAvailable(int available) {
			this.available = available;
		}

		long getFence() {
			return this.fence;
		}

	}

}
