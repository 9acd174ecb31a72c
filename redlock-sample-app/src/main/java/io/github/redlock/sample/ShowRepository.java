package io.github.redlock.sample;

import java.util.List;

import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The shop's tables. A holder of the lock raises the fence of a show to its fencing token
 * before it reads the show, and every change asks for that fence: the lock protects the
 * data, the token protects it even from a holder that overslept its lock. (A token that
 * is compared only by the change does not: the holder that overslept could still write
 * while its successor has only read, and one of the two changes would be lost.) Besides,
 * the database refuses to sell a seat twice.
 */
@Repository
public class ShowRepository {

	private static final String SHOWS = """
			SELECT name, capacity, available, fence,
			       (SELECT COUNT(*) FROM ticket WHERE ticket.show_name = show.name) AS sold
			FROM show""";

	private static final RowMapper<Show> ROW = DataClassRowMapper.newInstance(Show.class);

	private final JdbcClient jdbc;

	ShowRepository(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	public List<Show> findAll() {
		return this.jdbc.sql(SHOWS + " ORDER BY name").query(ROW).list();
	}

	public Show find(String name) {
		return this.jdbc.sql(SHOWS + " WHERE name = :name")
			.param("name", name)
			.query(ROW)
			.optional()
			.orElseThrow(() -> new UnknownShowException(name));
	}

	/**
	 * Shut out the holders of earlier locks, before anything is read on which a change
	 * depends.
	 * @throws UnknownShowException if there is no such show
	 * @throws StaleTokenException if the holder of a later lock has been here
	 */
	public void raiseFence(String name, long token) {
		int raised = this.jdbc.sql("UPDATE show SET fence = :token WHERE name = :name AND fence <= :token")
			.param("token", token)
			.param("name", name)
			.update();
		if (raised == 0) {
			throw new StaleTokenException(find(name), token);
		}
	}

	/**
	 * Set the number of available seats.
	 * @throws StaleTokenException if the fence is not at the token (any more)
	 */
	public void setAvailable(String name, int available, long token) {
		int updated = this.jdbc.sql("UPDATE show SET available = :available WHERE name = :name AND fence = :token")
			.param("available", available)
			.param("name", name)
			.param("token", token)
			.update();
		if (updated == 0) {
			throw new StaleTokenException(find(name), token);
		}
	}

	/**
	 * Change the number of seats.
	 * @throws StaleTokenException if the fence is not at the token (any more)
	 */
	void setCapacity(String name, int capacity, long token) {
		int updated = this.jdbc.sql("UPDATE show SET capacity = :capacity WHERE name = :name AND fence = :token")
			.param("capacity", capacity)
			.param("name", name)
			.param("token", token)
			.update();
		if (updated == 0) {
			throw new StaleTokenException(find(name), token);
		}
	}

	/**
	 * Sell a seat.
	 * @throws DuplicateKeyException if the seat is sold already
	 */
	public void addTicket(String show, int seat, String buyer) {
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
	public static final class UnknownShowException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		UnknownShowException(String name) {
			super("There is no show called " + name);
		}

	}

	/** The holder of a later lock has been here. */
	public static final class StaleTokenException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		StaleTokenException(Show show, long token) {
			super("The fence of " + show.name() + " is at " + show.fence() + ", and the token of this lock is " + token
					+ "; nothing was changed");
		}

	}

}
