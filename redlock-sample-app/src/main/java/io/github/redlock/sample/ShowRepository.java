package io.github.redlock.sample;

import java.util.List;

import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The shop's tables. Whoever sells or moves seats first sets their number, with the
 * fencing token of his lock, and the database refuses that if a later holder has been
 * there: the lock protects the data, the token protects it even from a holder that
 * overslept. The rest belongs to the same transaction.
 */
@Repository
class ShowRepository {

	private static final String SHOWS = """
			SELECT name, capacity, available, fence,
			       (SELECT COUNT(*) FROM ticket WHERE ticket.show_name = show.name) AS sold
			FROM show""";

	private static final RowMapper<Show> ROW = DataClassRowMapper.newInstance(Show.class);

	private final JdbcClient jdbc;

	ShowRepository(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	List<Show> findAll() {
		return this.jdbc.sql(SHOWS + " ORDER BY name").query(ROW).list();
	}

	Show find(String name) {
		return this.jdbc.sql(SHOWS + " WHERE name = :name")
			.param("name", name)
			.query(ROW)
			.optional()
			.orElseThrow(() -> new UnknownShowException(name));
	}

	/**
	 * Set the number of available seats.
	 * @throws StaleTokenException if somebody with a later lock has changed the show
	 */
	void setAvailable(String name, int available, long token) {
		int updated = this.jdbc
			.sql("UPDATE show SET available = :available, fence = :token WHERE name = :name AND fence < :token")
			.param("available", available)
			.param("token", token)
			.param("name", name)
			.update();
		if (updated == 0) {
			throw new StaleTokenException(name, token);
		}
	}

	/**
	 * Change the number of seats.
	 */
	void setCapacity(String name, int capacity) {
		this.jdbc.sql("UPDATE show SET capacity = :capacity WHERE name = :name")
			.param("capacity", capacity)
			.param("name", name)
			.update();
	}

	void addTicket(String show, int seat, String buyer) {
		this.jdbc.sql("INSERT INTO ticket (show_name, seat, buyer) VALUES (:show, :seat, :buyer)")
			.param("show", show)
			.param("seat", seat)
			.param("buyer", buyer)
			.update();
	}

	boolean hasReport(long period) {
		return this.jdbc.sql("SELECT COUNT(*) FROM report WHERE period = :period")
			.param("period", period)
			.query(Integer.class)
			.single() > 0;
	}

	void addReport(long period, String text, String writer) {
		this.jdbc.sql("INSERT INTO report (period, text, writer) VALUES (:period, :text, :writer)")
			.param("period", period)
			.param("text", text)
			.param("writer", writer)
			.update();
	}

	/** There is no such show. */
	static final class UnknownShowException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		UnknownShowException(String name) {
			super("There is no show called " + name);
		}

	}

	/** Somebody with a later lock was faster. */
	static final class StaleTokenException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		StaleTokenException(String name, long token) {
			super("The token " + token + " for " + name + " is out of date; nothing was changed");
		}

	}

}
